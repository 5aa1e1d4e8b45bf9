"""The form of the own subscription."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.models import Factory, Subscription
from cluster.models.scope import Reader
from cluster.queries.flag_kinds import flag_kinds
from cluster.services.subscriptions import Choice
from cluster.web.forms.base import ReasonForm, ZoneField

# What two windows can both have changed, in the order of the form.
FIELDS = (
    "is_active", "cadence", "weekday", "hour", "time_zone", "language", "factories", "kinds", "also_when_nothing_new", "notices",
)  # fmt: skip


class SubscriptionForm(ReasonForm):
    """How often, when, about what and in which language; nobody is asked why."""

    is_active = forms.BooleanField(label=_("Send me the digest"), required=False)
    cadence = forms.ChoiceField(label=_("How often"), choices=Subscription.Cadence.choices)
    weekday = forms.TypedChoiceField(
        label=_("Weekday"),
        choices=Subscription.Weekday.choices,
        coerce=int,
        help_text=_("Of a weekly digest; a monthly one comes on the first."),
    )
    hour = forms.TypedChoiceField(label=_("Hour"), choices=[(n, f"{n}:00") for n in range(24)], coerce=int)
    time_zone = ZoneField(own=(("", _("my own")),), required=False)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("my own")), ("ru", _("Russian")), ("en", _("English"))]
    )
    factories = forms.TypedMultipleChoiceField(
        label=_("Factories"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all that you see."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of delays"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: all of them.")
    )
    also_when_nothing_new = forms.BooleanField(label=_("Also when nothing is new"), required=False)
    notices = forms.BooleanField(
        label=_("Notices at once"),
        required=False,
        help_text=_("Critical delays, mentions of you, and decisions that wait for you, batched."),
    )

    def __init__(self, *args: Any, reader: Reader, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        factories = Factory.objects.for_reader(reader).filter(contract__is_example=False)
        named = [(one.pk, f"{one.code} {one.name}") for one in factories.order_by("contract", "order", "code")]
        self.fields["factories"].choices = named  # type: ignore[attr-defined]
        self.fields["kinds"].choices = flag_kinds()  # type: ignore[attr-defined]

    def clean_factories(self) -> list[int]:
        """In the order of their ids, as what is kept is compared with."""
        return sorted(self.cleaned_data["factories"])

    @property
    def boxes(self) -> list[Any]:
        """The fields to fill in."""
        return [self[name] for name in FIELDS]


def values_of(choice: Choice) -> dict[str, Any]:
    """A choice as the form has it."""
    return {name: getattr(choice, name) for name in FIELDS}
