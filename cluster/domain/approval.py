"""What a person must have seen before a baseline is frozen: that it holds far less, or far more, than the one before it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from cluster.domain.errors import DomainError

# A plan that halves or doubles is more often a table pasted in part, or twice, than a decision.
_LEAST, _MOST = Decimal("0.5"), Decimal(2)


class Warn(StrEnum):
    """What was found odd; the person, or the program, names it back to say that it was seen."""

    DATES = "no_dates"
    TOTAL = "total"
    FACTORIES = "factories"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a baseline holds: its name, roubles, how many milestone dates, and the codes of the factories that have lines."""

    name: str
    rub: Decimal
    dates: int
    factories: list[str] = field(default_factory=list)


def warnings(before: Plan | None, new: Plan) -> dict[Warn, DomainError]:
    """What is odd about `new` beside the plan before it, each with its sentence; nothing beside no plan."""
    if before is None:
        return {}
    found: dict[Warn, DomainError] = {}
    if before.dates and not new.dates:
        found[Warn.DATES] = DomainError(
            "“{new}” holds no milestone dates, “{before}” holds {n}: no milestone will be due by a baseline in force.",
            field="seen", code=Warn.DATES, new=new.name, before=before.name, n=before.dates,
        )  # fmt: skip
    if before.rub and not before.rub * _LEAST <= new.rub <= before.rub * _MOST:
        share = f"{new.rub / before.rub * 100:.1f}"
        found[Warn.TOTAL] = DomainError(
            "“{new}” holds {share} % of the roubles of “{before}”.",
            field="seen",
            code=Warn.TOTAL,
            new=new.name,
            before=before.name,
            share=share,
        )
    if left := [code for code in before.factories if code not in new.factories]:
        found[Warn.FACTORIES] = DomainError(
            "“{new}” has no budget line of factories that have some in “{before}”: {left}.",
            field="seen", code=Warn.FACTORIES, new=new.name, before=before.name, left=", ".join(left),
        )  # fmt: skip
    return found


def refuse_unseen(found: dict[Warn, DomainError], seen: Iterable[str]) -> None:
    """Raise the first of the warnings that is not among those that were seen."""
    known = set(seen)
    for code, warning in found.items():
        if code not in known:
            raise warning
