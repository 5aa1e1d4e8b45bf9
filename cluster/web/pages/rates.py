"""Official rates: where they stand, how they went, what is missing, waits or was corrected."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from cluster.charts import Point, RateSeries, rate_steps
from cluster.domain.access import Action
from cluster.domain.calendars import FIRST_RATE, Gap
from cluster.domain.dates import parse_day
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.exchange import Rate
from cluster.models import ExchangeRate, JobRun, User
from cluster.models.scope import Reader
from cluster.queries.jobs import newest_run
from cluster.queries.people import sees_all_people
from cluster.queries.rate_use import counts_of, use_counts
from cluster.queries.rates import (
    SERIES,
    Revision,
    Step,
    Waiting,
    accepted_between,
    corrections_of,
    followed,
    missing_rates,
    quarantined,
    rate_status,
    series,
    steps,
    superseded,
    waiting_among,
)
from cluster.queries.together import together
from cluster.services import jobs
from cluster.services.access import require
from cluster.templatetags.format import date_short
from cluster.web.context import Frame
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import Option, link, paged
from cluster.web.forms.rates import BackfillForm
from cluster.web.lists import Column, Filter, Kind, Listed, Listing, opens_saved
from cluster.web.pages.jobs import run_row

RATES_PER_PAGE = 30
NEWEST_GAPS = 12
NEWEST_CORRECTIONS = 20
_ONE_DAY = timedelta(days=1)
_ONE_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page is asked for: a currency, a time, and the day as of which it is shown, which is `is_past` or today."""

    currency: str
    first: date
    last: date
    as_of: date
    is_past: bool

    @property
    def until(self) -> date:
        """The last date whose rate is shown: tomorrow's is known already in the afternoon."""
        return self.last + _ONE_DAY if self.last == self.as_of and not self.is_past else self.last


@dataclass(frozen=True, slots=True)
class RateRow:
    """An accepted rate, its change, and how many amounts stand at it."""

    step: Step
    used: int


RATES = Listing(
    page="cluster:rates",
    title=gettext_lazy("Official rates"),
    order="-date",
    columns=(
        Column("date", gettext_lazy("Date"), Kind.DATE, lambda row: row.step.row.date, by=lambda row: row.step.row.date),
        Column("value", gettext_lazy("Roubles"), Kind.RATE, lambda row: row.step.row.value, by=lambda row: row.step.row.value),
        Column("nominal", gettext_lazy("For units"), Kind.INTEGER, lambda row: row.step.row.nominal),
        Column(
            "change",
            gettext_lazy("Change"),
            Kind.NUMBER,
            lambda row: None if row.step.percent is None else row.step.percent.quantize(Decimal("0.01")),
            by=lambda row: row.step.percent,
            in_file=gettext_lazy("Change, per cent"),
        ),
        Column("revision", gettext_lazy("Revision"), Kind.INTEGER, lambda row: row.step.row.revision, by=lambda row: row.step.row.revision),
        Column("source", gettext_lazy("Source"), value=lambda row: row.step.row.source),
        Column("used", gettext_lazy("Amounts at it"), Kind.INTEGER, lambda row: row.used),
    ),
    filters=(
        Filter("currency", gettext_lazy("Currency")),
        Filter("from", gettext_lazy("From")),
        Filter("to", gettext_lazy("To")),
    ),
)


@dataclass(frozen=True, slots=True)
class GapRow:
    """A gap, and how many amounts stand at an old rate because of it."""

    gap: Gap
    used: int


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A correction, and how many amounts were converted anew."""

    revision: Revision
    reconverted: int


@page
@require_safe
@opens_saved(RATES)
def rates(request: HttpRequest) -> HttpResponse:
    """The rates of a currency and a time."""
    return _answer(request, _shown(request))


@page
@require_safe
def rates_file(request: HttpRequest, form: str) -> HttpResponse:
    """The accepted rates of the time, all pages of them, as a file."""
    reader, shown, listed = reader_of_rates(request), _shown(request), RATES.asked(request)
    rows = list(accepted_between(reader, shown.currency, shown.first, shown.until))
    counts = use_counts(reader, rows)
    found = [RateRow(step, counts.get(step.row.pk, 0)) for step in steps(rows)]
    name = f"rates-{shown.currency}-{shown.first}-{shown.last}"
    return listed.file(form, listed.ordered(found), name=name, as_of=shown.as_of)


@page
@require_POST
def backfill(request: HttpRequest) -> HttpResponse:
    """Ask for the rates of a past time; the page then follows the run."""
    ensure_today(request)
    reader = reader_of_rates(request)
    require(reader, Action.RUN_JOB)
    form = BackfillForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        asked = {"first": data["first"].isoformat(), "last": data["last"].isoformat(), "currency": data["currency"]}
        try:
            jobs.queue(JobRun.Name.BACKFILL_RATES, by=reader, now=timezone.now(), params=asked)
        except DomainError as error:
            form.refuse(error)
        else:
            told = _("Asked for: rates of {currency} from {first} to {last}.")
            messages.success(
                request, told.format(currency=asked["currency"], first=date_short(data["first"]), last=date_short(data["last"]))
            )
            query = urlencode({"currency": asked["currency"]} | Frame(request).kept)
            return redirect(f"{reverse('cluster:rates')}?{query}#backfill")
    return _answer(request, _shown(request), form=form, status=422)


def reader_of_rates(request: HttpRequest) -> User:
    """The reader, who holds a role; to others the page is not there."""
    reader = reader_of(request)
    if reader.scope.is_empty:
        raise NotFound("There is no such page here.")
    return reader


def currency_of(request: HttpRequest) -> str:
    """The currency of the address, the dollar where it names none; DomainError for one that is not followed."""
    return followed(request.GET.get("currency", "").strip() or SERIES)


def _shown(request: HttpRequest) -> Shown:
    """The currency and the time of the address: a year up to the day shown where it names none."""
    today, as_of = timezone.localdate(), as_of_from(request)
    last = day_asked(request, "to") or as_of
    if last > today:
        raise DomainError("{text} lies in the future: nothing is known of it yet.", field="to", text=date_short(last))
    if last > as_of:
        raise DomainError("{last} lies after {day}, the day that is shown.", field="to", last=last, day=as_of)
    first = day_asked(request, "from") or max(last, FIRST_RATE + _ONE_YEAR) - _ONE_YEAR
    if first < FIRST_RATE:
        raise DomainError("The bank has set official rates since {first}.", field="from", first=FIRST_RATE)
    if first > last:
        raise DomainError("The first day ({first}) lies after the last ({last}).", field="from", first=first, last=last)
    return Shown(currency_of(request), first, last, as_of, as_of < today)


def day_asked(request: HttpRequest, name: str) -> date | None:
    """The day of the address under that name; DomainError for what is no day."""
    text = request.GET.get(name, "").strip()
    return parse_day(text) if text else None


def _answer(request: HttpRequest, shown: Shown, *, form: BackfillForm | None = None, status: int = 200) -> HttpResponse:
    reader, frame = reader_of_rates(request), Frame(request)
    may_run = not shown.is_past and reader.scope.may(Action.RUN_JOB)
    may_edit = not shown.is_past and reader.scope.may(Action.EDIT_RECORD)
    accepted = ExchangeRate.objects.accepted(shown.currency)
    # What waits for a person waits today, and so does the newest run: neither belongs to a past day, and nor does tomorrow's rate.
    held, runs, tomorrow, oldest, old = together(
        quarantined(reader, shown.currency) if not shown.is_past else ExchangeRate.objects.none(),
        newest_run(reader, JobRun.Name.BACKFILL_RATES) if not shown.is_past else JobRun.objects.none(),
        accepted.filter(date=shown.as_of + _ONE_DAY) if not shown.is_past else accepted.none(),
        accepted.order_by("date")[:1],
        superseded(reader, shown.currency, shown.first, shown.until, limit=NEWEST_CORRECTIONS),
    )
    waiting, corrected = waiting_among(held), corrections_of(reader, old)
    known = series(shown.currency, shown.first, shown.until)
    gaps = missing_rates(shown.currency, shown.first, shown.last, known=known)
    newest_gaps = gaps[: -NEWEST_GAPS - 1 : -1]
    listed = RATES.asked(request)
    one_page, shown_rates = _one_page(request, reader, shown, listed)
    counts = counts_of(
        reader,
        [step.row for step in one_page],
        replaced=[each.old for each in corrected],
        spans=[(gap.first, gap.until) for gap in newest_gaps] if shown.currency == SERIES else (),
    )
    initial = {"currency": shown.currency, "first": shown.first, "last": shown.last}
    context: dict[str, Any] = {
        "frame": frame,
        "shown": shown,
        "status": frame.rate if shown.currency == SERIES else rate_status(shown.as_of, shown.currency),
        "tomorrow": next(iter(tomorrow), None),
        "currencies": _currencies(request, shown),
        "times": _times(shown, frame.kept, next(iter(oldest), None)),
        "chart": _chart(shown, known, gaps, waiting),
        "gaps": [GapRow(gap, used) for gap, used in zip(newest_gaps, counts.between or [0] * len(newest_gaps), strict=True)],
        "missing": sum(gap.count for gap in gaps),
        "more_gaps": max(len(gaps) - NEWEST_GAPS, 0),
        "waiting": waiting,
        "corrections": [RevisionRow(each, counts.replaced.get(each.old.pk, 0)) for each in corrected],
        "rows": [RateRow(step, counts.standing.get(step.row.pk, 0)) for step in one_page],
        "shown_rates": shown_rates,
        "listed": listed,
        "form": form or BackfillForm(initial=initial),
        "run": next(map(run_row, runs), None),
        "may_run": may_run,
        "may_edit": may_edit,
        "new_rate_url": f"{reverse('cluster:new_rate')}?{urlencode({'currency': shown.currency} | frame.kept)}",
        "sees_people": sees_all_people(reader),
    }
    return render(request, "cluster/rates.html", context, status=status)


def _currencies(request: HttpRequest, shown: Shown) -> list[Option]:
    codes = list(settings.RATE_CURRENCIES)
    return [Option(code, code, link(request, currency=code), code == shown.currency) for code in codes] if len(codes) > 1 else []


def _times(shown: Shown, kept: dict[str, str], oldest: ExchangeRate | None) -> list[Option]:
    """Usual times as links; all of it begins with the first rate that is known."""
    starts = [
        ("quarter", _("3 months"), shown.as_of - timedelta(days=92)),
        ("year", _("a year"), shown.as_of - _ONE_YEAR),
        ("five", _("5 years"), shown.as_of - timedelta(days=1826)),
    ]
    if oldest is not None:
        starts.append(("all", _("all"), min(oldest.date, shown.as_of)))
    ends_here = shown.last == shown.as_of
    found = []
    for key, label, first in starts:
        asked = {"currency": shown.currency, "from": first.isoformat()} | kept
        url = f"{reverse('cluster:rates')}?{urlencode(asked)}"
        found.append(Option(key, label, url, ends_here and first == shown.first))
    return found


def _chart(shown: Shown, known: list[Rate], gaps: list[Gap], waiting: list[Waiting]) -> Any:
    points = [Point(each.date, each.per_unit) for each in known]
    held = [Point(each.row.date, each.row.rate.per_unit) for each in waiting if shown.first <= each.row.date <= shown.until]
    return rate_steps("rates", RateSeries(shown.currency, shown.first, shown.until, points, gaps, held))


def _one_page(request: HttpRequest, reader: Reader, shown: Shown, listed: Listed) -> tuple[list[Step], Any]:
    """One page of the rates. A change is counted from the rate before: another order than by date needs all of the time."""
    known = accepted_between(reader, shown.currency, shown.first, shown.until)
    if listed.sorted_by:
        found = paged(request, listed.ordered([RateRow(step, 0) for step in steps(list(known))]), RATES_PER_PAGE)
        return [row.step for row in found], found
    found = paged(request, known, RATES_PER_PAGE)
    return steps(list(found.object_list)), found
