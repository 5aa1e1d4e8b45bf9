"""The page of one milestone: its dates, what it waits for and what waits for it, its place in the schedule, delays and changes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.schedule import Basis
from cluster.models import Milestone, User
from cluster.models.form_fields import message_of
from cluster.queries.causes import causes_of, seen
from cluster.queries.contracts import contract_for
from cluster.queries.factories import MilestoneStory, stories
from cluster.queries.history import record_history
from cluster.queries.links import links_and_flags
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.people import sees_people
from cluster.queries.schedule import schedule_of
from cluster.web.discussion import section
from cluster.web.door import as_of_from, page, reader_of

HISTORY_SIZE = 25


@page
@require_safe
def milestone(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """Everything about one milestone; what the reader may enter is linked where it belongs."""
    reader, as_of = reader_of(request), as_of_from(request)
    story, plan = _story(request, code, milestone)
    found = story.dated.milestone
    named = sees_people(reader, contract_id=found.contract_id)
    before, after, flags = links_and_flags(reader, found, as_of=as_of)
    today = as_of == timezone.localdate()

    def may(action: Action) -> bool:
        return today and reader.scope.may(action, contract=found.contract_id, factory=found.factory_id)

    context = {
        "story": story,
        "milestone": found,
        "contract": found.contract,
        "before": before,
        "after": after,
        "flags": flags,
        "changes": record_history(record=found, limit=HISTORY_SIZE, named=named),
        "sees_people": named,
        "may_edit": may(Action.EDIT_RECORD),
        "may_forecast": may(Action.REVISE_FORECAST),
        "discussion": section(request, code, found),
        **_placed(reader, story, plan),
    }
    return render(request, "cluster/milestone.html", context)


def _story(request: HttpRequest, code: str, milestone_code: str) -> tuple[MilestoneStory, list[DatedMilestone]]:
    """The milestone of the address, or NotFound, and all of its contract, with their dates on the day that is asked for."""
    reader, as_of = reader_of(request), as_of_from(request)
    contract = contract_for(reader, code)
    plan = with_dates(Milestone.objects.filter(contract=contract), as_of=as_of)
    found = [dated for dated in plan if dated.milestone.code == milestone_code and seen(reader, dated.milestone)]
    if not found:
        raise NotFound("There is no milestone “{milestone}”.", field="milestone", milestone=milestone_code)
    return stories(found, as_of=as_of)[0], plan


def milestone_of(reader: User, code: str, milestone_code: str) -> Milestone:
    """The milestone of the address as it stands now, or NotFound."""
    contract = contract_for(reader, code)
    found = Milestone.objects.for_reader(reader).select_related("contract", "factory", "responsible", "actual_source")
    milestone = found.filter(contract=contract, code=milestone_code).first()
    if milestone is None:
        raise NotFound("There is no milestone “{milestone}”.", field="milestone", milestone=milestone_code)
    return milestone


def _placed(reader: User, story: MilestoneStory, milestones: list[DatedMilestone]) -> dict[str, Any]:
    """Where the schedule places the milestone, what pushes it, and why it is late; a sentence instead where the plan is no network."""
    dated = story.dated
    try:
        plan = schedule_of(dated.milestone.contract, as_of=dated.as_of, milestones=milestones)
        key = dated.milestone.pk
        return {
            "placed": plan.schedule.placed(Basis.LOGIC)[key],
            "pushed_to": plan.schedule.knock_on().get(key),
            "cause": causes_of([key], plan.schedule, reader=reader, as_of=dated.as_of, known=milestones).get(key),
        }
    except DomainError as error:
        return {"unplaced": message_of(error)}
