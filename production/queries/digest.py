"""Production in a digest: output that came in, and how the year stands against its plan."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from cluster.models import Contract
from cluster.models.claim import Qualifier
from cluster.queries.digest import Section
from cluster.queries.digest_brief import Brief, View
from cluster.queries.digest_facts import STILL_NEWS
from cluster.queries.known import as_known
from production.models import Output, PlanRevision
from production.queries.output import OUTPUT_PLACE, PLAN_PLACE, VEHICLES, bounds, is_whole, total


@dataclass(frozen=True, slots=True)
class YearSoFar:
    """Vehicles built in the newest year known, in how many months and in which wording of the source, and the bounds of its plan in force;
    None where unknown.
    """

    contract: Contract
    year: int
    quantity: int | None
    qualifier: str
    plan: tuple[int, int] | None
    months: int


@dataclass(frozen=True, slots=True)
class ProductionNews:
    """The figures recorded in the period, the newest first, and the newest year of each contract."""

    recorded: list[Output]
    years: list[YearSoFar]


def production_section(brief: Brief) -> Section | None:
    """What production adds to a digest: two statements. None where neither news nor a plan for the year is known."""
    news = brief.told(_read, whose=lambda one: one.view)
    if not news.recorded and not news.years:
        return None
    return Section("emails/sections/production", _("Production"), news, bool(news.recorded), ("production", brief.key))


def _read(everybody: Brief, views: Collection[View]) -> Mapping[View, ProductionNews]:
    since, until, as_of = everybody.since, everybody.until, everybody.as_of
    outputs = (
        everybody.of(Output.objects.all())
        .select_related("contract", "factory", "brand", "vehicle_model__brand")
        .order_by("-year", "-month", "id")
    )
    used = [row for row in as_known(outputs, as_of=as_of, place=OUTPUT_PLACE) if row.in_use]
    plans = PlanRevision.objects.for_reader(everybody.reader).filter(year__lte=as_of.year, contract__is_example=False)
    ordered = plans.select_related("contract").order_by("year", "announced_latest", "id")
    in_force = [plan for plan in as_known(ordered, as_of=as_of, place=PLAN_PLACE) if plan.in_use]

    def told(view: View) -> ProductionNews:
        own = [row for row in used if view.tells(row.contract_id, row.factory_id)]
        news = [
            row
            for row in own
            if since < row.recorded_at <= until and (row.announced_latest is None or row.announced_latest >= as_of - STILL_NEWS)
        ]
        newest = {plan.contract: plan for plan in in_force if view.whole(plan.contract_id)}
        return ProductionNews(
            news, [_newest_year(contract, plan, _newest_output(contract, own, as_of)) for contract, plan in newest.items()]
        )

    return {view: told(view) for view in views}


def _newest_output(contract: Contract, used: list[Output], as_of: date) -> list[Output]:
    """The figures of all vehicles in the newest year that has any."""
    own = [row for row in used if row.contract_id == contract.pk and row.factory_id is None and row.unit == VEHICLES and is_whole(row)]
    year = max((row.year for row in own if row.year <= as_of.year), default=0)
    return [row for row in own if row.year == year]


def _newest_year(contract: Contract, plan: PlanRevision, outputs: list[Output]) -> YearSoFar:
    """The newest year with a plan or an output: the two stand together only when they are of the same year."""
    newest = max(plan.year, *(row.year for row in outputs), 0)
    of_year = [row for row in outputs if row.year == newest]
    quantity, months = total(of_year)
    # A sum of months is in nobody's wording.
    wording = next((row.qualifier for row in of_year if row.month is None), Qualifier.EXACT)
    return YearSoFar(contract, newest, quantity, wording, bounds(plan) if plan.year == newest else None, months)
