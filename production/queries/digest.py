"""Production in a digest: output that came in, and how the year stands against its plan."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from cluster.models import Contract, User
from cluster.queries.digest import STILL_NEWS, Section
from production.models import Output, PlanRevision
from production.queries.output import VEHICLES, bounds


@dataclass(frozen=True, slots=True)
class YearSoFar:
    """Vehicles built in the newest year that is known, and the bounds of its plan in force; None where unknown."""

    contract: Contract
    year: int
    quantity: int | None
    plan: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ProductionNews:
    """The figures recorded in the period, the newest first, and the newest year of each contract."""

    recorded: list[Output]
    years: list[YearSoFar]


def production_section(*, reader: User, since: datetime, until: datetime, as_of: date) -> Section | None:
    """What production adds to a digest: three statements. None where neither news nor a plan for the year is known."""
    rows = Output.objects.for_reader(reader).filter(in_use=True, contract__is_example=False)
    recorded = (
        rows.filter(recorded_at__gt=since, recorded_at__lte=until)
        .filter(Q(announced_latest__isnull=True) | Q(announced_latest__gte=as_of - STILL_NEWS))
        .select_related("contract", "factory", "brand", "vehicle_model__brand")
        .order_by("-year", "-month", "id")
    )
    whole = rows.filter(year__lte=as_of.year, unit=VEHICLES, factory=None, brand=None, vehicle_model=None, segment="").announced_by(as_of)
    sums = (
        whole.order_by("year")
        .values("contract_id", "year")
        .annotate(as_year=Sum("quantity", filter=Q(month=None)), of_months=Sum("quantity"))
    )
    built = {row["contract_id"]: (row["year"], row["as_year"] or row["of_months"]) for row in sums}
    plans = (
        PlanRevision.objects.for_reader(reader).filter(year__lte=as_of.year, in_use=True, contract__is_example=False).announced_by(as_of)
    )
    in_force = {plan.contract: plan for plan in plans.select_related("contract").order_by("year", "announced_latest", "id")}
    years = [_newest_year(contract, plan, *built.get(contract.pk, (0, None))) for contract, plan in in_force.items()]
    news = list(recorded)
    if not news and not years:
        return None
    return Section("emails/sections/production", _("Production"), ProductionNews(news, years), bool(news))


def _newest_year(contract: Contract, plan: PlanRevision, year: int, quantity: int | None) -> YearSoFar:
    """The newest year with a plan or an output: the two stand together only when they are of the same year."""
    newest = max(plan.year, year)
    return YearSoFar(contract, newest, quantity if year == newest else None, bounds(plan) if plan.year == newest else None)
