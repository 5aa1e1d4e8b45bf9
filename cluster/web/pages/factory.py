"""The page of one factory: its facts, milestones, slips, money, and what changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from cluster.charts import Chart, timeline
from cluster.domain.access import Action
from cluster.domain.errors import BatchRefused, DomainError
from cluster.domain.texts import printable
from cluster.models.form_fields import message_of
from cluster.queries.causes import late_because
from cluster.queries.contracts import contract_for
from cluster.queries.earned_value import FactoryEarned, earned_under
from cluster.queries.factories import FactoryStory, MilestoneStory, factory_for, factory_story
from cluster.queries.history import factory_history
from cluster.queries.people import sees_people
from cluster.services.access import require
from cluster.services.forecasts import confirm_forecasts
from cluster.web.discussion import section
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.pages.overview import timeline_rows
from cluster.web.panels import factory_panels

HISTORY_SIZE = 25
# More milestones than these are folded by what they need and not all drawn; more budget lines are summed; of more entries the
# newest are shown.
FOLD_FROM, SUM_FROM, ENTRIES = 12, 24, 15
# Of each group of milestones as many are told here; the schedule's table has all of them. As many forecasts are confirmed at once.
MOST_TOLD, MOST_CONFIRMED = 30, 200


@page
def factory(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """Everything about one factory; what the reader may enter is linked where it belongs."""
    reader, as_of = reader_of(request), as_of_from(request)
    story = factory_story(reader=reader, contract_code=code, factory_code=factory, as_of=as_of, most=MOST_TOLD)
    today = as_of == timezone.localdate()

    def may(action: Action) -> bool:
        return today and reader.scope.may(action, contract=story.contract.pk, factory=story.factory.pk)

    forecasting = may(Action.REVISE_FORECAST)
    earned = _earned(story)
    lasting = [dated for one in story.told if (dated := one.dated).late_days and not dated.is_reached]
    context = {
        "story": story,
        "causes": late_because(lasting, story.contract, reader=reader, today=timezone.localdate(), known=story.milestones),
        "chart": _chart(story),
        "gantt": _gantt_of(story, past=as_of < timezone.localdate()),
        "files": [(form.upper(), _gantt_of(story, past=as_of < timezone.localdate(), form=form)) for form in ("xlsx", "csv")],
        "folded": len(story.milestones) > FOLD_FROM,
        "summed": len(story.budget) > SUM_FROM,
        "visible": story.visible,
        "entries": story.ledger[:ENTRIES],
        "may_forecast": forecasting,
        "to_confirm": _to_confirm(story.told) if forecasting else [],
        "may_pay": may(Action.RECORD_PAYMENT),
        "may_output": may(Action.RECORD_OUTPUT),
        "may_edit": may(Action.EDIT_RECORD),
        "sees_people": sees_people(reader, contract_id=story.contract.pk),
        "discussion": section(request, code, story.factory),
        "earned": earned,
        "earned_problem": message_of(earned.problem) if earned and earned.problem else "",
        "panels": factory_panels(reader, story.factory, as_of),
    }
    return render(request, "cluster/factory.html", context)


def _gantt_of(story: FactoryStory, *, past: bool, form: str = "") -> str:
    """The address of the factory's own Gantt chart on the day shown, or (`form`) of its milestones as a file."""
    asked = {"factory": story.factory.code} | ({"as_of": story.as_of.isoformat()} if past else {})
    place = {"code": story.contract.code} | ({"form": form} if form else {})
    return f"{reverse('cluster:schedule_rows_file' if form else 'cluster:schedule', kwargs=place)}?{urlencode(asked)}"


def _to_confirm(stories: Sequence[MilestoneStory]) -> list[MilestoneStory]:
    """What can be confirmed, what was never confirmed or longest ago first, as many as fit."""
    those = [one for one in stories if _can_be_confirmed(one)]
    those.sort(key=lambda one: one.confirmed.announced.latest if one.confirmed and one.confirmed.announced else date.min)
    return those[:MOST_CONFIRMED]


def _can_be_confirmed(story: MilestoneStory) -> bool:
    forecast = story.dated.forecast
    return not story.dated.is_reached and forecast is not None and forecast.window.latest >= story.dated.as_of


@page
@require_POST
def confirm(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """Record that the forecasts of the ticked milestones of a factory still hold; all of them or none."""
    today, reader = ensure_today(request), reader_of(request)
    found = factory_for(reader, contract_code=code, factory_code=factory)
    require(reader, Action.REVISE_FORECAST, contract=found.contract_id, factory=found.pk)
    ticked = request.POST.getlist("milestone")
    if not ticked:
        messages.warning(request, gettext("Tick the milestones whose forecast still holds."))
        return redirect("cluster:factory", code, factory)
    keys = dict(found.milestones.filter(code__in=ticked).values_list("code", "pk"))
    try:
        done = confirm_forecasts(milestone_ids=[keys.get(one, 0) for one in ticked], by=reader, today=today)
    except BatchRefused as error:
        for number, refusal in error.rows:
            assert isinstance(refusal, DomainError)
            messages.error(request, f"{printable(ticked[number])}: {message_of(refusal)}")
    else:
        sentence = ngettext("%(n)d forecast is confirmed.", "%(n)d forecasts are confirmed.", len(done))
        messages.success(request, sentence % {"n": len(done)})
    return redirect("cluster:factory", code, factory)


def _earned(story: FactoryStory) -> FactoryEarned | None:
    """Its earned value; None where no baseline is in force, or no milestone has a weight."""
    try:
        found = earned_under(story.baseline, contract=story.contract, factories=[story.factory], as_of=story.as_of)
    except DomainError:
        return None
    return next((one for one in found.rows if any(milestone.weight for milestone in one.milestones)), None)


def _chart(story: FactoryStory) -> Chart | None:
    """The promises of the factory and what came of them; None when nothing was promised."""
    # A link from the chart would lead to this very page.
    rows = [replace(row, url="") for row in timeline_rows(story.milestones, code=story.contract.code)]
    return timeline("factory-promises", rows, as_of=story.as_of, most=FOLD_FROM) if rows else None


@page
def factory_changes(request: HttpRequest, code: str, factory: str) -> HttpResponse:
    """Who changed what at one factory: a page of its own, and for htmx only its list."""
    reader = reader_of(request)
    contract_for(reader, code)
    found = factory_for(reader, contract_code=code, factory_code=factory)
    number = _number(request)
    changes = factory_history(reader=reader, factory=found, limit=HISTORY_SIZE + 1, offset=(number - 1) * HISTORY_SIZE)
    context = {
        "factory": found,
        "contract": found.contract,
        "changes": changes[:HISTORY_SIZE],
        "number": number,
        "has_more": len(changes) > HISTORY_SIZE,
        "sees_people": sees_people(reader, contract_id=found.contract_id),
    }
    part = getattr(request, "htmx", False)
    return render(request, "cluster/partials/changes.html" if part else "cluster/factory_changes.html", context)


def _number(request: HttpRequest) -> int:
    """The page asked for; nonsense is the first one, and nobody turns more than ten thousand pages."""
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), 10_000) if text.isdecimal() and len(text) < 10 else 1
