"""What programs send when they write milestones: the milestone itself, and how far its work has come."""

from typing import Any

from rest_framework import serializers

from cluster.api.fields import Choice, Day, Id, Input, Whole, Window
from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.estimates import LONGEST_CAUSE
from cluster.domain.milestones import LONGEST_WORK
from cluster.models.milestone import Constraint, MilestoneKind

# Columns by the keys of the bodies; a text in two languages is one key.
_COLUMNS = {
    "factory": "factory_id",
    "responsible": "responsible_id",
    "source": "actual_source_id",
    "announced_on": "actual_announced_on",
    "note": "actual_note",
}
# The keys of the bodies by the fields that the services name.
CALLED = {
    "name_ru": "name.ru",
    "not_scored_ru": "not_scored.ru",
    "actual_source": "source",
    "actual_announced_on": "announced_on",
}


class Days(Whole):
    """Working days; null: not known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=LONGEST_WORK, allow_null=True, **options)


class WhyChanged(serializers.CharField):
    """A reason that the history keeps."""

    def __init__(self, *, help_text: str = "Why; kept in the history.") -> None:
        super().__init__(max_length=LONGEST_REASON, required=False, default="", allow_blank=True, help_text=help_text)


class MilestoneName(Input):
    """A name in Russian and, where there is one, in English."""

    ru = serializers.CharField(max_length=300)
    en = serializers.CharField(max_length=300, required=False, allow_blank=True)


class BothTexts(Input):
    """A text in Russian and in English; empty where there is none."""

    ru = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    en = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class MilestoneChange(Input):
    """What is to change of a milestone; a key that is left out stays as it is."""

    factory = Id(help_text="The id of the factory; null: a promise of the contract as a whole.")
    code = serializers.CharField(max_length=40, help_text="Letters, digits, `.`, `-`, `_`; one capital letter or digit at least.")
    kind = Choice(choices=MilestoneKind.choices)
    name = MilestoneName()
    duration_days = Days(required=False, help_text="Most likely; 0 is a mere date.")
    optimistic_days = Days(
        required=False, help_text="One time in a hundred it is faster. Give all three durations, or the likely one alone."
    )
    pessimistic_days = Days(required=False, help_text="One time in a hundred it is slower.")
    risk_cause = serializers.CharField(
        max_length=LONGEST_CAUSE, required=False, allow_blank=True, help_text="What makes several works go wrong together."
    )
    constraint = Choice(choices=Constraint.choices, allow_blank=True, required=False, help_text="Empty: none.")
    constraint_on = Day(allow_null=True, required=False)
    responsible = Id(help_text="The id of a person with a role in the contract.")
    scored = serializers.BooleanField(required=False)
    not_scored = BothTexts(required=False, help_text="Why it is not judged.")
    reason = WhyChanged()


class NewMilestone(MilestoneChange):
    """A milestone to add."""

    contract = Id(required=True, help_text="The id of the contract.")


class MilestoneProgress(Input):
    """How far the work of a milestone has come; a key that is left out stays as it is, null takes back what was told."""

    started_on = Day(allow_null=True, required=False, help_text="The day on which the work before it began.")
    actual = Window(allow_null=True, required=False, help_text="When it was reached; no day of it lies in the future.")
    announced_on = Day(allow_null=True, required=False, help_text="Today without it.")
    source = Id()  # type: ignore[assignment]
    note = BothTexts(required=False)
    reason = WhyChanged(help_text="Needed where it corrects what was told before.")


def columns_of(given: dict[str, Any]) -> dict[str, Any]:
    """The columns that a body names, and their values."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        column = _COLUMNS.get(key, key)
        if key in ("name", "not_scored", "note"):
            found |= {f"{column}_{language}": text for language, text in value.items()}
        elif key not in ("reason", "contract"):
            found[column] = value
    return found
