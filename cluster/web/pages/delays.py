"""Delays: what is late or otherwise wrong, or was; filtered by the address, exported as a table, acknowledged, each flag with its life."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.delays import Severity
from cluster.domain.errors import DomainError
from cluster.models import DelayFlag
from cluster.models.delay import SEVERITIES
from cluster.models.form_fields import message_of
from cluster.queries.delay_board import DelayBoard, Delayed, DelayRow, delay_board, flag_for, life_of, worst_first
from cluster.queries.flag_kinds import flag_kinds, flag_rules, kind_label, subjects_of
from cluster.queries.people import sees_people
from cluster.services.access import require
from cluster.services.delays import acknowledge_flag
from cluster.templatetags.format import unit_word
from cluster.templatetags.story import cause_text
from cluster.web.discussion import section
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import chosen, options, paged
from cluster.web.forms.acknowledgement import AcknowledgementForm
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listed, Listing, opens_saved

STATES = ("all", "open", "closed")
NOTED = ("yes", "no")
PAGE = 25
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}
_FILTERS = ("kind", "severity", "factory", "noted")


@dataclass(frozen=True, slots=True)
class _Row:
    """One flag with its subject, as a file has it."""

    delayed: Delayed
    row: DelayRow

    @property
    def dated(self) -> Any:
        """The milestone with its dates; None where it is about something else."""
        return self.delayed.dated

    @property
    def promise(self) -> Any:
        """The first promise."""
        return self.delayed.promise

    def window(self, name: str) -> Any:
        """One of the dates of the milestone."""
        found = getattr(self.dated, name) if self.dated else None
        return found.window if found else None


def _latest(name: str) -> Callable[[Delayed], Any]:
    def of(delayed: Delayed) -> Any:
        found = getattr(delayed.dated, name) if delayed.dated else None
        return found.window.latest if found else None

    return of


def _now(delayed: Delayed) -> Any:
    return _latest("actual")(delayed) or _latest("forecast")(delayed)


def _unit(row: _Row) -> str | None:
    return None if row.row.amount is None else unit_word(row.row.amount, row.row.unit or "RUB")


def _source(row: _Row) -> Any:
    return row.promise.source if row.promise else None


DELAYS = Listing(
    page="cluster:delays",
    title=_("Delays"),
    order="worst",
    columns=(
        Column("factory", _("Factory"), value=lambda row: row.delayed.factory_code, on_page=False),
        Column("milestone", _("Milestone"), value=lambda row: row.dated.milestone.code if row.dated else None, on_page=False),
        Column("late", _("Late"), Kind.INTEGER, by=lambda delayed: delayed.worst.days if delayed.worst.amount is None else None),
        Column("name", _("What"), value=lambda row: row.delayed.name, by=lambda delayed: delayed.name.casefold(), in_file=_("Name")),
        Column("kind", _("Kind"), value=lambda row: kind_label(row.row.kind), on_page=False),
        Column("severity", _("Severity and kind"), by=lambda delayed: (_GRAVITY[delayed.worst.severity], kind_label(delayed.worst.kind))),
        Column("severity_only", _("Severity"), value=lambda row: dict(SEVERITIES)[row.row.severity.value], on_page=False),
        Column("days", _("Days late"), Kind.INTEGER, lambda row: row.row.days if row.row.amount is None else None, on_page=False),
        Column("why", _("Why late")),
        Column("due", _("Promised"), Kind.DATE, lambda row: row.window("due"), by=_latest("due"), in_file=_("Due")),
        Column("now", _("Now"), Kind.DATE, by=_now),
        Column("forecast", _("Forecast"), Kind.DATE, lambda row: row.window("forecast"), on_page=False),
        Column("actual", _("Actual"), Kind.DATE, lambda row: row.window("actual"), on_page=False),
        Column("closed", _("Closed on"), Kind.DATE, lambda row: row.row.closed_on, on_page=False),
        Column("speaker", _("Promised by"), value=lambda row: row.promise.speaker if row.promise else None, on_page=False),
        Column("source", _("Source"), value=_source, on_page=False),
        Column("url", _("Address"), value=lambda row: getattr(_source(row), "url", None), on_page=False),
        AS_OF,
        Column("amount", _("By how much"), Kind.NUMBER, lambda row: row.row.amount, on_page=False),
        Column("unit", _("Unit"), value=_unit, on_page=False),
        Column(
            "noted",
            _("Acknowledged until"),
            Kind.DATE,
            lambda row: row.row.flag.acknowledged_until if row.row.flag else None,
            on_page=False,
        ),
        Column(
            "cause",
            _("Why late"),
            value=lambda row: cause_text(row.delayed.cause) if row.delayed.cause and row.row.is_open else None,
            on_page=False,
        ),
    ),
    filters=(
        Filter("state", _("State"), lambda: [("open", _("open")), ("closed", _("closed"))]),
        Filter("kind", _("Kind"), flag_kinds),
        Filter("severity", _("Severity"), lambda: SEVERITIES),
        Filter("factory", _("Factory"), lambda: [("-", _("the contract as a whole"))]),
        Filter("noted", _("Acknowledged"), lambda: [("yes", _("yes")), ("no", _("no"))]),
    ),
)


@dataclass(frozen=True, slots=True)
class _Found:
    """The board, what the filters leave of it in each state, the worst first, and the filters."""

    board: DelayBoard
    open: list[Delayed]
    closed: list[Delayed]
    filters: dict[str, str]
    listed: Listed

    @property
    def shown(self) -> list[Delayed]:
        """What the state asks for: what lasts comes first."""
        state = self.filters["state"]
        return [*(self.open if state != "closed" else ()), *(self.closed if state != "open" else ())]


def _found(request: HttpRequest, code: str) -> _Found:
    filters = {
        "kind": chosen(request, "kind", list(flag_rules())),
        "severity": chosen(request, "severity", [severity.value for severity in Severity]),
        "state": chosen(request, "state", STATES, "all"),
        "factory": request.GET.get("factory", "").strip()[:20],
        "noted": chosen(request, "noted", NOTED),
    }
    listed, today = DELAYS.asked(request), timezone.localdate()
    board = delay_board(reader=reader_of(request), contract_code=code, as_of=as_of_from(request), today=today)
    wanted = "" if filters["factory"] == "-" else filters["factory"]
    here = [subject for subject in board.subjects if not filters["factory"] or subject.factory_code == wanted]

    def fits(row: DelayRow, *, is_open: bool) -> bool:
        return (
            row.is_open == is_open
            and filters["kind"] in ("", row.kind)
            and filters["severity"] in ("", row.severity)
            and filters["noted"] in ("", "yes" if row.is_noted(today) else "no")
        )

    def kept(*, is_open: bool) -> list[Delayed]:
        left = [only for subject in here if (only := subject.only(partial(fits, is_open=is_open)))]
        return listed.ordered(sorted(left, key=partial(worst_first, today=today)))

    return _Found(board, kept(is_open=True), kept(is_open=False), filters, listed)


@page
@require_safe
@opens_saved(DELAYS)
def delays(request: HttpRequest, code: str) -> HttpResponse:
    """What is late now and what was; a past day is computed from what had been announced by then."""
    found = _found(request, code)
    board, filters = found.board, found.filters
    counts = {"all": len(found.open) + len(found.closed), "open": len(found.open), "closed": len(found.closed)}
    factories = sorted({each.factory_code for each in board.subjects if each.factory} | {filters["factory"]} - {"", "-"})
    states = [
        ("all", gettext("all")),
        ("open", gettext("Late on that day") if board.computed else gettext("Late now")),
        ("closed", gettext("closed")),
    ]
    any_choice = ("", gettext("any"))
    whole = ("-", gettext("the contract as a whole"))
    shown = paged(request, found.shown, PAGE)
    context = {
        "board": board,
        "problem": message_of(board.problem) if board.problem else "",
        "shown": shown,
        "open_subjects": [each for each in shown if each.worst.is_open],
        "closed_subjects": [each for each in shown if not each.worst.is_open],
        "states": options(request, "state", states, filters["state"], counts),
        "kinds": options(request, "kind", [any_choice, *flag_kinds()], filters["kind"]),
        "severities": options(request, "severity", [any_choice, *SEVERITIES], filters["severity"]),
        "factories": options(request, "factory", [any_choice, whole, *((f, f) for f in factories)], filters["factory"]),
        "noted": options(
            request, "noted", [any_choice, ("yes", gettext("acknowledged")), ("no", gettext("not acknowledged"))], filters["noted"]
        ),
        "filters": filters,
        "filtered": any(filters[name] for name in _FILTERS),
        "listed": found.listed,
        "may_acknowledge": {row.flag.pk for each in shown for row in each.rows if row.flag and _may_acknowledge(request, row.flag)},
        "sees_people": sees_people(reader_of(request), contract_id=board.contract.pk),
    }
    return render(request, "cluster/delays.html", context)


def _may_acknowledge(request: HttpRequest, flag: DelayFlag) -> bool:
    return flag.closed_on is None and reader_of(request).scope.may(
        Action.REVISE_FORECAST, contract=flag.contract_id, factory=flag.factory_id
    )


@page
@require_safe
def delays_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """Every flag of what the filters leave, in the order of the page, as a file."""
    found = _found(request, code)
    board = found.board
    rows = (_Row(each, row) for each in found.shown for row in each.rows)
    return found.listed.file(form, rows, name=f"{code}-delays-{board.as_of:%Y-%m-%d}", contract=board.contract, as_of=board.as_of)


@page
@require_safe
def delay(request: HttpRequest, code: str, flag_id: int) -> HttpResponse:
    """The life of one flag: when it opened, got worse or better, who took note of it until when and why, and how it ended."""
    reader = reader_of(request)
    flag = flag_for(reader, contract_code=code, flag_id=flag_id)
    context = {
        **_about(flag),
        "events": life_of(flag),
        "discussion": section(request, code, flag),
        "may_acknowledge": _may_acknowledge(request, flag),
        "sees_people": sees_people(reader, contract_id=flag.contract_id),
    }
    return render(request, "cluster/delay.html", context)


@page
def acknowledge(request: HttpRequest, code: str, flag_id: int) -> HttpResponse:
    """Take note of a delay: why, and until when."""
    today = ensure_today(request)
    reader = reader_of(request)
    flag = flag_for(reader, contract_code=code, flag_id=flag_id)
    require(reader, Action.REVISE_FORECAST, contract=flag.contract_id, factory=flag.factory_id)
    initial = {"reason": flag.acknowledged_reason, "until": flag.acknowledged_until}
    form = AcknowledgementForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            acknowledge_flag(flag_id=flag.pk, reason=form.cleaned_data["reason"], until=form.cleaned_data["until"], by=reader, today=today)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("The delay is acknowledged."))
            return redirect("cluster:delays", code)
    return render(request, "cluster/acknowledge.html", {**_about(flag), "form": form}, status=422 if form.errors else 200)


def _about(flag: DelayFlag) -> dict[str, object]:
    """A flag, and what it is about in words."""
    subject = subjects_of([flag]).get(flag.pk)
    row = DelayRow(flag.kind, Severity(flag.severity), flag.since, flag.days_on(timezone.localdate()), flag.closed_on, flag.amount, flag)
    name = getattr(subject, "name", subject) or flag.contract.name
    return {"flag": flag, "row": row, "contract": flag.contract, "name": name}
