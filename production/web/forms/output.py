"""The form that records output."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Action
from cluster.models import Contract, Factory
from cluster.models.form_fields import WindowField
from cluster.models.scope import Reader, scope_of
from cluster.web.forms.base import RecordForm, SourceChoice
from production.models import Brand, Output, Segment, VehicleModel

# What two people can both have changed, in the order of the form.
FIELDS = ("quantity", "source", "document", "note", "announced")
UNITS = [
    ("vehicles", _("vehicles")),
    ("motors", _("motors")),
    ("batteries", _("batteries")),
    ("sets", _("sets")),
    ("units", _("pieces")),
]
MONTHS = [
    ("", _("— the whole year —")),
    (1, _("January")), (2, _("February")), (3, _("March")), (4, _("April")), (5, _("May")), (6, _("June")),
    (7, _("July")), (8, _("August")), (9, _("September")), (10, _("October")), (11, _("November")), (12, _("December")),
]  # fmt: skip
_SPACES = "\u0020\u00a0\u2009\u202f"
_COUNT = re.compile(rf"[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+|[0-9]{{1,10}}")
LARGEST_COUNT = 2_000_000_000


class CountField(forms.Field):
    """A whole number as people type it: `12500`, `12 500`. Points and commas are refused: they could mean two things."""

    widget = forms.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        text = str(value if value is not None else "").strip()
        if not text:
            return None
        if _COUNT.fullmatch(text) is None:
            raise ValidationError(_("Write a whole number, such as 12 500: no point, no comma, no sign."), code="not_a_count")
        number = int(re.sub(f"[{_SPACES}]", "", text))
        if number > LARGEST_COUNT:
            raise ValidationError(_("This is more than anybody builds: check the number."), code="too_large")
        return number

    def prepare_value(self, value: Any) -> Any:
        return f"{value:,}".replace(",", "\u00a0") if isinstance(value, int) else value


class OutputForm(RecordForm):
    """What was built in a year or a month. `replaces_version` is the version of the figure that the person saw in use."""

    year = forms.IntegerField(label=_("Year"), widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
    month = forms.TypedChoiceField(label=_("Month"), choices=MONTHS, coerce=int, empty_value=None, required=False)
    quantity = CountField(label=_("Quantity"), help_text=_("A whole number, such as 12 500."))
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, initial="vehicles")
    factory = forms.ModelChoiceField(
        label=_("Factory"),
        queryset=Factory.objects.none(),
        required=False,
        empty_label=_("— all vehicles of the contract —"),
        to_field_name="code",
    )
    brand = forms.ModelChoiceField(label=_("Brand"), queryset=Brand.objects.none(), required=False, empty_label=_("— all brands —"))
    vehicle_model = forms.ModelChoiceField(
        label=_("Model"), queryset=VehicleModel.objects.none(), required=False, empty_label=_("— all models —")
    )
    segment = forms.ChoiceField(label=_("Segment"), choices=[("", _("— all segments —")), *Segment.choices], required=False)
    source = SourceChoice(help_text=_("A publication that is in the record already."))
    document = forms.CharField(
        label=_("Document"), required=False, max_length=300, help_text=_("Number and date, when it is not published.")
    )
    announced = WindowField(label=_("Announced on"), required=False, help_text=_("When the world was told. Empty: today."))
    note = forms.CharField(label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    replaces_version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, *args: Any, reader: Reader, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        factories, speaks_for = (
            Factory.objects.for_reader(reader).filter(contract=contract),
            scope_of(reader).allowing(Action.RECORD_OUTPUT),
        )
        if not speaks_for.sees_everything and contract.pk not in speaks_for.contracts:
            factories = factories.filter(pk__in=speaks_for.factories)
            fields["factory"].required, fields["factory"].empty_label = True, _("— choose —")
        fields["factory"].queryset = factories
        fields["brand"].queryset = Brand.objects.for_reader(reader).filter(contract=contract)
        fields["vehicle_model"].queryset = VehicleModel.objects.for_reader(reader).filter(brand__contract=contract).select_related("brand")
        fields["source"].offer(reader)

    @property
    def subject(self) -> dict[str, Any]:
        """The period and the thing that the figure is about."""
        data = self.cleaned_data
        return {
            "year": data["year"],
            "month": data["month"],
            "unit": data["unit"],
            "factory_id": data["factory"].pk if data["factory"] else None,
            "brand_id": data["brand"].pk if data["brand"] else None,
            "vehicle_model_id": data["vehicle_model"].pk if data["vehicle_model"] else None,
            "segment": data["segment"],
        }


def values_of(output: Output | None) -> dict[str, object]:
    """The fields of a recorded figure as the form has them."""
    if output is None:
        return {"quantity": None, "source": None, "document": "", "note": "", "announced": None}
    by_document = bool(output.source.document) and not output.source.url
    return {
        "quantity": output.quantity,
        "source": None if by_document else output.source,
        "document": output.source.document if by_document else "",
        "note": output.note,
        "announced": output.announced,
    }
