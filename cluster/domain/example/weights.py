"""The shares of a factory's budget that its milestones earn, in millionths."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from cluster.domain.example.money import spread
from cluster.domain.example.rows import MilestoneRow

WHOLE = 1_000_000
# Per mille of a factory's money by the kind of the work; within a kind by duration. Orders count for what is paid in advance.
_WORTH = {
    "design": 95,
    "investment": 90,
    "construction_start": 20,
    "construction_end": 360,
    "equipment": 365,
    "commissioning": 40,
    "opening": 10,
    "series": 20,
}


def weights_of(milestones: Iterable[MilestoneRow]) -> Mapping[str, int]:
    """By milestone code; those of a factory sum to `WHOLE`. What belongs to no factory earns nothing and is left out."""
    of_factory: dict[str, list[MilestoneRow]] = defaultdict(list)
    for row in milestones:
        if row.factory:
            of_factory[row.factory].append(row)
    found: dict[str, int] = {}
    for rows in of_factory.values():
        days: dict[str, int] = defaultdict(int)
        for row in rows:
            days[row.kind] += row.days
        # Millionths of a kind in proportion to the days of the work, before they are brought to the whole.
        shares = [_WORTH[row.kind] * row.days * WHOLE // days[row.kind] for row in rows]
        found |= {row.code: share for row, share in zip(rows, spread(WHOLE, shares), strict=True)}
    return found
