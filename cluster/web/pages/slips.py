"""The slip ledger: every revision of a forecast as days lost or won, its sums, and what each milestone was ever promised for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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
from cluster.web.filters import Option, chosen, link, options, paged, typed
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listed, Listing, opens_saved

PAGE = 40
VIEWS = ("revisions", "promises")
# What stands for "the contract as a whole" among factories, and for "nobody" among people.
NONE = "-"


def _counted_from(slip: Slip) -> str | None:
    if not slip.before:
        return None
    return gettext("the due date") if slip.is_first else gettext("the forecast before")


SLIPS = Listing(
    page="cluster:slips",
    title=_("Slips"),
    order="-on",
    columns=(
        Column("on", _("Announced"), Kind.DATE, lambda slip: slip.on, by=lambda slip: slip.on),
        Column("factory", _("Factory"), value=lambda slip: slip.factory_code, by=lambda slip: slip.factory_code or None),
        Column(
            "milestone",
            _("Milestone"),
            value=lambda slip: slip.revision.milestone.code,
            by=lambda slip: slip.revision.milestone.code,
        ),
        Column("name", _("Name"), value=lambda slip: slip.revision.milestone.name, on_page=False),
        Column(
            "reason",
            _("Reason"),
            value=lambda slip: slip.revision.get_reason_display(),
            by=lambda slip: str(slip.revision.get_reason_display()),
        ),
        Column("before", _("From"), Kind.DATE, lambda slip: slip.before, by=lambda slip: slip.before),
        Column("after", _("To"), Kind.DATE, lambda slip: slip.revision.new, by=lambda slip: slip.revision.new_latest),
        Column("days", _("Days lost or won"), Kind.INTEGER, lambda slip: slip.days, by=lambda slip: slip.days, total=True),
        Column("counted_from", _("Counted from"), value=_counted_from, on_page=False),
        Column("document", _("Document"), value=lambda slip: slip.revision.document, on_page=False),
        Column("source", _("Source"), value=lambda slip: slip.revision.source),
        AS_OF,
        Column(
            "responsible",
            _("Responsible"),
            value=lambda slip: _name(slip.revision.milestone.responsible),
            by=lambda slip: _name(slip.revision.milestone.responsible).casefold() if slip.revision.milestone.responsible else None,
        ),
    ),
    filters=(
        Filter("q", _("Code or name")),
        Filter("factory", _("Factory"), lambda: [(NONE, _("the contract as a whole"))]),
        Filter("reason", _("Reason"), lambda: SlipReason.choices),
        Filter("month", _("Month")),
        Filter("responsible", _("Responsible")),
    ),
)


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
    listed: Listed

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
    people = [(_responsible_key(slip), _name(slip.revision.milestone.responsible)) for slip in ledger.rows] if named else []
    mine = replace(SLIPS, filters=[replace(one, choices=lambda: people) if one.name == "responsible" else one for one in SLIPS.filters])
    listed = (mine if named else SLIPS.without("responsible")).asked(request)
    return Asked(ledger, listed.ordered(rows), factory, reason, written, responsible, text, named, listed)


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
@opens_saved(SLIPS)
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
        "listed": asked.listed,
    }
    context |= _promises(request, asked) if view == "promises" else _revisions(request, asked)
    return render(request, "cluster/slips.html", context)


def _revisions(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    return {
        "total": total_of(asked.rows),
        "sums": _sums(request, asked),
        "shown": paged(request, asked.rows, PAGE),
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
def slips_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The rows that the filters leave, as a file."""
    asked = _asked(request, code)
    ledger = asked.ledger
    name = f"{code}-slips-{ledger.as_of:%Y-%m-%d}"
    return asked.listed.file(form, asked.rows, name=name, contract=ledger.contract, as_of=ledger.as_of)
