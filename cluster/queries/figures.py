"""Figures and the claims behind them: which one is in use, what competes with it, how a figure grew."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet

from cluster.models import Claim, Figure
from cluster.models.scope import Reader
from cluster.queries.conversions import with_known_dollars
from cluster.queries.known import known_among, to_be_known


@dataclass(frozen=True, slots=True)
class Dispute:
    """Claims that disagree about one figure of one time: the one in use (if any) and the others."""

    figure: Figure
    in_use: Claim | None
    others: list[Claim]


class Figures:
    """The claims of one contract as they were known on a day, grouped by subject and figure."""

    def __init__(self, claims: list[Claim]) -> None:
        self._by_subject: dict[tuple[int | None, int | None, str], list[Claim]] = defaultdict(list)
        for claim in claims:
            self._by_subject[claim.factory_id, claim.milestone_id, claim.figure].append(claim)

    def all(self, figure: Figure, *, factory_id: int | None = None, milestone_id: int | None = None) -> list[Claim]:
        """Every claim for the figure, the newest time first, the one in use before its competitors."""
        return self._by_subject.get((factory_id, milestone_id, figure.value), [])

    def history(self, figure: Figure, *, factory_id: int | None = None) -> list[Claim]:
        """The claims in use, the newest time first: how the figure grew."""
        return [claim for claim in self.all(figure, factory_id=factory_id) if claim.in_use]

    def current(self, figure: Figure, *, factory_id: int | None = None) -> Claim | None:
        """The claim in use for the newest time; None when the figure was not published."""
        return next(iter(self.history(figure, factory_id=factory_id)), None)

    def competing(self, claim: Claim) -> list[Claim]:
        """Claims that give another value for the same figure and time."""
        return [
            other
            for other in self.all(Figure(claim.figure), factory_id=claim.factory_id, milestone_id=claim.milestone_id)
            if other.pk != claim.pk and other.valid == claim.valid and value_of(other) != value_of(claim)
        ]

    def of_factory(self, factory_id: int) -> dict[Figure, list[Claim]]:
        """Every figure of a factory with its claims."""
        return {
            Figure(f): claims for (owner, milestone, f), claims in self._by_subject.items() if owner == factory_id and milestone is None
        }

    def disputes(self) -> list[Dispute]:
        """Every figure and time for which the claims disagree."""
        found = []
        for (_factory, _milestone, figure), claims in self._by_subject.items():
            by_time: dict[object, list[Claim]] = defaultdict(list)
            for claim in claims:
                by_time[claim.valid].append(claim)
            for rivals in by_time.values():
                if len({value_of(claim) for claim in rivals}) > 1 and figure not in NOT_EXCLUSIVE:
                    in_use = next((claim for claim in rivals if claim.in_use), None)
                    found.append(Dispute(Figure(figure), in_use, [claim for claim in rivals if claim is not in_use]))
        return found


# Claims that share these compete.
PLACE = ("contract_id", "factory_id", "milestone_id", "figure", "valid_earliest", "valid_latest")
# Several of these may be true at once, so that different values are no contradiction.
NOT_EXCLUSIVE = {Figure.OTHER, Figure.OBLIGATION, Figure.QUOTATION, Figure.REFERENCE_CLASS, Figure.FINANCING, Figure.STATE_SIDE}


def value_of(claim: Claim) -> tuple[object, ...]:
    """What the claim says, for comparing it with another."""
    return (claim.value, claim.value_high, claim.unit, claim.text_ru, claim.date)


def figures(*, reader: Reader, contract_id: int, as_of: date) -> Figures:
    """The claims of a contract that `reader` may see, as announced by `as_of`: one statement."""
    return figures_of(claims_for_figures(reader=reader, contract_id=contract_id, as_of=as_of), as_of=as_of)


def claims_for_figures(*, reader: Reader, contract_id: int, as_of: date) -> QuerySet[Claim]:
    """The claims that `figures_of` takes, where they are read together with other rows."""
    return _claims(reader, as_of, Q(contract_id=contract_id), "factory", "conversion__rate")


def figures_of(claims: Iterable[Claim], *, as_of: date) -> Figures:
    """The figures of claims that were read."""
    return Figures(_in_order(claims, as_of))


def claims_known(reader: Reader, as_of: date, which: Q, *related: str) -> list[Claim]:
    """The chosen claims as known on `as_of`, the newest time first, the one in use then before its competitors: one statement."""
    return _in_order(_claims(reader, as_of, which, *related), as_of)


def _claims(reader: Reader, as_of: date, which: Q, *related: str) -> QuerySet[Claim]:
    claims = (
        Claim.objects.for_reader(reader)
        .filter(which)
        .select_related("source", *related)
        .order_by(F("valid_latest").desc(nulls_last=True), F("announced_latest").desc(nulls_last=True), "id")
    )
    return to_be_known(with_known_dollars(claims, as_of))


def _in_order(claims: Iterable[Claim], as_of: date) -> list[Claim]:
    known = known_among(claims, as_of=as_of, place=PLACE)
    return sorted(known, key=lambda claim: (-(claim.valid_latest or date.min).toordinal(), not claim.in_use))
