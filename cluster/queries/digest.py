"""What a digest tells one reader: sections in the order of `settings.DIGEST_SECTIONS`, each made of one brief."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from cluster.domain.digest import Topic
from cluster.domain.exchange import change, convert_rub
from cluster.queries.digest_brief import Brief
from cluster.queries.digest_news import ContractNews, News, news_of
from cluster.queries.rates import RateStatus


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
        return news_of(self.brief).contracts

    @property
    def is_news(self) -> bool:
        """Whether there is anything new at all."""
        return any(section.is_news for section in self.sections)

    @property
    def counts(self) -> dict[Topic, int]:
        """How often each topic occurs."""
        return news_of(self.brief).counts

    @property
    def behind_plan(self) -> Decimal | None:
        """What was paid less what the budgets planned by the same day, where all contracts of the reader stand in the digest."""
        return news_of(self.brief).behind_plan


def digest_of(brief: Brief) -> Digest:
    """The digest of a brief, of the real contracts that its reader may see.

    A bounded number of statements, however many contracts and milestones there are.
    """
    makers = [cast(SectionMaker, import_string(path)) for path in settings.DIGEST_SECTIONS]
    sections = [maker(brief) for maker in makers]
    return Digest(brief, [section for section in sections if section is not None])


def changes_section(brief: Brief) -> Section:
    """What changed, worst first, and what is still late: of each contract told in full; the others in a line."""
    news = news_of(brief)
    return Section("emails/sections/changes", "", news, news.is_news, ("changes", brief.key, _mine(brief)))


def ahead_section(brief: Brief) -> Section | None:
    """What ends within the next 14 days."""
    if not any(part.upcoming for part in news_of(brief).contracts):
        return None
    return Section("emails/sections/ahead", "", news_of(brief), key=("ahead", brief.key, _mine(brief)))


def promises_section(brief: Brief) -> Section | None:
    """The chart: openings, and what else is told to be late, as promised and as expected now; of the first contract that has some."""
    part = next((part for part in news_of(brief).contracts if part.promises), None)
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
    return Section("emails/sections/figures", "", Figures(news_of(brief), brief.rate, brief.rate_before), key=("figures", brief.key))


def _mine(brief: Brief) -> Hashable:
    """For which milestones of the digest the reader is responsible: they are marked for that reader alone."""
    return brief.reader.pk if brief.reader.pk in news_of(brief).responsible else None
