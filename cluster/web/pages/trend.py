"""The milestone trend chart: what was expected of each milestone, report by report."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.charts.trend import trend as trend_chart
from cluster.charts.trend import words_told
from cluster.models import Baseline, Contract, MilestoneKind
from cluster.queries.contracts import contract_for
from cluster.queries.milestones import DatedMilestone, dated_milestones
from cluster.queries.trend import TrendLine, TrendPoint, trend_lines
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, link, options, typed
from cluster.web.lists import AS_OF, Column, Filter, Kind, Listing, opens_saved

# What stands for "the contract as a whole" among the factories, and for every kind.
WHOLE, EVERY = "-", "all"


@dataclass(frozen=True, slots=True)
class Report:
    """What was told of a milestone in the report of one day, and the first that was told of it."""

    line: TrendLine
    point: TrendPoint

    @property
    def moved(self) -> int:
        """Calendar days since the first promise: later when positive."""
        return (self.point.expected - self.line.points[0].expected).days


TREND = Listing(
    page="cluster:trend",
    title=_("Milestone trend"),
    order="usual",
    columns=(
        Column("code", _("Code"), value=lambda row: row.line.dated.milestone.code),
        Column("name", _("Milestone"), value=lambda row: row.line.dated.milestone.name),
        Column("factory", _("Factory"), value=lambda row: _factory_of(row.line.dated) or None),
        Column("reported", _("Report of"), Kind.DATE, lambda row: row.point.reported),
        Column("told", _("What was told"), value=lambda row: words_told()[row.point.told]),
        Column("expected", _("Expected"), Kind.DATE, lambda row: row.point.expected),
        Column("moved", _("Moved since the first promise"), Kind.INTEGER, lambda row: row.moved),
        AS_OF,
    ),
    filters=(
        Filter("q", _("Code or name")),
        Filter("factory", _("Factory"), lambda: [(WHOLE, _("the contract as a whole"))]),
        Filter("kind", _("Kind"), lambda: [(EVERY, _("any")), *MilestoneKind.choices]),
    ),
)


@page
@require_safe
@opens_saved(TREND)
def trend(request: HttpRequest, code: str) -> HttpResponse:
    """The chart of the milestones that the filters leave: the openings, unless another kind is asked for."""
    as_of, listed = as_of_from(request), TREND.asked(request)
    contract, milestones, lines = _asked(request, code)
    kind, factory, text = _kind(request), request.GET.get("factory", "").strip()[:20], typed(request)
    baselines = Baseline.objects.filter(contract=contract, in_force_from__lte=as_of).order_by("in_force_from")
    factories = {one.milestone.factory.code: str(one.milestone.factory.name) for one in milestones if one.milestone.factory}
    named = [
        ("", gettext("all")),
        (WHOLE, gettext("the contract as a whole")),
        *((key, f"{key} {name}") for key, name in factories.items()),
    ]
    if factory and factory not in dict(named):
        named.append((factory, factory))
    context = {
        "contract": contract,
        "listed": listed,
        "chart": trend_chart("trend", lines, [one.in_force_from for one in baselines if one.in_force_from], as_of=as_of) if lines else None,
        "has_milestones": bool(milestones),
        "factories": options(request, "factory", named, factory),
        "kinds": options(request, "kind", [(EVERY, gettext("any")), *MilestoneKind.choices], kind),
        "text": text,
        "reset": link(request, factory=None, kind=None, q=None),
        "every": link(request, factory=None, kind=EVERY, q=None),
        "narrows": bool(factory or text or kind != MilestoneKind.OPENING),
    }
    return render(request, "cluster/trend.html", context)


@page
@require_safe
def trend_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """Every report of every milestone that the filters leave, as a file: the chart draws those that moved most."""
    as_of, listed = as_of_from(request), TREND.asked(request)
    contract, _milestones, lines = _asked(request, code)
    name = f"{code}-trend-{as_of:%Y-%m-%d}"
    return listed.file(form, _reports(lines), name=name, contract=contract, as_of=as_of)


def _asked(request: HttpRequest, code: str) -> tuple[Contract, list[DatedMilestone], list[TrendLine]]:
    """The contract, its milestones, and the lines of those that the filters leave."""
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    kind, factory, text = _kind(request), request.GET.get("factory", "").strip()[:20], typed(request)
    milestones = dated_milestones(reader=reader, as_of=as_of, contract_id=contract.pk)
    wanted = [one for one in milestones if (kind == EVERY or one.milestone.kind == kind) and _fits(one, factory, text)]
    return contract, milestones, trend_lines(wanted, as_of=as_of)


def _reports(lines: list[TrendLine]) -> list[Report]:
    return [Report(line, point) for line in lines for point in line.points]


def _kind(request: HttpRequest) -> str:
    return chosen(request, "kind", [EVERY, *MilestoneKind.values], MilestoneKind.OPENING)


def _factory_of(dated: DatedMilestone) -> str:
    return dated.milestone.factory.code if dated.milestone.factory else ""


def _fits(dated: DatedMilestone, factory: str, text: str) -> bool:
    milestone, of = dated.milestone, _factory_of(dated) or WHOLE
    words = f"{milestone.code} {milestone.name_ru} {milestone.name_en}".casefold()
    return (not factory or of == factory) and all(word in words for word in text.casefold().split())
