"""Delays: what is late or otherwise wrong, or was; filtered by the address, exported as a table, acknowledged, each flag with its life."""

from dataclasses import dataclass
from datetime import date
from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
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
from cluster.templatetags.story import cause_text
from cluster.web.discussion import section
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import chosen, link, options, paged
from cluster.web.forms.acknowledgement import AcknowledgementForm
from cluster.web.spreadsheet import csv_response

STATES = ("all", "open", "closed")
NOTED = ("yes", "no")
PAGE = 40
_FILTERS = ("kind", "severity", "factory", "noted")


@dataclass(frozen=True, slots=True)
class _Found:
    """The board, what the filters leave of it in each state, the worst first, and the filters."""

    board: DelayBoard
    open: list[Delayed]
    closed: list[Delayed]
    filters: dict[str, str]

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
    today = timezone.localdate()
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
        return sorted(left, key=partial(worst_first, today=today))

    return _Found(board, kept(is_open=True), kept(is_open=False), filters)


@page
@require_safe
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
        "reset": link(request, state=None, **dict.fromkeys(_FILTERS)),
        "export": reverse("cluster:delays_csv", args=[code]) + ("?" + request.GET.urlencode() if request.GET else ""),
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
def delays_csv(request: HttpRequest, code: str) -> HttpResponse:
    """What is shown, one row for each flag, as a table that a spreadsheet of the reader's language opens at once."""
    found = _found(request, code)
    board = found.board
    heads = (
        gettext("Factory"), gettext("Milestone"), gettext("Name"), gettext("Kind"), gettext("Severity"), gettext("Days late"),
        gettext("Due"), gettext("Forecast"), gettext("Actual"), gettext("Closed on"), gettext("Promised by"), gettext("Source"),
        gettext("Address"), gettext("As of"), gettext("By how much"), gettext("Acknowledged until"), gettext("Why late"),
    )  # fmt: skip
    cells = (_cells(each, row, board.as_of) for each in found.shown for row in each.rows)
    return csv_response(f"{code}-delays-{board.as_of:%Y-%m-%d}", heads, cells, example=board.contract.is_example)


def _cells(delayed: Delayed, row: DelayRow, as_of: date) -> list[object]:
    dated = delayed.story.dated if delayed.story else None
    promise = delayed.story.promise if delayed.story else None
    source = promise.source if promise else None
    return [
        delayed.factory_code,
        dated.milestone.code if dated else "",
        delayed.name,
        kind_label(row.kind),
        dict(SEVERITIES)[row.severity.value],
        row.days if row.amount is None else "",
        *((one.window if one else "") for one in ((dated.due, dated.forecast, dated.actual) if dated else (None, None, None))),
        row.closed_on or "",
        promise.speaker if promise else "",
        source or "",
        source.url if source else "",
        as_of,
        "" if row.amount is None else row.amount,
        (row.flag.acknowledged_until or "") if row.flag else "",
        cause_text(delayed.cause) if delayed.cause and row.is_open else "",
    ]


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
