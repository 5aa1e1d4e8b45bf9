"""The milestone trend chart: what was expected of each milestone, report by report."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.charts.trend import trend as trend_chart
from cluster.models import Baseline, MilestoneKind
from cluster.queries.contracts import contract_for
from cluster.queries.milestones import DatedMilestone, dated_milestones
from cluster.queries.trend import trend_lines
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.filters import chosen, link, options, typed

# What stands for "the contract as a whole" among the factories, and for every kind.
WHOLE, EVERY = "-", "all"


@page
@require_safe
def trend(request: HttpRequest, code: str) -> HttpResponse:
    """The chart of the milestones that the filters leave: the openings, unless another kind is asked for."""
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    kind = chosen(request, "kind", [EVERY, *MilestoneKind.values], MilestoneKind.OPENING)
    factory, text = request.GET.get("factory", "").strip()[:20], typed(request)
    milestones = dated_milestones(reader=reader, as_of=as_of, contract_id=contract.pk)
    wanted = [one for one in milestones if (kind == EVERY or one.milestone.kind == kind) and _fits(one, factory, text)]
    lines = trend_lines(wanted, as_of=as_of)
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


def _fits(dated: DatedMilestone, factory: str, text: str) -> bool:
    milestone = dated.milestone
    of = milestone.factory.code if milestone.factory else WHOLE
    words = f"{milestone.code} {milestone.name_ru} {milestone.name_en}".casefold()
    return (not factory or of == factory) and all(word in words for word in text.casefold().split())
