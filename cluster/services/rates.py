"""Official rates: stored once, corrected by revisions, held in quarantine when they jump, imported from files."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pghistory
from django.db import transaction
from django.utils.translation import gettext_noop as _

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.exchange import Rate, is_absurd, is_jump
from cluster.gateways.rate_files import BadRates, Row, read_file
from cluster.models import ExchangeRate, User
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.locks import one_at_a_time

Status, Quality = ExchangeRate.Status, ExchangeRate.Quality
_WEIGHT = {Quality.PRESS.value: 0, Quality.CAPTURED.value: 1, Quality.OFFICIAL.value: 2}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rates come from, and how much that weighs: a weaker origin never replaces a stronger one."""

    source_ru: str
    source_en: str
    quality: ExchangeRate.Quality = Quality.OFFICIAL
    # Where a person ought to look at what contradicts a stronger origin, it waits in quarantine instead of being left out.
    contradictions_wait: bool = False


@dataclass(slots=True)
class Stored:
    """What became of the rates handed over, by date."""

    new: list[date] = field(default_factory=list)
    revised: list[date] = field(default_factory=list)
    quarantined: list[date] = field(default_factory=list)
    unchanged: list[date] = field(default_factory=list)
    # A better origin says otherwise, or a person rejected this very value.
    kept: list[date] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the rates in force may differ from before."""
        return bool(self.new or self.revised)

    def figures(self) -> dict[str, int]:
        """The numbers, for a report."""
        return {name: len(getattr(self, name)) for name in ("new", "revised", "quarantined", "unchanged", "kept")}


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of one file: what was stored, or the one fault for which nothing was."""

    file: str
    stored: Stored | None
    fault: DomainError | None = None


@transaction.atomic
def store_rates(rates: Iterable[Rate], *, origin: Origin) -> Stored:
    """Store official rates; handing the same ones over again changes nothing.

    A value that differs from the accepted one of its date becomes a new revision, the old one is superseded. A rate that
    lies more than 10 % from the accepted one before it goes into quarantine, and so do those after it that still lie so
    far off. A weaker origin that says otherwise than the accepted rate is not taken, or waits where `origin` says so.
    Five statements, however many rates.
    """
    wanted = sorted(rates, key=lambda rate: rate.date)
    stored = Stored()
    if not wanted:
        return stored
    one_at_a_time("rates")
    book = _Book(wanted)
    created: list[ExchangeRate] = []
    superseded: list[int] = []
    for rate in wanted:
        accepted = book.accepted.get(rate.date)
        if accepted is not None and _same(accepted.rate, rate):
            stored.unchanged.append(rate.date)
        elif (weaker := _is_weaker(origin, accepted)) and not origin.contradictions_wait:
            stored.kept.append(rate.date)
        elif (known := book.set_aside(rate)) is not None:
            (stored.unchanged if known.status == Status.QUARANTINED else stored.kept).append(rate.date)
        else:
            row = book.next_revision(rate, origin)
            if weaker or book.jumps(rate):
                row.status = Status.QUARANTINED
                stored.quarantined.append(rate.date)
            elif accepted is not None:
                superseded.append(accepted.pk)
                book.accept(row)
                stored.revised.append(rate.date)
            else:
                book.accept(row)
                stored.new.append(rate.date)
            created.append(row)
    with pghistory.context(reason=origin.source_en or origin.source_ru):
        if superseded:
            ExchangeRate.objects.filter(pk__in=superseded).update(status=Status.SUPERSEDED)
        ExchangeRate.objects.bulk_create(created)
    return stored


class _Book:
    """The rates that judge the new ones: every revision of their dates, and the accepted series around them."""

    def __init__(self, wanted: Sequence[Rate]) -> None:
        currency, dates = wanted[0].currency, [rate.date for rate in wanted]
        self.revisions: dict[date, list[ExchangeRate]] = defaultdict(list)
        for row in ExchangeRate.objects.filter(currency=currency, date__in=dates).order_by("revision"):
            self.revisions[row.date].append(row)
        accepted = ExchangeRate.objects.accepted(currency)
        before = accepted.filter(date__lt=dates[0]).order_by("-date")[:1]
        within = accepted.filter(date__gte=dates[0], date__lte=dates[-1]).order_by()
        self.accepted = {row.date: row for row in before.union(within, all=True)}
        self.days = sorted(self.accepted)

    def jumps(self, rate: Rate) -> bool:
        """Whether `rate` jumps from the accepted one before it; the first of all is judged by the one it would replace."""
        place = bisect_left(self.days, rate.date)
        before = self.accepted[self.days[place - 1]] if place else self.accepted.get(rate.date)
        return before is not None and is_jump(rate, before.rate)

    def set_aside(self, rate: Rate) -> ExchangeRate | None:
        """The revision with this very value that already waits for a person, or was rejected by one."""
        aside = (Status.QUARANTINED, Status.REJECTED)
        return next((row for row in self.revisions[rate.date] if row.status in aside and _same(row.rate, rate)), None)

    def next_revision(self, rate: Rate, origin: Origin) -> ExchangeRate:
        """An accepted revision of `rate`, not yet saved."""
        revisions = self.revisions[rate.date]
        row = ExchangeRate(
            currency=rate.currency,
            date=rate.date,
            nominal=rate.nominal,
            value=rate.value,
            revision=revisions[-1].revision + 1 if revisions else 1,
            quality=origin.quality,
            source_ru=origin.source_ru,
            source_en=origin.source_en,
        )
        revisions.append(row)
        return row

    def accept(self, row: ExchangeRate) -> None:
        """Let `row` judge those that come after it."""
        if row.date not in self.accepted:
            insort(self.days, row.date)
        self.accepted[row.date] = row


def _is_weaker(origin: Origin, accepted: ExchangeRate | None) -> bool:
    return accepted is not None and _WEIGHT[accepted.quality] > _WEIGHT[origin.quality.value]


def _same(one: Rate, other: Rate) -> bool:
    return (one.value, one.nominal) == (other.value, other.nominal)


@transaction.atomic
def accept_rate(*, rate_id: int, reason: str, by: User) -> list[ExchangeRate]:
    """Take a rate out of quarantine: it counts from now on, and the one it corrects is superseded.

    Later rates in quarantine that no longer jump, now that this one counts, follow it. Returns all that were accepted.
    Raises NotFound, Forbidden, Conflict when it no longer waits, DomainError without a reason.
    """
    row = _waiting(rate_id, reason, by)
    accepted = {row.date: row}
    later = ExchangeRate.objects.filter(currency=row.currency, status=Status.QUARANTINED, date__gt=row.date)
    waiting = list(later.order_by("date", "revision"))
    book = _Book([row.rate, *(other.rate for other in waiting)])
    book.accept(row)
    for other in waiting:
        if not book.jumps(other.rate):
            accepted[other.date] = other
            book.accept(other)
    with pghistory.context(reason=reason):
        ExchangeRate.objects.accepted(row.currency).filter(date__in=accepted).update(status=Status.SUPERSEDED)
        ExchangeRate.objects.filter(pk__in=[each.pk for each in accepted.values()]).update(status=Status.ACCEPTED)
    after_write(Name.CONVERT)
    for each in accepted.values():
        each.status = Status.ACCEPTED
    return list(accepted.values())


@transaction.atomic
def reject_rate(*, rate_id: int, reason: str, by: User) -> ExchangeRate:
    """Refuse a rate in quarantine for good: the same value for the same date is not taken again. Raises as accept_rate."""
    row = _waiting(rate_id, reason, by)
    row.status = Status.REJECTED
    with pghistory.context(reason=reason):
        row.save(update_fields=["status"])
    return row


def _waiting(rate_id: int, reason: str, by: User) -> ExchangeRate:
    require(by, Action.EDIT_RECORD)
    if not reason.strip():
        raise DomainError("Say why.", field="reason", code="required")
    one_at_a_time("rates")
    row = ExchangeRate.objects.for_reader(by).filter(pk=rate_id).first()
    if row is None:
        raise NotFound("There is no such rate.")
    if row.status != Status.QUARANTINED:
        raise Conflict("This rate no longer waits for a decision.", current=row)
    return row


def import_files(paths: Sequence[Path], *, today: date) -> list[Imported]:
    """Import rates from files (XML_daily, XML_dynamic, CSV `date,rate`), each wholly or not at all, in the order given.

    The XML is the bank's own; a CSV file is somebody's copy, which never takes the place of a rate that the bank published.
    """
    return [_import_file(path, today) for path in paths]


def _import_file(path: Path, today: date) -> Imported:
    try:
        # Tomorrow's rate is set today, in the afternoon.
        rows = read_file(path, latest=today + timedelta(days=1))
        copied = any(row.copied for row in rows)
        origin = Origin(
            f"файл {path.name}"[:300],
            f"file {path.name}"[:300],
            quality=Quality.CAPTURED if copied else Quality.OFFICIAL,
            contradictions_wait=copied,
        )
        _refuse_absurd(rows, path.name)
        stored = store_rates([row.rate for row in rows], origin=origin)
    except DomainError as error:
        return Imported(path.name, None, error)
    if stored.changed:
        after_write(Name.CONVERT)
    return Imported(path.name, stored)


def _refuse_absurd(rows: Sequence[Row], file: str) -> None:
    """A row many times the accepted rate before it (or, where there is none, after it) is an error of writing."""
    if not rows:
        return
    book = _Book([row.rate for row in rows])
    after = ExchangeRate.objects.accepted(rows[0].rate.currency).filter(date__gt=rows[-1].rate.date).order_by("date").first()
    for row in rows:
        place = bisect_left(book.days, row.rate.date)
        neighbour = book.accepted[book.days[place - 1]] if place else book.accepted.get(row.rate.date, after)
        if neighbour is not None and is_absurd(row.rate.per_unit, neighbour.rate.per_unit):
            reason = _("the rate {value} is many times the one dated {date} or a small part of it")
            raise BadRates(file, row.number, reason, value=row.rate.value, date=neighbour.date)
