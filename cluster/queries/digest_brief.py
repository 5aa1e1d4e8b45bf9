"""Whom a digest is for and about which time; and how several readers are told what was read once for all of them."""

import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, cast

from django.db import transaction
from django.db.models import Q, QuerySet

from cluster.domain.delays import FlagKind
from cluster.models import User
from cluster.models.scope import ScopedQuerySet, scope_of
from cluster.queries.people import as_one
from cluster.queries.rates import RateStatus, rate_statuses

T = TypeVar("T")
W = TypeVar("W", bound=Hashable)
# The kinds of flags that tell of a milestone's own dates: of late milestones a digest tells by topics.
OF_DATES = (FlagKind.OVERDUE.value, FlagKind.FORECAST_LATE.value)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """What one reader is told of among what was read for several: everything, or some contracts and some factories, with the contracts
    of these by name only; where factories were `chosen`, of these alone.
    """

    everything: bool = False
    contracts: frozenset[int] = frozenset()
    factories: frozenset[int] = frozenset()
    named: frozenset[int] = frozenset()
    chosen: frozenset[int] = frozenset()

    def whole(self, contract: int) -> bool:
        """Whether the reader sees the contract as a whole."""
        return self.everything or contract in self.contracts

    def shows(self, contract: int) -> bool:
        """Whether the reader sees anything of the contract."""
        return self.whole(contract) or contract in self.named

    def tells(self, contract: int, factory: int | None) -> bool:
        """Whether the reader is told of what belongs to this contract and factory (None: to the contract as a whole)."""
        return (self.whole(contract) or factory in self.factories) and (not self.chosen or factory in self.chosen)

    def of(self, contract: int, by_factory: Mapping[int | None, T]) -> list[T]:
        """Those of a contract's values of which the reader is told."""
        return [value for factory, value in by_factory.items() if self.tells(contract, factory)]


class Shared:
    """The digests that are written together, and what was read, rendered and drawn for them; it is gone with them."""

    def __init__(self) -> None:
        self.briefs: list[Brief] = []
        self.kept: dict[Hashable, Any] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key, else what `make` makes now."""
        if key not in self.kept:
            self.kept[key] = make()
        return cast(T, self.kept[key])


@dataclass(frozen=True)
class Brief:
    """Whom a digest is for, and about what: the time after `since`, up to and including `until`, as of a day in the reader's `zone`.

    `factories` (ids) and `kinds` (of flags) narrow it; empty ones do not. `by_announcement` tells a past period as it was announced,
    for a preview of a day on which this installation did not run yet; otherwise changes are what was recorded in the period.
    """

    reader: User
    since: datetime
    until: datetime
    as_of: date
    by_announcement: bool = False
    factories: frozenset[int] = frozenset()
    kinds: frozenset[str] = frozenset()
    zone: tzinfo = UTC
    shared: Shared = field(default_factory=Shared, compare=False)

    def __post_init__(self) -> None:
        self.shared.briefs.append(self)

    @property
    def days_ago(self) -> date:
        """The reader's day on which the period begins."""
        return self.since.astimezone(self.zone).date()

    @cached_property
    def time(self) -> Hashable:
        """What is the same for all who may be read for at once."""
        return self.since, self.until, self.days_ago, self.as_of, self.by_announcement, self.kinds

    @cached_property
    def view(self) -> View:
        """What the reader is told of: the own scope, narrowed."""
        scope = scope_of(self.reader)
        if scope.sees_everything:
            return View(everything=True, chosen=self.factories)
        return View(contracts=scope.contracts, factories=scope.factories, named=scope.factory_contracts, chosen=self.factories)

    @property
    def key(self) -> Hashable:
        """What is the same for all that are told the same: the scope and not the person."""
        return self.view, self.time

    def told(self, find: "Finder[W, T]", whose: Callable[["Brief"], W]) -> T:
        """What `find` tells this reader: read at once for all who are told of the same time, for this one alone where that fails.

        `whose` it is: what is the same for all that are told the same.
        """
        kept, mine = self.shared.kept, whose(self)
        if (find, self.time, mine) not in kept:
            these = {whose(one): one for one in self.shared.briefs if one.time == self.time and (find, self.time, whose(one)) not in kept}
            found = _at_once(find, these) or find(self, [mine])
            kept |= {(find, self.time, key): told for key, told in found.items()}
        return cast(T, kept[find, self.time, mine])

    @cached_property
    def _rates(self) -> list[RateStatus]:
        days = (self.days_ago, self.as_of)
        return self.shared.get(("rates", *days), lambda: rate_statuses(*days))

    @property
    def rate(self) -> RateStatus:
        """The dollar's rate on the day of the digest."""
        return self._rates[1]

    @property
    def rate_before(self) -> RateStatus:
        """The dollar's rate on the day on which the period began."""
        return self._rates[0]

    @property
    def recorded(self) -> Q:
        """What was recorded within the time."""
        return Q(recorded_at__gt=self.since, recorded_at__lte=self.until)

    def of(self, rows: "ScopedQuerySet[Any]", *, contract: str = "contract", factory: str = "factory") -> "QuerySet[Any]":
        """The rows of the reader's real contracts and, where some were chosen, factories, by the paths to these."""
        found = rows.for_reader(self.reader).filter(**{f"{contract}__is_example": False})
        return found.filter(**{f"{factory}__in": self.factories}) if self.factories else found

    @property
    def flag_kinds(self) -> Q:
        """The kinds of flags that were chosen."""
        return Q(kind__in=self.kinds) if self.kinds else Q()

    @property
    def tells_dates(self) -> bool:
        """Whether delays of milestones by their own dates were chosen."""
        return not self.kinds or not self.kinds.isdisjoint(OF_DATES)


# Reads for a brief that stands for everybody, and says what each is told of it.
Finder: TypeAlias = Callable[[Brief, Collection[W]], Mapping[W, T]]


def _at_once(find: "Finder[W, T]", briefs: Mapping[W, Brief]) -> Mapping[W, T]:
    """What is found for all of them together; nothing for one alone, and where that cannot be read: it must not stop others' letters."""
    if len(briefs) == 1:
        return {}
    try:
        with transaction.atomic():
            return find(_everybody(briefs.values()), briefs)
    except Exception:
        _log.exception("Digests cannot be read together")
        return {}


def _everybody(briefs: Collection[Brief]) -> Brief:
    """One brief for all of these, which are about the same time: of what they see together. Each is told its own part alone."""
    chosen = [one.factories for one in briefs]
    return replace(
        next(iter(briefs)),
        reader=as_one(one.reader for one in briefs),
        factories=frozenset().union(*chosen) if all(chosen) else frozenset(),
        shared=Shared(),
    )
