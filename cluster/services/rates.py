"""Official rates: stored once, corrected by revisions, held in quarantine when they jump, imported from files, entered by hand."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from itertools import groupby
from pathlib import Path

import pghistory
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from cluster.domain.access import Action
from cluster.domain.calendars import FIRST_RATE, expected_rate_date, has_rate
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.exchange import NOMINALS, Rate, check_rate, is_absurd, is_jump
from cluster.domain.progress import Progress
from cluster.gateways.rate_files import BadRates, Row, read_file
from cluster.models import ExchangeRate, User
from cluster.queries.rates import followed
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.locks import one_at_a_time

Status, Quality = ExchangeRate.Status, ExchangeRate.Quality
_WEIGHT = {Quality.MANUAL.value: 0, Quality.PRESS.value: 1, Quality.CAPTURED.value: 2, Quality.OFFICIAL.value: 3}
_LONGEST_SOURCE = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rates come from, and how much that weighs: a weaker origin never replaces a stronger one."""

    source_ru: str
    source_en: str
    quality: ExchangeRate.Quality = Quality.OFFICIAL
    # Where a person ought to look at what contradicts a stronger origin, it waits in quarantine instead of being left out.
    contradictions_wait: bool = False
    # How far back a rate may lie to be the neighbour that judges; None: however far. A range of a past time begins anew.
    neighbour_within: timedelta | None = None
    recorded_by: User | None = None


class Verdict(Enum):
    """What becomes of one rate that is handed over."""

    NEW = "new"
    REVISED = "revised"
    QUARANTINED = "quarantined"
    UNCHANGED = "unchanged"
    # A better origin says otherwise, or a person rejected this very value.
    KEPT = "kept"


@dataclass(slots=True)
class Stored:
    """What became of the rates handed over, by date."""

    new: list[date] = field(default_factory=list)
    revised: list[date] = field(default_factory=list)
    quarantined: list[date] = field(default_factory=list)
    unchanged: list[date] = field(default_factory=list)
    kept: list[date] = field(default_factory=list)

    def note(self, verdict: Verdict, on: date) -> None:
        """Count one rate."""
        getattr(self, verdict.value).append(on)

    def add(self, other: "Stored") -> None:
        """Count another lot as well."""
        for verdict in Verdict:
            getattr(self, verdict.value).extend(getattr(other, verdict.value))

    @property
    def changed(self) -> bool:
        """Whether the rates in force may differ from before."""
        return bool(self.new or self.revised)

    def figures(self) -> dict[str, int]:
        """The numbers, for a report."""
        return {verdict.value: len(getattr(self, verdict.value)) for verdict in Verdict}


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of one file: what was stored, or the one fault for which nothing was."""

    file: str
    stored: Stored | None
    fault: DomainError | None = None


@transaction.atomic
def store_rates(rates: Iterable[Rate], *, origin: Origin) -> Stored:
    """Store rates of one currency; handing the same ones over again changes nothing.

    A value that differs from the accepted one of its date becomes a new revision, the old one is superseded. A rate that
    lies more than 10 % from the accepted one before it goes into quarantine, and so do those after it that still lie so
    far off. A weaker origin that says otherwise than the accepted rate is not taken, or waits where `origin` says so.
    What a person entered gives way to what was published even where both say the same. Five statements, however many rates.
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
        accepted, verdict = book.accepted.get(rate.date), book.judge(rate, origin)
        stored.note(verdict, rate.date)
        if verdict in (Verdict.UNCHANGED, Verdict.KEPT):
            continue
        superseded += book.moot(rate, origin)
        row = book.next_revision(rate, origin)
        if verdict is Verdict.QUARANTINED:
            row.status = Status.QUARANTINED
        else:
            if accepted is not None and verdict is Verdict.REVISED:
                superseded.append(accepted.pk)
            book.accept(row)
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

    def judge(self, rate: Rate, origin: Origin) -> Verdict:
        """What is to become of `rate`."""
        accepted = self.accepted.get(rate.date)
        if accepted is not None and _same(accepted.rate, rate) and not _confirms(origin, accepted):
            return Verdict.UNCHANGED
        weaker = _is_weaker(origin, accepted)
        if weaker and not origin.contradictions_wait:
            return Verdict.KEPT
        known = self.set_aside(rate, origin)
        if known is not None:
            return Verdict.UNCHANGED if known.status == Status.QUARANTINED else Verdict.KEPT
        if weaker or self.jumps(rate, origin.neighbour_within):
            return Verdict.QUARANTINED
        return Verdict.NEW if accepted is None else Verdict.REVISED

    def neighbour(self, rate: Rate) -> ExchangeRate | None:
        """The accepted rate that judges `rate`: the one before it; for the first of all the one that it would replace."""
        place = bisect_left(self.days, rate.date)
        return self.accepted[self.days[place - 1]] if place else self.accepted.get(rate.date)

    def jumps(self, rate: Rate, within: timedelta | None = None) -> bool:
        """Whether `rate` jumps from its neighbour, if that lies near enough to say anything."""
        before = self.neighbour(rate)
        if before is None or (within is not None and rate.date - before.date > within):
            return False
        return is_jump(rate, before.rate)

    def set_aside(self, rate: Rate, origin: Origin) -> ExchangeRate | None:
        """The revision with this very value that already waits for a person, or was rejected by one.

        What somebody entered or copied is no reason to leave out what the bank says.
        """
        aside = (Status.QUARANTINED, Status.REJECTED)
        return next(
            (
                row
                for row in self.revisions[rate.date]
                if row.status in aside and _same(row.rate, rate) and _WEIGHT[row.quality] >= _WEIGHT[origin.quality.value]
            ),
            None,
        )

    def moot(self, rate: Rate, origin: Origin) -> list[int]:
        """Ids of revisions with this very value that wait, of weaker origins: there is nothing left to decide about them."""
        return [
            row.pk
            for row in self.revisions[rate.date]
            if row.pk and row.status == Status.QUARANTINED and _same(row.rate, rate) and _is_weaker_quality(row.quality, origin)
        ]

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
            recorded_by=origin.recorded_by,
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


def _is_weaker_quality(quality: str, origin: Origin) -> bool:
    return _WEIGHT[quality] < _WEIGHT[origin.quality.value]


def _confirms(origin: Origin, accepted: ExchangeRate) -> bool:
    """Whether a published rate takes the place of one that a person entered."""
    return accepted.quality == Quality.MANUAL and _is_weaker_quality(accepted.quality, origin)


def _same(one: Rate, other: Rate) -> bool:
    return (one.value, one.nominal) == (other.value, other.nominal)


@transaction.atomic
def accept_rate(*, rate_id: int, reason: str, by: User) -> list[ExchangeRate]:
    """Take a rate out of quarantine: it counts from now on, and the one it corrects is superseded.

    Later rates in quarantine that no longer jump, now that this one counts, follow it; those that contradict a better origin
    wait on. Returns all that were accepted.
    Raises NotFound, Forbidden, Conflict when it no longer waits, DomainError without a reason.
    """
    row = _waiting(rate_id, reason, by)
    accepted = {row.date: row}
    later = ExchangeRate.objects.filter(currency=row.currency, status=Status.QUARANTINED, date__gt=row.date)
    waiting = list(later.order_by("date", "revision"))
    book = _Book([row.rate, *(other.rate for other in waiting)])
    book.accept(row)
    for other in waiting:
        now = book.accepted.get(other.date)
        contradicts = now is not None and now.pk != other.pk and _WEIGHT[now.quality] > _WEIGHT[other.quality]
        if not contradicts and not book.jumps(other.rate):
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A rate as a person gives it: `value` roubles for `nominal` units of `currency` on `date`, and where it was seen."""

    currency: str
    date: date
    value: Decimal
    source_ru: str
    source_en: str = ""
    nominal: int = 1

    @property
    def rate(self) -> Rate:
        """The rate as the domain knows it."""
        return Rate(self.date, self.value, self.nominal, self.currency)


@transaction.atomic
def record_rate(entry: Entry, *, by: User, today: date) -> tuple[ExchangeRate, Verdict]:
    """Enter a rate by hand, with its source: the weakest origin, which the bank's own rate replaces when it comes.

    It counts at once where it neither jumps nor contradicts what was published; else it waits in quarantine. The same entry
    sent twice gives the first row. Raises Forbidden, DomainError naming the field of `entry`.
    """
    entry = _checked(entry, by=by, today=today)
    one_at_a_time("rates")
    book = _Book([entry.rate])
    _refuse_absurd_entry(entry, book)
    verdict = book.judge(entry.rate, _by_hand(entry, by))
    if verdict is Verdict.KEPT:
        raise DomainError("This value was rejected for {date} before.", field="value", code="rejected", date=entry.date)
    stored = store_rates([entry.rate], origin=_by_hand(entry, by))
    if stored.changed:
        after_write(Name.CONVERT)
    rows = ExchangeRate.objects.filter(currency=entry.currency, date=entry.date, value=entry.value, nominal=entry.nominal)
    return rows.exclude(status__in=(Status.REJECTED, Status.SUPERSEDED)).latest("revision"), verdict


def preview_rate(entry: Entry, *, by: User, today: date) -> tuple[Entry, Verdict]:
    """What record_rate would do with this entry; nothing is stored. Raises as it does."""
    entry = _checked(entry, by=by, today=today)
    book = _Book([entry.rate])
    _refuse_absurd_entry(entry, book)
    return entry, book.judge(entry.rate, _by_hand(entry, by))


def _by_hand(entry: Entry, by: User) -> Origin:
    return Origin(entry.source_ru, entry.source_en, Quality.MANUAL, contradictions_wait=True, recorded_by=by)


def _checked(entry: Entry, *, by: User, today: date) -> Entry:
    """The entry with its texts trimmed and its value in four decimals; raises for every field that cannot be."""
    require(by, Action.EDIT_RECORD)
    followed(entry.currency)
    latest = today + timedelta(days=1)
    if entry.date > latest:
        raise DomainError(
            "No rate can be known yet for {date}: the newest may be of {latest}.", field="date", date=entry.date, latest=latest
        )
    if entry.date < FIRST_RATE:
        raise DomainError("The bank has set official rates since {first}.", field="date", first=FIRST_RATE)
    if not has_rate(entry.date):
        raise DomainError(
            "The bank dates no rate {date}, because the day before is not worked in Russia: in force then is the rate of {expected}.",
            field="date",
            code="no_rate_day",
            date=entry.date,
            expected=expected_rate_date(entry.date),
        )
    if entry.nominal not in NOMINALS:
        raise DomainError("The bank sets rates for 1, 10, 100, 1000, 10000 or 100000 units.", field="nominal", code="choice")
    ru, en = entry.source_ru.strip(), entry.source_en.strip()
    if not ru and not en:
        raise DomainError("Say where this rate was published: a name or a link.", field="source", code="required")
    if max(len(ru), len(en)) > _LONGEST_SOURCE:
        raise DomainError("A source is named in {limit} characters at most.", field="source", code="too_long", limit=_LONGEST_SOURCE)
    return Entry(entry.currency, entry.date, check_rate(entry.value), ru or en, en, entry.nominal)


def _refuse_absurd_entry(entry: Entry, book: _Book) -> None:
    neighbour = (
        book.neighbour(entry.rate) or ExchangeRate.objects.accepted(entry.currency).filter(date__gt=entry.date).order_by("date").first()
    )
    if neighbour is not None and is_absurd(entry.rate, neighbour.rate):
        raise DomainError(
            "The rate {value} is many times the one of {date} ({known}) or a small part of it: check the value and the nominal.",
            field="value",
            code="absurd",
            value=entry.value,
            date=neighbour.date,
            known=neighbour.value,
        )


def import_files(paths: Sequence[Path], *, today: date, progress: Progress = lambda done, total: None) -> list[Imported]:
    """Import rates from files (XML_daily, XML_dynamic, CSV `date,rate`), each wholly or not at all, in the order given.

    The XML is the bank's own; a CSV file is somebody's copy, which never takes the place of a rate that the bank published.
    """
    outcomes = []
    for done, path in enumerate(paths, start=1):
        outcomes.append(_import_file(path, today))
        progress(done, len(paths))
    return outcomes


def _import_file(path: Path, today: date) -> Imported:
    try:
        # Tomorrow's rate is set today, in the afternoon.
        rows = read_file(path, latest=today + timedelta(days=1), currencies=settings.RATE_CURRENCIES)
        copied = any(row.copied for row in rows)
        origin = Origin(
            f"файл {path.name}"[:300],
            f"file {path.name}"[:300],
            quality=Quality.CAPTURED if copied else Quality.OFFICIAL,
            contradictions_wait=copied,
        )
        stored = Stored()
        with transaction.atomic():
            for _currency, group in groupby(rows, key=lambda row: row.rate.currency):
                same = list(group)
                _refuse_absurd(same, path.name)
                stored.add(store_rates([row.rate for row in same], origin=origin))
    except DomainError as error:
        return Imported(path.name, None, error)
    if stored.changed:
        after_write(Name.CONVERT)
    return Imported(path.name, stored)


def _refuse_absurd(rows: Sequence[Row], file: str) -> None:
    """A row many times the accepted rate before it (or, where there is none, after it) is an error of writing."""
    book = _Book([row.rate for row in rows])
    after = ExchangeRate.objects.accepted(rows[0].rate.currency).filter(date__gt=rows[-1].rate.date).order_by("date").first()
    for row in rows:
        neighbour = book.neighbour(row.rate) or after
        if neighbour is not None and is_absurd(row.rate, neighbour.rate):
            reason = _("the rate {value} is many times the one dated {date} or a small part of it")
            raise BadRates(file, row.number, reason, value=row.rate.value, date=neighbour.date)
