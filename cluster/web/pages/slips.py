"""The slip ledger: every revision of a forecast as days lost or won, its sums, and what each milestone was ever promised for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.dates import DateWindow, Precision
from cluster.domain.errors import DomainError
from cluster.domain.slips import SlipSum, sums_by
from cluster.models import SlipReason, User
from cluster.queries.people import sees_people
from cluster.queries.slips import PromiseRow, Slip, SlipLedger, promise_rows, slip_ledger, total_of
from cluster.templatetags.format import month
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import Option, chosen, columns, link, options, ordered, paged, typed
from cluster.web.spreadsheet import csv_response

PAGE = 40
VIEWS = ("revisions", "promises")
# What stands for "the contract as a whole" among factories, and for "nobody" among people.
NONE = "-"
_ORDER: dict[str, Callable[[Slip], Any]] = {
    "on": lambda slip: slip.on,
    "factory": lambda slip: slip.factory_code,
    "milestone": lambda slip: slip.revision.milestone.code,
    "reason": lambda slip: slip.revision.get_reason_display(),
    "before": lambda slip: slip.before,
    "after": lambda slip: slip.revision.new_latest,
    "days": lambda slip: slip.days,
}
_HEADS = [
    ("on", _("Announced"), False),
    ("factory", _("Factory"), False),
    ("milestone", _("Milestone"), False),
    ("reason", _("Reason"), False),
    ("before", _("From"), False),
    ("after", _("To"), False),
    ("days", _("Days lost or won"), True),
]


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a table of sums; `url` shows the rows behind it."""

    label: str
    url: str
    sum: SlipSum


@dataclass(frozen=True, slots=True)
class Sums:
    """One table of sums: by reason, by factory, by month, by responsible."""

    key: str
    title: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Asked:
    """The ledger, the rows that the filters leave, the filters, and whether names are shown."""

    ledger: SlipLedger
    rows: list[Slip]
    factory: str
    reason: str
    month: str
    responsible: str
    text: str
    named: bool

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.factory or self.reason or self.month or self.responsible or self.text)

    @property
    def narrows_milestones(self) -> bool:
        """Whether one of the filters leaves only milestones that moved."""
        return bool(self.reason or self.month)


def _asked(request: HttpRequest, code: str) -> Asked:
    reader = reader_of(request)
    ledger = slip_ledger(reader=reader, contract_code=code, as_of=as_of_from(request))
    named = sees_people(reader, contract_id=ledger.contract.pk)
    factory, reason = request.GET.get("factory", "").strip()[:20], chosen(request, "reason", list(SlipReason.values))
    text, in_month = typed(request), _month_from(request)
    # Who may not see names cannot ask for them either.
    responsible = request.GET.get("responsible", "").strip()[:20] if named else ""
    rows = [
        slip
        for slip in ledger.rows
        if (not factory or slip.factory_code == ("" if factory == NONE else factory))
        and (not reason or slip.revision.reason == reason)
        and (in_month is None or slip.month == in_month)
        and (not responsible or _responsible_key(slip) == responsible)
        and _mentions(slip.revision.milestone, text)
    ]
    written = f"{in_month:%Y-%m}" if in_month else ""
    return Asked(ledger, rows, factory, reason, written, responsible, text, named)


def _month_from(request: HttpRequest) -> date | None:
    text = request.GET.get("month", "").strip()
    if not text:
        return None
    window = DateWindow.parse(text[:20])
    if window.precision is not Precision.MONTH or window.earliest.replace(day=1) != window.latest.replace(day=1):
        raise DomainError("“{text}” is not a month: write 2024-06.", field="month", code="month", text=text[:20])
    return window.earliest


def _mentions(milestone: Any, text: str) -> bool:
    words = f"{milestone.code} {milestone.name_ru} {milestone.name_en}".casefold()
    return all(word in words for word in text.casefold().split())


def _responsible_key(slip: Slip) -> str:
    person = slip.revision.milestone.responsible
    return str(person.pk) if person else NONE


@page
@require_safe
def slips(request: HttpRequest, code: str) -> HttpResponse:
    """The rows that the filters leave with their sums, or (`?view=promises`) what their milestones were promised for by baseline."""
    asked, view = _asked(request, code), chosen(request, "view", VIEWS, "revisions")
    ledger = asked.ledger
    context: dict[str, Any] = {
        "contract": ledger.contract,
        "ledger": ledger,
        "asked": asked,
        "view": view,
        "views": options(
            request, "view", [("revisions", gettext("revisions")), ("promises", gettext("what was promised, under every baseline"))], view
        ),
        "factories": _factories(request, asked),
        "reasons": options(request, "reason", _reasons(ledger), asked.reason),
        "people": options(request, "responsible", _people(asked), asked.responsible) if asked.named else [],
        "reset": link(request, factory=None, reason=None, month=None, responsible=None, q=None),
        "export": reverse("cluster:slips_csv", args=[code]) + ("?" + request.GET.urlencode() if request.GET else ""),
    }
    context |= _promises(request, asked) if view == "promises" else _revisions(request, asked)
    return render(request, "cluster/slips.html", context)


def _revisions(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    sort = chosen(request, "sort", [sign + key for key in _ORDER for sign in ("", "-")], "-on")
    return {
        "total": total_of(asked.rows),
        "sums": _sums(request, asked),
        "columns": columns(request, _HEADS, sort),
        "shown": paged(request, ordered(asked.rows, sort, _ORDER), PAGE),
        "sort": "" if sort == "-on" else sort,
    }


def _promises(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    baselines, promised = promise_rows(reader=reader_of(request), contract=asked.ledger.contract, as_of=asked.ledger.as_of)
    moved = paged(request, sorted(_moved(promised, asked), key=lambda row: -(row.dated.late_days_original or 0)), PAGE)
    rows = [{"dated": row.dated, "dues": [row.dues.get(baseline.pk) for baseline in baselines]} for row in moved]
    return {"baselines": baselines, "moved": moved, "promises": rows}


def _sums(request: HttpRequest, asked: Asked) -> list[Sums]:
    def table(name: str, title: str, key: Callable[[Slip], str], label: Callable[[str], str], *, by_key: bool = False) -> Sums:
        found = sums_by((key(slip), slip.days) for slip in asked.rows)
        keys = sorted(found) if by_key else list(found)
        return Sums(name, title, [Part(label(one), link(request, **{name: one}), found[one]) for one in keys])

    reasons, people = dict(SlipReason.choices), dict(_people(asked))
    tables = [
        table("reason", gettext("By reason"), lambda slip: slip.revision.reason, lambda key: str(reasons[key])),
        table("factory", gettext("By factory"), lambda slip: slip.factory_code or NONE, lambda key: _factory_name(asked.ledger, key)),
        table(
            "month",
            gettext("By month"),
            lambda slip: f"{slip.month:%Y-%m}",
            lambda key: month(date.fromisoformat(f"{key}-01")),
            by_key=True,
        ),
    ]
    if asked.named:
        tables.append(table("responsible", gettext("By responsible"), _responsible_key, lambda key: people.get(key, key)))
    return tables


def _factory_name(ledger: SlipLedger, key: str) -> str:
    if key == NONE:
        return gettext("the contract as a whole")
    factory = next((slip.revision.milestone.factory for slip in ledger.rows if slip.factory_code == key), None)
    return f"{factory.code} {factory.name}" if factory else key


def _factories(request: HttpRequest, asked: Asked) -> list[Option]:
    keys = dict.fromkeys(sorted(slip.factory_code or NONE for slip in asked.ledger.rows)) | ({asked.factory: None} if asked.factory else {})
    choices = [("", gettext("all")), *((key, _factory_name(asked.ledger, key)) for key in keys)]
    return options(request, "factory", choices, asked.factory)


def _reasons(ledger: SlipLedger) -> Sequence[tuple[str, Any]]:
    return [("", gettext("any")), *((key, label) for key, label in SlipReason.choices if key != SlipReason.CONFIRMED)]


def _people(asked: Asked) -> list[tuple[str, str]]:
    found = {_responsible_key(slip): slip.revision.milestone.responsible for slip in asked.ledger.rows}
    names = {key: _name(person) for key, person in found.items()}
    if asked.responsible:
        names.setdefault(asked.responsible, asked.responsible)
    return [("", gettext("any")), *sorted(names.items(), key=lambda item: item[1])]


def _name(person: User | None) -> str:
    return person.get_full_name() or person.username if person else gettext("nobody named")


def _moved(promised: list[PromiseRow], asked: Asked) -> Iterator[PromiseRow]:
    """The milestones of the rows; without a filter on revisions also those that are late or were promised anew without any."""
    moved = {slip.revision.milestone_id for slip in asked.rows}
    for row in promised:
        milestone = row.dated.milestone
        own = not asked.factory or (milestone.factory.code if milestone.factory else NONE) == asked.factory
        wanted = own and _mentions(milestone, asked.text) and not asked.narrows_milestones and not asked.responsible
        anew = len({due.latest for due in row.dues.values()}) > 1
        if milestone.pk in moved or (wanted and (anew or row.dated.late_days_original)):
            yield row


@page
@require_safe
def slips_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The rows that the filters leave, the newest first, as a table for a spreadsheet."""
    asked = _asked(request, code)
    heads = [
        gettext("Announced"), gettext("Factory"), gettext("Milestone"), gettext("Name"), gettext("Reason"), gettext("From"), gettext("To"),
        gettext("Days lost or won"), gettext("Counted from"), gettext("Document"), gettext("Source"), gettext("As of"),
        *([gettext("Responsible")] if asked.named else []),
    ]  # fmt: skip
    ledger = asked.ledger
    return csv_response(
        f"{code}-slips-{ledger.as_of:%Y-%m-%d}", heads, (_cells(slip, asked) for slip in asked.rows), example=ledger.contract.is_example
    )


def _cells(slip: Slip, asked: Asked) -> list[object]:
    revision, milestone = slip.revision, slip.revision.milestone
    return [
        slip.on,
        slip.factory_code,
        milestone.code,
        milestone.name,
        revision.get_reason_display(),
        slip.before or "",
        revision.new,
        "" if slip.days is None else slip.days,
        (gettext("the due date") if slip.is_first else gettext("the forecast before")) if slip.before else "",
        revision.document,
        revision.source or "",
        asked.ledger.as_of,
        *([_name(milestone.responsible)] if asked.named else []),
    ]
