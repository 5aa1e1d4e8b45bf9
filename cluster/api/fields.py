"""How values look in JSON: money, windows, texts in two languages, references, people."""

from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cluster.api.examples import attach_example
from cluster.domain.dates import DateWindow, Precision
from cluster.domain.errors import DomainError
from cluster.domain.money import LARGEST_AMOUNT
from cluster.domain.texts import printable
from cluster.models.windows import PRECISIONS
from cluster.queries.people import sees_all_people


class Input(serializers.Serializer[Any]):
    """What a program sends: a key that is not known is refused by name, so that a slip of the pen loses nothing."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        attach_example(cls)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [name for name in data if name not in known]
            if unknown:
                message = _("There is no such key here. Known: {known}.").format(known=", ".join(sorted(known)))
                raise serializers.ValidationError({printable(name): [message] for name in unknown}, code="unknown_key")
        return super().to_internal_value(data)


class Id(serializers.IntegerField):
    """The id of another object, as a program sends it; optional unless `required=True`."""

    def __init__(self, *, required: bool = False, help_text: str | None = None) -> None:
        options: dict[str, Any] = {"required": True} if required else {"required": False, "allow_null": True, "default": None}
        super().__init__(min_value=1, max_value=2**63 - 1, help_text=help_text, **options)


class Window(Input):
    """A date with its precision: any day from `earliest` to `latest`. A promise for it is late only after `latest`.

    A range of days, months or years is a window too: both its ends are known to the precision.
    """

    earliest = serializers.DateField()
    latest = serializers.DateField()
    precision = serializers.ChoiceField(choices=PRECISIONS)

    def to_internal_value(self, data: Any) -> DateWindow:
        values = super().to_internal_value(data)
        try:
            return DateWindow(values["earliest"], values["latest"], Precision(values["precision"]))
        except DomainError as error:
            raise serializers.ValidationError(_(error.template).format(**error.params), code=error.code) from error


class Money(Input):
    """An amount as a decimal string, with its currency."""

    value = serializers.RegexField(
        r"^-?\d{1,18}\.\d{2}$", help_text="Decimal digits with exactly two after the point: `1234567.89`.", max_length=22
    )
    currency = serializers.ChoiceField(choices=["RUB", "USD"])


class Roubles(Money):
    """An amount of roubles that a program sends: a string with at most two decimals, never a JSON fraction."""

    value = serializers.DecimalField(  # type: ignore[assignment]
        max_digits=15, decimal_places=2, min_value=Decimal("0.01"), max_value=LARGEST_AMOUNT
    )
    currency = serializers.ChoiceField(choices=["RUB"])

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, dict) and "value" in data and not isinstance(data["value"], str):
            raise serializers.ValidationError({"value": [_('Write the amount as a string: "1234567.89".')]}, code="not_a_string")
        amount: Decimal = super().to_internal_value(data)["value"]
        return amount


@extend_schema_field(Money)
class MoneyField(serializers.Field[Any, Any, Any, Any]):
    """A decimal column as {value, currency}; null where the amount was not published."""

    def __init__(self, *, currency: str = "RUB", **options: Any) -> None:
        self.currency = currency
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Decimal) -> dict[str, str]:
        return {"value": f"{value:.2f}", "currency": self.currency}


class Texts(serializers.Serializer[Any]):
    """A text in Russian and in English; empty where it was not written."""

    ru = serializers.CharField(allow_blank=True)
    en = serializers.CharField(allow_blank=True)


@extend_schema_field(Texts)
class TextsField(serializers.Field[Any, Any, Any, Any]):
    """The columns name_ru and name_en as {ru, en}."""

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Model) -> dict[str, str]:
        return {language: getattr(value, f"{self.field_name}_{language}") for language in ("ru", "en")}


class Reference(serializers.Serializer[Any]):
    """Another object, by its id and its code."""

    id = serializers.IntegerField()
    code = serializers.CharField()


class ContractReference(Reference):
    """The contract of an object. The figures of an example are not real: show them nowhere without saying so."""

    is_example = serializers.BooleanField()


class SourceReference(serializers.Serializer[Any]):
    """Where a figure comes from: read it at /sources/{id}/."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    title = TextsField()
    url = serializers.CharField(allow_blank=True)


class Person(serializers.Serializer[Any]):
    """A person. The name is null for readers to whom personal data are masked."""

    id = serializers.IntegerField()
    name = serializers.SerializerMethodField()

    def get_name(self, person: Any) -> str | None:
        """The person's full name, or user name; masked for plant managers and controllers."""
        request = self.context.get("request")
        return (person.get_full_name() or person.username) if request and sees_all_people(request.user) else None
