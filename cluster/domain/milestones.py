"""What a milestone may say of itself: its code, the work before it, its constraint, and when it was begun and reached."""

import re
from datetime import date

from cluster.domain.dates import DateWindow, refuse_far
from cluster.domain.errors import DomainError

# Twenty years and ten years of working days: more is a slip of the hand.
LONGEST_WORK, LONGEST_LAG = 5000, 2500
# Words in lower case are addresses of the site's own pages beside those of milestones.
_CODE = re.compile(r"(?=.*[A-ZА-ЯЁ0-9])[A-Za-zА-Яа-яЁё0-9][A-Za-zА-Яа-яЁё0-9._-]*")


def refuse_code(code: str) -> None:
    """Raise DomainError (field `code`) for a code that cannot stand in an address."""
    if not _CODE.fullmatch(code):
        raise DomainError(
            "A code has letters, digits, dots, hyphens and underscores, and at least one digit or capital letter, such as F01-OPEN.",
            field="code",
            code="code",
        )


def refuse_work(days: int | None, *, field: str) -> None:
    """Raise DomainError for a duration in working days that is negative or longer than LONGEST_WORK."""
    if days is not None and not 0 <= days <= LONGEST_WORK:
        raise DomainError("A duration lies between 0 and {most} working days.", field=field, code="range", most=LONGEST_WORK)


def refuse_lag(days: int) -> None:
    """Raise DomainError (field `lag_days`) for a lag or a lead of more than LONGEST_LAG working days."""
    if abs(days) > LONGEST_LAG:
        raise DomainError("A lag lies between -{most} and {most} working days.", field="lag_days", code="range", most=LONGEST_LAG)


def refuse_constraint(kind: str, on: date | None) -> None:
    """Raise DomainError (field `constraint` or `constraint_on`) where one of the two is missing."""
    if kind and on is None:
        raise DomainError("A constraint needs its date.", field="constraint_on", code="required")
    if on is not None and not kind:
        raise DomainError("Choose the constraint that this date belongs to.", field="constraint", code="required")
    refuse_far(on, field="constraint_on")


def refuse_progress(
    *, started: date | None, actual: DateWindow | None, announced: date | None, signed: DateWindow | None, today: date
) -> None:
    """Raise DomainError where work was begun, finished or announced in the future, or in an order that cannot be.

    `signed` is the signing of the contract: what was reached before it was no promise of it. Work may have begun before.
    """
    refuse_far(started, field="started_on")
    refuse_far(actual, field="actual")
    if started is not None and started > today:
        raise DomainError("Work cannot have begun in the future: a plan is told by the forecast.", field="started_on", code="future")
    if actual is None:
        return
    if actual.latest > today:
        raise DomainError(
            "An actual date cannot lie in the future: write it up to {today}, as exactly as it is known.",
            field="actual",
            code="future",
            today=today,
        )
    if started is not None and started > actual.latest:
        raise DomainError("The work cannot start after it was finished.", field="started_on", code="order")
    if signed is not None and actual.latest < signed.earliest:
        raise DomainError(
            "The contract was signed on {signed}: a milestone of it cannot be reached before.",
            field="actual",
            code="before_contract",
            signed=signed.earliest,
        )
    if announced is not None and announced > today:
        raise DomainError("The announcement cannot lie in the future.", field="actual_announced_on", code="future")
    if announced is not None and announced < actual.earliest:
        raise DomainError("The announcement cannot lie before the actual date.", field="actual_announced_on", code="order")
