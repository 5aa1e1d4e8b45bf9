"""Three-point estimates of the work before a milestone: which are possible, and which rows of many are not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.domain.errors import DomainError
from cluster.domain.milestones import refuse_work
from cluster.domain.tables import LONGEST_QUOTED, Problem
from cluster.domain.texts import is_plain, printable

LONGEST_CAUSE = 100
# As a person or MS Project writes it; nothing is read as nothing known.
_DAYS = re.compile(r"(?:(?P<days>[0-9]{1,6}) ?(?:d|days?|д|дн|день|дня|дней)?\.?\??)?")
DAYS = ("optimistic_days", "duration_days", "pessimistic_days")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Working days that the work before a milestone takes: most likely, and if all goes well or wrong (None: not known).

    Works with one `risk_cause` go wrong together.
    """

    duration_days: int | None = None
    optimistic_days: int | None = None
    pessimistic_days: int | None = None
    risk_cause: str = ""


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """The estimate of one milestone (its id), its place in what was sent, and the milestone's version that was seen (None: any)."""

    number: int
    milestone: int
    estimate: Estimate
    version: int | None = None


def estimate_errors(estimate: Estimate) -> list[DomainError]:
    """What is wrong with an estimate, each with its field: a duration out of range, one without the others, or not in order."""
    found = []
    for name in DAYS:
        try:
            refuse_work(getattr(estimate, name), field=name)
        except DomainError as error:
            found.append(error)
    if len(estimate.risk_cause) > LONGEST_CAUSE:
        found.append(
            DomainError("A common cause has at most {limit} characters.", field="risk_cause", code="too_long", limit=LONGEST_CAUSE)
        )
    if not is_plain(estimate.risk_cause):
        found.append(DomainError("This text has control characters.", field="risk_cause", code="control_characters"))
    best, likely, worst = estimate.optimistic_days, estimate.duration_days, estimate.pessimistic_days
    if best is None and worst is None:
        return found
    found += [
        DomainError("Give all three durations, or the likely one alone.", field=name, code="required")
        for name in DAYS
        if getattr(estimate, name) is None
    ]
    if best is not None and likely is not None and best > likely:
        found.append(
            DomainError(
                "The optimistic duration ({best}) is longer than the likely one ({likely}): the shortest comes first.",
                field="optimistic_days", code="order", best=best, likely=likely,
            )
        )  # fmt: skip
    if likely is not None and worst is not None and worst < likely:
        found.append(
            DomainError(
                "The pessimistic duration ({worst}) is shorter than the likely one ({likely}): the longest comes last.",
                field="pessimistic_days", code="order", worst=worst, likely=likely,
            )
        )  # fmt: skip
    return found


def read_days(text: str, *, field: str) -> int | None:
    """Read working days as they are typed: `20`, `20 d`, `20 дн`; None for an empty text. Raises DomainError naming the field."""
    match = _DAYS.fullmatch(text.strip().casefold())
    if match is None:
        shown = printable(text, LONGEST_QUOTED)
        raise DomainError("“{text}” is no duration: write whole working days, such as 20.", field=field, code="days", text=shown)
    days = int(match["days"]) if match["days"] else None
    refuse_work(days, field=field)
    return days


def row_problems(rows: Sequence[EstimateRow]) -> list[Problem]:
    """What is wrong with rows by themselves, in their order; a milestone that stands twice is told at its second row."""
    found: list[Problem] = []
    first: dict[int, int] = {}
    for row in rows:
        before = first.setdefault(row.milestone, row.number)
        if before != row.number:
            error = DomainError(
                "Rows {first} and {row} are about the same milestone: keep one of them.", code="duplicate", first=before, row=row.number
            )
            found.append(Problem(row.number, "", "", error))
        for error in estimate_errors(row.estimate):
            value = getattr(row.estimate, error.field)
            found.append(Problem(row.number, error.field, "" if value is None else printable(str(value)), error))
    return found
