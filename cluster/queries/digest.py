"""What a digest tells one reader: sections in the order of `settings.DIGEST_SECTIONS`, each made of one brief."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from cluster.domain.digest import Topic
from cluster.domain.exchange import change, convert_rub
from cluster.models import User
from cluster.models.scope import scope_of
from cluster.queries.digest_news import ContractNews, News, Period, announced, recorded
from cluster.queries.rates import RateStatus, rate_status

T = TypeVar("T")
# So much of what readers have in common is kept within a run.
MOST_SHARED = 96


class Shared:
    """What the digests of one run have in common, by what it was made from: the newest is kept, so that memory stays flat."""

    def __init__(self, most: int = MOST_SHARED) -> None:
        self._most, self._kept = most, OrderedDict[Hashable, Any]()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key, else what `make` makes now."""
        if key not in self._kept:
            self._kept[key] = make()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return cast(T, self._kept[key])


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

    @cached_property
    def key(self) -> Hashable:
        """What is the same for all that are told the same: the scope and not the person."""
        scope = scope_of(self.reader)
        seen = scope.is_empty or scope.sees_everything or (scope.contracts, scope.factories)
        return (scope.is_empty, seen, self.since, self.until, self.days_ago, self.as_of, self.by_announcement, self.factories, self.kinds)

    @property
    def days_ago(self) -> date:
        """The reader's day on which the period begins."""
        return self.since.astimezone(self.zone).date()

    @cached_property
    def news(self) -> News:
        """What happened in the contracts: read once for all sections, and for all readers of the same scope."""
        read = announced if self.by_announcement else recorded
        period = Period(self.reader, self.since, self.until, self.days_ago, self.as_of, self.factories, self.kinds)
        return self.shared.get(("news", self.key), lambda: read(period))

    @cached_property
    def rate(self) -> RateStatus:
        """The dollar's rate on the day of the digest."""
        return self.shared.get(("rate", self.as_of), lambda: rate_status(self.as_of))

    @cached_property
    def rate_before(self) -> RateStatus:
        """The dollar's rate on the day on which the period began."""
        return self.shared.get(("rate", self.days_ago), lambda: rate_status(self.days_ago))

    def narrowed(self, rows: "QuerySet[Any]", factory: str = "factory") -> "QuerySet[Any]":
        """The rows of the chosen factories; `factory` is the path to them."""
        return rows.filter(**{f"{factory}__in": self.factories}) if self.factories else rows


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a digest: a lazily translated title (may be empty), and the templates `<template>.txt` and `.html` that show `data`.

    `key` says what it was made from where readers share it; None: it is this reader's own.
    """

    template: str
    title: Any
    data: Any
    is_news: bool = False
    key: Hashable | None = None


SectionMaker = Callable[[Brief], Section | None]


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that one digest tells its reader."""

    brief: Brief
    sections: list[Section]

    @property
    def contracts(self) -> list[ContractNews]:
        """The contracts that are told in full, those with the worst news first."""
        return self.brief.news.contracts

    @property
    def is_news(self) -> bool:
        """Whether there is anything new at all."""
        return any(section.is_news for section in self.sections)

    @property
    def counts(self) -> dict[Topic, int]:
        """How often each topic occurs."""
        return self.brief.news.counts

    @property
    def behind_plan(self) -> Decimal | None:
        """What was paid less what the budgets planned by the same day, where all contracts of the reader stand in the digest."""
        return self.brief.news.behind_plan


def digest_for(**brief: Any) -> Digest:
    """The digest of a `Brief` given by its fields, of the real contracts that its reader may see.

    A bounded number of statements, however many contracts and milestones there are.
    """
    found = Brief(**brief)
    makers = [cast(SectionMaker, import_string(path)) for path in settings.DIGEST_SECTIONS]
    sections = [maker(found) for maker in makers]
    return Digest(found, [section for section in sections if section is not None])


def changes_section(brief: Brief) -> Section:
    """What changed, worst first, and what is still late: of each contract told in full; the others in a line."""
    news = brief.news
    return Section("emails/sections/changes", "", news, news.is_news, ("changes", brief.key, _mine(brief)))


def ahead_section(brief: Brief) -> Section | None:
    """What ends within the next 14 days."""
    if not any(part.upcoming for part in brief.news.contracts):
        return None
    return Section("emails/sections/ahead", "", brief.news, key=("ahead", brief.key, _mine(brief)))


def promises_section(brief: Brief) -> Section | None:
    """The chart: openings, and what else is told to be late, as promised and as expected now; of the first contract that has some."""
    part = next((part for part in brief.news.contracts if part.promises), None)
    if part is None:
        return None
    return Section("emails/sections/promises", _("Promised and expected"), part, key=("promises", brief.key))


@dataclass(frozen=True, slots=True)
class Figures:
    """The contracts' figures, the dollar's rate now and when the last digest was written, and what its move did to the commitments."""

    news: News
    rate: RateStatus
    before: RateStatus

    @property
    def move(self) -> Decimal | None:
        """By how many per cent the dollar moved; None where a rate is not known."""
        if self.rate.rate is None or self.before.rate is None:
            return None
        return change(self.rate.rate.rate, self.before.rate.rate) * 100

    @property
    def committed_effect(self) -> Decimal | None:
        """What that did to the dollars of all that is committed; None where nothing is, or the rate stood."""
        if self.rate.rate is None or self.before.rate is None or self.rate.rate.pk == self.before.rate.pk:
            return None
        rub = sum((part.committed.rub for part in self.news.contracts if part.committed.rub is not None), Decimal(0))
        return convert_rub(rub, self.rate.rate.rate) - convert_rub(rub, self.before.rate.rate) if rub else None

    @property
    def committed_loss(self) -> Decimal | None:
        """The same as a loss."""
        effect = self.committed_effect
        return -effect if effect else None


def figures_section(brief: Brief) -> Section:
    """Figures in roubles and dollars with the rate's date, and what the rate did since the last digest."""
    return Section("emails/sections/figures", "", Figures(brief.news, brief.rate, brief.rate_before), key=("figures", brief.key))


def _mine(brief: Brief) -> Hashable:
    """For which milestones of the digest the reader is responsible: they are marked for that reader alone."""
    return brief.reader.pk if brief.reader.pk in brief.news.responsible else None
