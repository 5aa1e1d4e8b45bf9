"""What the forms share: one key per filled-in form, refusals of the domain at their fields, a summary of errors."""

import uuid
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.errors import DomainError
from cluster.models import Source
from cluster.models.form_fields import PlainTextForm, WindowField, message_of
from cluster.models.scope import Reader

DAY_FORMATS = ["%d.%m.%Y", "%Y-%m-%d"]


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


class SourceChoice(forms.ModelChoiceField):
    """A choice among the sources, the newest first."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Source"))
        kwargs.setdefault("empty_label", _("— no source from the list —"))
        super().__init__(queryset=Source.objects.none(), required=False, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        published = str(obj.published) if obj.published else ""
        return " · ".join(part for part in (published, obj.publisher, str(obj.title)) if part)

    def offer(self, reader: Reader) -> None:
        """Show the sources that `reader` sees."""
        sources: QuerySet[Source] = Source.objects.for_reader(reader)
        self.queryset = sources


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
