"""What the forms share: one key per filled-in form, refusals of the domain at their fields, a summary of errors."""

import re
import uuid
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.errors import DomainError
from cluster.models import Source
from cluster.models.form_fields import NearDatesForm, PlainTextForm, StrictAmountField, WindowField, message_of
from cluster.models.scope import Reader
from cluster.templatetags.format import language
from cluster.templatetags.zones import zone_today, zones

DAY_FORMATS = ["%d.%m.%Y", "%Y-%m-%d"]
# No text of a record is longer.
LONGEST_TEXT = 4000
# What a small whole number of the database holds.
MOST_SMALL = 32767
F = TypeVar("F", bound="ReasonForm")


class RecordForm(PlainTextForm, forms.Form):
    """A form that records one thing. The same filled-in form sent twice carries the same key, and so records it once."""

    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # Names of the service's arguments that are called otherwise here.
    field_names: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.initial.setdefault("request_key", uuid.uuid4())
        for field in self.fields.values():
            # In the summary of errors each sentence stands alone, so that it must name its field.
            field.error_messages["required"] = gettext("Fill in “%(label)s”.") % {"label": field.label}
            if isinstance(field, WindowField):
                date_box, precision_box = field.widget.widgets
                date_box.attrs["aria-label"] = field.label
                precision_box.attrs["aria-label"] = _("Precision")

    def clean_request_key(self) -> uuid.UUID:
        """A missing or garbled key is no reason to refuse the form."""
        return self.cleaned_data.get("request_key") or uuid.uuid4()

    def refuse(self, error: DomainError) -> None:
        """Put a refusal of the domain at its field, or above the form when it concerns none."""
        name = self.field_names.get(error.field, error.field)
        self.add_error(name if name in self.fields else None, message_of(error))
        if error.code == "request_reused":
            # Whoever reads that and sends the form again means it.
            sent = cast(QueryDict, self.data).copy()
            sent["request_key"] = str(uuid.uuid4())
            self.data = sent

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Each error as (id of the box to go to, sentence); an empty id for errors of the form as a whole."""
        found = [("", str(message)) for message in self.non_field_errors()]
        for name in self.fields:
            found += [(self._box_id(name), str(message)) for message in self.errors.get(name, [])]
        return found

    @property
    def texts(self) -> dict[str, Any]:
        """What each box shows now: what was typed, else the initial value."""
        return {name: self[name].value() for name in self.fields}

    def _box_id(self, name: str) -> str:
        bound = self[name]
        return f"{bound.auto_id}_0" if isinstance(self.fields[name].widget, forms.MultiWidget) else str(bound.auto_id)


class ReasonForm(RecordForm):
    """A form that changes one record: the state that the person saw, and why it is changed."""

    version = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason of the change"), required=False, max_length=LONGEST_REASON, help_text=_("Kept in the history beside what changed.")
    )
    field_order = ["version"]

    @property
    def boxes(self) -> list[Any]:
        """The fields to fill in, the reason last."""
        return [*(self[name] for name in self.fields if name not in ("version", "request_key", "reason")), self["reason"]]


class ColumnsForm(NearDatesForm, ReasonForm):
    """A form over columns of one model, which `over` names: what two people can both have changed."""

    columns: tuple[str, ...] = ()


def over(model: type[models.Model], *columns: str) -> Callable[[type[F]], type[F]]:
    """Class decorator: the columns of `model` become fields in this order, where the form does not declare its own of that name."""

    def decorated(form: type[F]) -> type[F]:
        made = forms.fields_for_model(model, columns, formfield_callback=_field_of)
        declared = form.base_fields
        named = {name: declared[name] if name in declared else made[name] for name in columns}
        form.base_fields = {name: field for name, field in declared.items() if name not in named} | named
        form.declared_fields = form.base_fields  # what derives from the form has them too
        form.columns = columns  # type: ignore[attr-defined]
        return form

    return decorated


def _field_of(column: Any, **options: Any) -> Any:
    """The field of a column: numbers and days are read strictly, texts have an end."""
    if isinstance(column, models.URLField):
        return column.formfield(assume_scheme="https", widget=forms.TextInput(attrs={"inputmode": "url"}), **options)
    made = column.formfield(**options)
    if made is None:
        return None
    kept = {"label": made.label, "help_text": made.help_text, "required": made.required, "initial": made.initial}
    if isinstance(column, models.TextField):
        return forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3}), **kept)
    if isinstance(column, models.PositiveSmallIntegerField):
        return WholeNumberField(least=0, most=MOST_SMALL, **kept)
    if isinstance(column, models.DecimalField):
        return StrictAmountField(**kept)
    if isinstance(column, models.DateField):
        return DayField(**kept)
    if column.choices and not column.blank:
        made.choices = [*([("", _("— choose —"))] if made.initial is None else []), *column.flatchoices]
    return made


class WholeNumberField(forms.Field):
    """A whole number in ASCII digits, from `least` to `most`."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    default_error_messages = {"invalid": _("Write a whole number in digits, such as 12.")}

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        text = str(value if value is not None else "").strip().replace("\u2212", "-")
        if not text:
            return None
        if re.fullmatch(r"-?[0-9]{1,6}", text) is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if not self.least <= int(text) <= self.most:
            raise ValidationError(
                _("Write a number from %(least)s to %(most)s."), code="range", params={"least": self.least, "most": self.most}
            )
        return int(text)


class Coded(forms.ModelChoiceField):
    """A choice among factories or milestones, by code and name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.name}"


class Person(forms.ModelChoiceField):
    """A choice among people, by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.get_full_name() or obj.username)


class SourceChoice(forms.ModelChoiceField):
    """A choice among the sources, the newest first."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Source"))
        kwargs.setdefault("empty_label", _("— no source from the list —"))
        kwargs.setdefault("required", False)
        super().__init__(queryset=Source.objects.none(), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        published = str(obj.published) if obj.published else ""
        return " · ".join(part for part in (published, obj.publisher, str(obj.title)) if part)

    def offer(self, reader: Reader) -> None:
        """Show the sources that `reader` sees."""
        sources: QuerySet[Source] = Source.objects.for_reader(reader)
        self.queryset = sources


class ZoneField(forms.ChoiceField):
    """A choice among time zones, by city and country in the active language; `own` stands before them, UTC after them."""

    def __init__(self, *, own: tuple[tuple[str, Any], ...] = (), **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Time zone"))
        super().__init__(choices=lambda: [*own, *zones(language()).items(), ("UTC", "UTC")], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The name under which it stands among the choices."""
        return zone_today(value) if value not in ("", None, "UTC") else value


class DayField(forms.DateField):
    """One exact day: ДД.ММ.ГГГГ or ISO."""

    default_error_messages = {"invalid": _("Write the date as 15.04.2024 or 2024-04-15.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("input_formats", DAY_FORMATS)
        kwargs.setdefault("widget", forms.DateInput(format="%d.%m.%Y", attrs={"autocomplete": "off", "inputmode": "numeric"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Digits of other scripts, which Python would read, are no date here."""
        if isinstance(value, str) and not value.isascii():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
