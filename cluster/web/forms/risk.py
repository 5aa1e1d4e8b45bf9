"""The form of a simulation: its assumptions."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cluster.domain.money import plain_number
from cluster.domain.plan_risk import Assumptions
from cluster.domain.spread import Shape
from cluster.models import RiskRun
from cluster.web.forms.base import RecordForm


class _NumberField(forms.Field):
    """A number in ASCII digits, with a comma or a point; whole where `places` is 0. Its range is the service's to judge."""

    def __init__(self, *, places: int, **kwargs: Any) -> None:
        self.places = places
        mode = "decimal" if places else "numeric"
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": mode, "autocomplete": "off", "maxlength": "20"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        text = "".join(str(value if value is not None else "").split()).replace(",", ".")
        if not text:
            return None
        number = plain_number(text) if len(text) <= 20 else None
        if number is None or -int(number.as_tuple().exponent) > self.places:
            whole, broken = _("Write a whole number in digits, such as 12."), _("Write a number in digits, such as 0.3.")
            raise ValidationError(broken if self.places else whole, code="invalid")
        return number


class RiskForm(RecordForm):
    """What a person assumes of a simulation."""

    iterations = _NumberField(places=0, label=_("Iterations"), initial=10_000, help_text=_("How often the plan is played through."))
    seed = _NumberField(places=0, label=_("Seed"), initial=1, help_text=_("The same seed gives the same figures."))
    shape = forms.ChoiceField(label=_("Shape of durations"), choices=RiskRun.Shape.choices, initial=RiskRun.Shape.PERT)
    in_factory = _NumberField(places=3, label=_("Correlation in a factory"), initial="0.3")
    in_cause = _NumberField(places=3, label=_("Correlation by common cause"), initial="0.2")
    overall = _NumberField(places=3, label=_("Correlation of all"), initial="0.1")
    uplift_percent = _NumberField(
        places=1,
        label=_("Reference-class uplift, %"),
        initial="0",
        help_text=_("By how much plans of this class took longer in the past. An assumption: it lengthens all that is still to come."),
    )
    uplift_reason = forms.CharField(
        label=_("Where the uplift comes from"), max_length=300, required=False, help_text=_("A study, or own contracts of the past.")
    )

    def assumptions(self) -> Assumptions:
        """What was filled in; call it on a valid form."""
        given = self.cleaned_data
        return Assumptions(
            iterations=int(given["iterations"]),
            seed=int(given["seed"]),
            shape=Shape(given["shape"]),
            in_factory=given["in_factory"],
            in_cause=given["in_cause"],
            overall=given["overall"],
            uplift_percent=given["uplift_percent"],
            uplift_reason=given["uplift_reason"],
        )
