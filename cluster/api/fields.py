"""How values look in JSON: money, windows, texts in two languages, references, people."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cluster.api.examples import attach_example
from cluster.domain.dates import DateWindow, Precision, parse_day
from cluster.domain.errors import DomainError
from cluster.domain.exchange import read_rate
from cluster.domain.money import CENT, read_amount
from cluster.domain.texts import printable
from cluster.models.names import LANGUAGES
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


class Whole(serializers.IntegerField):
    """A whole number, as JSON has it or as a string of ASCII digits: `"1_000"` and digits of other scripts are refused."""

    default_error_messages = {"invalid": gettext_lazy("Write a whole number in digits, such as 12.")}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or (isinstance(data, str) and not (data.isascii() and data.removeprefix("-").isdigit())):
            self.fail("invalid")
        return super().to_internal_value(data)


class Id(Whole):
    """The id of another object, as a program sends it; optional unless `required=True`."""

    def __init__(self, *, required: bool = False, help_text: str | None = None) -> None:
        options: dict[str, Any] = {"required": True} if required else {"required": False, "allow_null": True, "default": None}
        super().__init__(min_value=1, max_value=2**63 - 1, help_text=help_text, **options)


class Choice(serializers.ChoiceField):
    """One of a few codes: a refusal says which there are."""

    default_error_messages = {"invalid_choice": gettext_lazy("“{input}” is not one of the choices: write one of {possible}.")}

    def fail(self, key: str, **params: Any) -> NoReturn:
        possible = [str(code) for code in self.choices if code != ""] + (['""'] if self.allow_blank else [])
        super().fail(key, possible=", ".join(possible), **params | {"input": printable(str(params.get("input", "")))})


class Day(serializers.DateField):
    """One day as 2025-06-30, in ASCII digits."""

    default_error_messages = {
        "invalid": gettext_lazy("“{given}” is not a date: write it as 2025-06-30."),
    }

    def to_internal_value(self, value: Any) -> date:
        try:
            if isinstance(value, str) and len(value) == len("2025-06-30") and value[4] == "-":
                return parse_day(value)
        except DomainError:
            pass
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise serializers.ValidationError(self.error_messages["invalid"].format(given=printable(str(value), 40)), code="invalid")


class Window(Input):
    """A date with its precision: any day from `earliest` to `latest`. A promise for it is late only after `latest`.

    A range of days, months or years is a window too: both its ends are known to the precision.
    """

    earliest = Day()
    latest = Day()
    precision = Choice(choices=PRECISIONS)

    def to_internal_value(self, data: Any) -> DateWindow:
        values = super().to_internal_value(data)
        try:
            return DateWindow(values["earliest"], values["latest"], Precision(values["precision"]))
        except DomainError as error:
            raise serializers.ValidationError(_(error.template).format(**error.params), code=error.code) from error


class Money(Input):
    """An amount as a decimal string, with its currency."""

    value = serializers.RegexField(
        r"^-?[0-9]{1,18}\.[0-9]{2}$", help_text="Decimal digits with exactly two after the point: `1234567.89`.", max_length=22
    )
    currency = serializers.ChoiceField(choices=["RUB", "USD"])


class _Exact(serializers.Field[Any, Any, Any, Any]):
    """An exact number as a program sends it, a plain decimal string or a JSON number, read by a rule of the domain."""

    read: Callable[[object], Decimal]

    def to_internal_value(self, data: Any) -> Decimal:
        try:
            return self.read(data)
        except DomainError as error:
            raise serializers.ValidationError(_(error.template).format(**error.params), code=error.code) from error

    def to_representation(self, value: Decimal) -> str:
        return f"{value:f}"


_AMOUNT_SCHEMA = {"oneOf": [{"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,2})?$"}, {"type": "number", "minimum": 0}]}
_RATE_SCHEMA = {"oneOf": [{"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,4})?$"}, {"type": "number", "exclusiveMinimum": 0}]}


@extend_schema_field(_AMOUNT_SCHEMA)
class ExactRoubles(_Exact):
    """Roubles, `least` or more, with at most two decimals."""

    default_error_messages = {
        "required": gettext_lazy("Write the amount, such as 1234567.89."),
        "null": gettext_lazy("Write the amount, such as 1234567.89."),
    }

    def __init__(self, *, least: Decimal = CENT, **options: Any) -> None:
        self.least = least
        super().__init__(**options)

    def read(self, given: object) -> Decimal:
        return read_amount(given, least=self.least)


@extend_schema_field(_RATE_SCHEMA)
class ExactRate(_Exact):
    """A rate above zero, with at most four decimals."""

    default_error_messages = {
        "required": gettext_lazy("Write the rate, such as 93.4419."),
        "null": gettext_lazy("Write the rate, such as 93.4419."),
    }

    def read(self, given: object) -> Decimal:
        return read_rate(given)


class Roubles(Money):
    """An amount of roubles that a program sends: `"1234567.89"`, with at most two decimals, or the same as a JSON number."""

    default_error_messages = {"invalid": gettext_lazy('Write an object: {{"value": "1234567.89", "currency": "RUB"}}.')}

    value = ExactRoubles()  # type: ignore[assignment]
    currency = Choice(choices=["RUB"])

    def to_internal_value(self, data: Any) -> Decimal:
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
        return {language: getattr(value, f"{self.field_name}_{language}") for language in LANGUAGES}


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
