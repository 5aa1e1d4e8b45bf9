"""The cluster page: where one contract stands on a day."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cluster.charts import Chart, Level, MoneyBar, TimelineRow, money_bar, steps, timeline
from cluster.domain.dates import DateWindow
from cluster.domain.exchange import Basis
from cluster.domain.outlook import Total, total_of
from cluster.domain.stages import Stage
from cluster.models import Claim, Factory, Figure, MilestoneKind, User
from cluster.queries.causes import LateBecause, late_because
from cluster.queries.changes import ChangesOfKind, changes_since, last_visit
from cluster.queries.contracts import Overview, overview
from cluster.queries.milestones import DatedMilestone
from cluster.queries.money import Money, money_in
from cluster.queries.people import sees_people
from cluster.queries.rates import RateStatus
from cluster.templatetags.bases import basis_words
from cluster.templatetags.format import claim_value
from cluster.web.amounts import InDollars, agreed, less, reporting, summed
from cluster.web.context import Frame
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.figures import Shown, shown
from cluster.web.panels import panels

WORST = 5
# What stays in the slip chart however many promises there are.
_MAIN_KINDS = (MilestoneKind.OPENING, MilestoneKind.CONTRACT_PROMISE)


@dataclass(frozen=True, slots=True)
class Tile:
    """One money figure: roubles (None: not published), dollars by basis, the claim behind it and its rivals."""

    key: str
    label: str
    rub: Decimal | None
    dollars: list[InDollars]
    note: str = ""
    claim: Claim | None = None
    rivals: list[Claim] | None = None
    none: str = ""


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A figure on which sources disagree: what is in use, and each other value once."""

    subject: str
    in_use: str
    others: list[str]


@page
def contract(request: HttpRequest, code: str) -> HttpResponse:
    """Money, factories, what is late, the promises on a timeline, and the panels of other applications."""
    as_of, reader = as_of_from(request), reader_of(request)
    state = overview(reader=reader, contract_code=code, as_of=as_of)
    frame = Frame(request)
    rows = timeline_rows(state.milestones, code=code, query=frame.as_of_query)
    money = money_in(
        reader=reader,
        contract=state.contract,
        factories=[row.factory for row in state.rows],
        commitment=state.commitment,
        as_of=as_of,
    )
    total = total_of(money.cells)
    since, changes = _changes(reader, state)
    context = {
        "frame": frame,
        "since": since,
        "changes": changes,
        "state": state,
        "stages": _stages(state),
        "unnamed": sum(row.factory.membership == Factory.Membership.PLACEHOLDER for row in state.rows),
        "worst": _worst(reader, state),
        "sees_people": sees_people(reader, contract_id=state.contract.pk),
        "tiles": _tiles(state, total, money, frame.rate),
        "outlook": _outlook(money, total, frame),
        "money": _money_bar(state),
        "timeline": timeline("promises", rows, as_of=as_of) if rows else None,
        "growth": _growth(state),
        "disputes": _disputes(state),
        "panels": panels(reader, state.contract.pk, as_of),
    }
    return render(request, "cluster/contract.html", context)


def _changes(reader: User, state: Overview) -> tuple[datetime | None, list[ChangesOfKind]]:
    """When the reader was here last, and what changed since; of a past day, and on the first visit, nothing is told."""
    if state.as_of < timezone.localdate():
        return None, []
    since = last_visit(reader, state.contract, now=timezone.now())
    return since, changes_since(reader, state.contract, since) if since else []


def _worst(reader: User, state: Overview) -> list[tuple[DatedMilestone, LateBecause | None]]:
    """The worst delays, each with its cause where the schedule knows it."""
    worst = state.late[:WORST]
    lasting = [late for late in worst if not late.is_reached]
    why = late_because(lasting, state.contract, reader=reader, today=timezone.localdate(), known=state.milestones)
    return [(late, why.get(late.milestone.pk)) for late in worst]


def timeline_rows(milestones: list[DatedMilestone], *, code: str, query: str = "") -> list[TimelineRow]:
    """The judged milestones that were promised for a date, as the slip chart takes them."""

    @cache
    def page_of(factory: str) -> str:
        return reverse("cluster:factory", args=[code, factory]) + query

    found = []
    for dated in milestones:
        if dated.original is None or not dated.milestone.scored:
            continue
        factory = dated.milestone.factory
        found.append(
            TimelineRow(
                name=str(dated.milestone.name),
                owner=factory.code if factory else "",
                promised=dated.original.window,
                forecast=dated.forecast.window if dated.forecast else None,
                actual=dated.actual.window if dated.actual else None,
                late=dated.late_days_original or 0,
                url=page_of(factory.code) if factory else "",
                is_main=dated.milestone.kind in _MAIN_KINDS,
            )
        )
    return found


def _stages(state: Overview) -> list[tuple[Stage, int]]:
    """How many factories stand in each stage; stages without any are left out."""
    return [(stage, n) for stage in reversed(Stage) if (n := sum(row.stage is stage for row in state.rows))]


def _tiles(state: Overview, total: Total, money: Money, status: RateStatus) -> list[Tile]:
    rate, stale = status.rate, status.stale
    visible = list(money.dollars.values())

    def dollars(*parts: InDollars | None) -> list[InDollars]:
        return [part for part in parts if part is not None]

    def of_claim(key: str, label: str, claim: Claim | None) -> Tile:
        value = claim.value if claim else None
        return Tile(
            key=key,
            label=label,
            rub=value,
            dollars=dollars(agreed(claim, as_of=state.as_of), reporting(value, rate, stale=stale)),
            claim=claim,
            rivals=state.figures.competing(claim) if claim else [],
            none=hidden,
        )

    hidden = _("not shown to your role") if state.is_partial else ""
    budgets = sum(row.budget_rub is not None for row in state.rows)
    allocated = state.allocated_rub if budgets else None
    committed = state.commitment.value if state.commitment else None
    # Sums of rounded rows, as on the page of the money; what is not allocated is the difference, so that the three add up.
    allocated_agreed, allocated_now = summed((d.budget for d in visible), Basis.CONTRACT), None
    if allocated is not None and total.budget_reporting_usd is not None:
        allocated_now = InDollars(total.budget_reporting_usd, Basis.REPORTING, rate, stale)
    whole_agreed, whole_now = agreed(state.commitment, as_of=state.as_of), reporting(committed, rate, stale=stale)
    rest = dollars(less(whole_agreed, allocated_agreed), less(whole_now, allocated_now)) if budgets else dollars(whole_agreed, whole_now)
    return [
        of_claim("k1", _("Committed"), state.commitment),
        Tile(
            key="k2",
            label=_("Allocated"),
            rub=allocated,
            dollars=dollars(allocated_agreed, allocated_now),
            note=_("Budgets are published for {known} of {all} factories.").format(known=budgets, all=len(state.rows)),
        ),
        Tile(
            key="",
            label=_("Not allocated"),
            rub=state.not_allocated_rub,
            dollars=rest,
            note="" if state.is_partial else _("Committed less allocated: no published budget of a factory explains it."),
            none=hidden,
        ),
        Tile(
            key="k4",
            label=_("Paid"),
            rub=state.paid_rub or None,
            dollars=dollars(summed((d.paid for d in visible), Basis.PAYMENT)),
            note=_("Payments recorded here.") if state.paid_rub else _("The ledger starts with the first payment entered here."),
            none=_("nothing recorded"),
        ),
        of_claim("k3", _("Invested"), state.invested),
    ]


def _outlook(money: Money, total: Total, frame: Frame) -> list[Shown]:
    """What it will have cost, and why that is not the budget; empty where no budget was published."""
    if not total.lines:
        return []
    return [shown(name, money, total, frame, basis=basis_words(name, money, money.cells)) for name in ("outlook", "real", "fx")]


def _money_bar(state: Overview) -> Chart | None:
    commitment = state.commitment
    if commitment is None or not commitment.value:
        return None
    low, high = _span(state, state.invested)
    return money_bar("money", MoneyBar(commitment.value, state.allocated_rub, state.paid_rub, low, high))


def _growth(state: Overview) -> Chart | None:
    committed = _levels(state, Figure.COMMITMENT)
    return steps("growth", committed, _levels(state, Figure.INVESTED_TO_DATE), as_of=state.as_of) if committed else None


def _levels(state: Overview, figure: Figure) -> list[Level]:
    """The claims in use as levels, each at the start of its time, but a sum "to date" at the end of it."""
    found = []
    for claim in state.figures.history(figure):
        valid: DateWindow | None = claim.valid or claim.announced
        if claim.value is None or valid is None or claim.unit != "RUB":
            continue
        low, high = _span(state, claim) if figure is Figure.INVESTED_TO_DATE else (None, None)
        on = valid.latest if figure is Figure.INVESTED_TO_DATE else valid.earliest
        found.append(Level(min(on, state.as_of), claim.value, claim.qualifier, low, high))
    return found


def _disputes(state: Overview) -> list[DisputeRow]:
    """Numbers before words, the contract's own figures before those of factories."""
    found = sorted(state.figures.disputes(), key=lambda d: (d.others[0].value is None, d.others[0].factory_id is not None))
    rows = []
    for dispute in found:
        claim = dispute.in_use or dispute.others[0]
        used = claim_value(dispute.in_use)
        others = dict.fromkeys(claim_value(other) for other in dispute.others)
        subject = " ".join(part for part in (claim.factory.code if claim.factory else "", str(dispute.figure.label)) if part)
        others.pop(used, None)
        rows.append(DisputeRow(subject, used, list(others)))
    return rows


def _span(state: Overview, claim: Claim | None) -> tuple[Decimal | None, Decimal | None]:
    """The least and the most that sources say for the time of a claim."""
    if claim is None or claim.value is None:
        return None, None
    values = [claim.value, *(c.value for c in state.figures.competing(claim) if c.value is not None and c.unit == claim.unit)]
    return min(values), max(values)
