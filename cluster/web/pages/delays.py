"""Delays: what is late or was, filtered by the address, exported as a table, acknowledged by a form."""

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.delays import FlagKind, Severity
from cluster.domain.errors import DomainError
from cluster.models.delay import FLAG_KINDS, SEVERITIES
from cluster.queries.delay_board import DelayBoard, DelayRow, delay_board, flag_for
from cluster.queries.people import sees_people
from cluster.services.access import require
from cluster.services.delays import acknowledge_flag
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import chosen, link, options, paged
from cluster.web.forms.acknowledgement import AcknowledgementForm
from cluster.web.spreadsheet import csv_response

STATES = ("all", "open", "closed")
PAGE = 40


def _chosen_rows(request: HttpRequest, code: str) -> tuple[DelayBoard, list[DelayRow], dict[str, str]]:
    """The board, the rows that the filters leave without regard to the state, and the filters."""
    filters = {
        "kind": chosen(request, "kind", [kind.value for kind in FlagKind]),
        "severity": chosen(request, "severity", [severity.value for severity in Severity]),
        "state": chosen(request, "state", STATES, "all"),
        "factory": request.GET.get("factory", "").strip()[:20],
    }
    board = delay_board(reader=reader_of(request), contract_code=code, as_of=as_of_from(request), today=timezone.localdate())
    rows = [
        row
        for row in board.rows
        if (not filters["kind"] or row.kind == filters["kind"])
        and (not filters["severity"] or row.severity == filters["severity"])
        and (not filters["factory"] or row.factory_code == filters["factory"] or (filters["factory"] == "-" and not row.factory_code))
    ]
    return board, rows, filters


def _in_state(rows: list[DelayRow], state: str) -> list[DelayRow]:
    return [row for row in rows if state == "all" or row.is_open == (state == "open")]


@page
@require_safe
def delays(request: HttpRequest, code: str) -> HttpResponse:
    """What is late now and what was; a past day is computed from what had been announced by then."""
    board, rows, filters = _chosen_rows(request, code)
    counts = Counter("open" if row.is_open else "closed" for row in rows)
    counts["all"] = len(rows)
    reader = reader_of(request)
    factories = sorted({row.factory_code for row in board.rows if row.factory_code} | {filters["factory"]} - {"", "-"})
    states = [
        ("all", gettext("all")),
        ("open", gettext("Late on that day") if board.computed else gettext("Late now")),
        ("closed", gettext("closed")),
    ]
    any_choice = ("", gettext("any"))
    # What is late now comes first, page by page; what is over follows.
    shown = paged(request, sorted(_in_state(rows, filters["state"]), key=lambda row: not row.is_open), PAGE)
    context = {
        "board": board,
        "shown": shown,
        "open_rows": [row for row in shown if row.is_open],
        "closed_rows": [row for row in shown if not row.is_open],
        "states": options(request, "state", states, filters["state"], counts),
        "kinds": options(request, "kind", [any_choice, *FLAG_KINDS], filters["kind"]),
        "severities": options(request, "severity", [any_choice, *SEVERITIES], filters["severity"]),
        "factories": options(
            request, "factory", [any_choice, ("-", gettext("the contract as a whole")), *((f, f) for f in factories)], filters["factory"]
        ),
        "filters": filters,
        "filtered": bool(filters["kind"] or filters["severity"] or filters["factory"]),
        "reset": link(request, kind=None, severity=None, factory=None, state=None),
        "export": reverse("cluster:delays_csv", args=[code]) + ("?" + request.GET.urlencode() if request.GET else ""),
        "may_acknowledge": {row.flag.pk for row in rows if row.flag and row.is_open and _may_acknowledge(request, row)},
        "sees_people": sees_people(reader, contract_id=board.contract.pk),
    }
    return render(request, "cluster/delays.html", context)


def _may_acknowledge(request: HttpRequest, row: DelayRow) -> bool:
    milestone = row.story.dated.milestone
    return reader_of(request).scope.may(Action.REVISE_FORECAST, contract=milestone.contract_id, factory=milestone.factory_id)


@page
@require_safe
def delays_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The rows shown, as a table that a spreadsheet of the reader's language opens at once."""
    board, rows, filters = _chosen_rows(request, code)
    heads = (
        gettext("Factory"), gettext("Milestone"), gettext("Name"), gettext("Kind"), gettext("Severity"), gettext("Days late"),
        gettext("Due"), gettext("Forecast"), gettext("Actual"), gettext("Closed on"), gettext("Promised by"), gettext("Source"),
        gettext("Address"), gettext("As of"),
    )  # fmt: skip
    cells = (_cells(row, board) for row in _in_state(rows, filters["state"]))
    return csv_response(f"{code}-delays-{board.as_of:%Y-%m-%d}", heads, cells, example=board.contract.is_example)


def _cells(row: DelayRow, board: DelayBoard) -> list[object]:
    dated, promise = row.story.dated, row.story.promise
    source = promise.source if promise else None
    return [
        row.factory_code,
        dated.milestone.code,
        dated.milestone.name,
        dict(FLAG_KINDS)[row.kind.value],
        dict(SEVERITIES)[row.severity.value],
        row.days,
        *((one.window if one else "") for one in (dated.due, dated.forecast, dated.actual)),
        row.closed_on or "",
        promise.speaker if promise else "",
        source or "",
        source.url if source else "",
        board.as_of,
    ]


@page
def acknowledge(request: HttpRequest, code: str, flag_id: int) -> HttpResponse:
    """Take note of a delay: why, and until when."""
    today = ensure_today(request)
    reader = reader_of(request)
    flag = flag_for(reader, contract_code=code, flag_id=flag_id)
    require(reader, Action.REVISE_FORECAST, contract=flag.milestone.contract_id, factory=flag.milestone.factory_id)
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
    days = ((flag.until or today) - flag.since).days
    context = {"form": form, "flag": flag, "contract": flag.milestone.contract, "days": days}
    return render(request, "cluster/acknowledge.html", context, status=422 if form.errors else 200)
