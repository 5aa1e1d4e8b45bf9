"""Revising a forecast: the form, what would follow from the new date, and the page for two people who meet."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow
from cluster.domain.delays import late_days
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.merging import merge
from cluster.models import ForecastRevision, SlipReason, User
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.factories import MilestoneStory, stories
from cluster.queries.knock_on import knock_on
from cluster.queries.milestones import dated_milestones
from cluster.services.access import require
from cluster.services.forecasts import revise_forecast
from cluster.templatetags.format import window as window_in_words
from cluster.web.conflicts import conflict_rows, in_words
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.forms.forecast import FIELDS, ForecastForm, values_of

# Of the milestones that move with one those that move most are shown.
MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Consequence:
    """Days late against a promise, before the change and after it."""

    promised: DateWindow
    before: int
    after: int

    @property
    def change(self) -> int:
        """Days gained (negative) or lost."""
        return self.after - self.before


@page
def forecast(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """The form: show it, preview it, save it, or settle a conflict."""
    today, reader = ensure_today(request), reader_of(request)
    story = _story(reader, code, milestone, today)
    found = story.dated.milestone
    require(reader, Action.REVISE_FORECAST, contract=found.contract_id, factory=found.factory_id)
    newest = story.revisions[-1] if story.revisions else None
    if request.method != "POST":
        initial = {"version": found.version, "seen": newest.pk if newest else 0, "window": newest.new if newest else None}
        return _answer(request, ForecastForm(reader=reader, initial=initial), story, today)
    form = ForecastForm(_with_their_choices(request, story), reader=reader)
    if form.is_valid() and "preview" not in request.POST:
        if _asks_first(request, form, story, today):
            return _answer(request, form, story, today, asks=True)
        try:
            revision = _save(form, found.pk, reader, today)
        except Conflict:
            return _conflict(request, form, _story(reader, code, milestone, today), today)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("The forecast is recorded: %(window)s") % {"window": window_in_words(revision.new)})
            return _after(story)
    return _answer(request, form, story, today, status=422 if form.errors else 200)


@page
@require_safe
def forecast_preview(request: HttpRequest, code: str, milestone: str) -> HttpResponse:
    """What would follow from the window typed so far: the part of the form that htmx asks for."""
    today, reader = ensure_today(request), reader_of(request)
    story = _story(reader, code, milestone, today)
    form = ForecastForm(request.GET, reader=reader)
    form.is_valid()
    problem = " ".join(map(str, form.errors.get("window", [])))
    context = {"contract": story.dated.milestone.contract, "problem": problem, **_follows(request, form.typed_window, story, today)}
    return render(request, "cluster/partials/consequences.html", context)


def consequences(story: MilestoneStory, window: DateWindow | None, today: date) -> list[Consequence]:
    """Late days against the due date and, where it differs, the original one, if `window` became the forecast."""
    dated = story.dated
    if window is None or not dated.milestone.scored or dated.is_reached:
        return []
    current = dated.forecast.window if dated.forecast else None
    promised = [one.window for one in (dated.due, dated.original) if one is not None]
    return [
        Consequence(
            due,
            late_days(due=due, forecast=current, actual=None, as_of=today),
            late_days(due=due, forecast=window, actual=None, as_of=today),
        )
        for due in dict.fromkeys(promised)
    ]


def _follows(request: HttpRequest, window: DateWindow | None, story: MilestoneStory, today: date) -> dict[str, Any]:
    """What follows from a window: late days, what moves with it, and the window itself, which the form sends as shown."""
    context: dict[str, Any] = {"consequences": consequences(story, window, today), "shown": window, "most_shown": MOST_SHOWN}
    if window is None:
        return context
    try:
        follows = knock_on(story.dated.milestone, window.latest, reader=reader_of(request), today=today)
    except DomainError as error:
        return context | {"unplanned": message_of(error)}
    return context | {"knock_on": follows, "more": len(follows.moved) - MOST_SHOWN}


def _asks_first(request: HttpRequest, form: ForecastForm, story: MilestoneStory, today: date) -> bool:
    """Whether the person has to see what follows before it is saved: other milestones move or flags open, and no page showed it yet.

    The part with the consequences carries the window that it is about; what is refused anyway is refused at once.
    """
    window = form.cleaned_data["window"]
    if request.POST.get("shown") == str(window) or form.cleaned_data["version"] != story.dated.milestone.version:
        return False
    try:
        return knock_on(story.dated.milestone, window.latest, reader=reader_of(request), today=today).is_grave
    except DomainError:
        return False


def _story(reader: User, code: str, milestone_code: str, today: date) -> MilestoneStory:
    contract = contract_for(reader, code)
    found = dated_milestones(reader=reader, as_of=today, contract_id=contract.pk, codes=[milestone_code])
    if not found:
        raise NotFound("There is no milestone “{milestone}”.", field="milestone", milestone=milestone_code)
    return stories(found, as_of=today)[0]


def _save(form: ForecastForm, milestone_id: int, reader: User, today: date) -> ForecastRevision:
    data = form.cleaned_data
    return revise_forecast(
        milestone_id=milestone_id,
        window=data["window"],
        reason=data["reason"],
        note=data["note"],
        announced=data["announced"],
        source_id=data["source"].pk if data["source"] else None,
        document=data["document"],
        by=reader,
        version=data["version"],
        today=today,
        request_key=data["request_key"],
    )


def _after(story: MilestoneStory) -> HttpResponse:
    milestone = story.dated.milestone
    if milestone.factory is None:
        return redirect("cluster:contract", milestone.contract.code)
    return redirect("cluster:factory", milestone.contract.code, milestone.factory.code)


def _answer(
    request: HttpRequest,
    form: ForecastForm,
    story: MilestoneStory,
    today: date,
    *,
    window: DateWindow | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    milestone = story.dated.milestone
    context = {
        "form": form,
        "story": story,
        "milestone": milestone,
        "contract": milestone.contract,
        "section": "factories" if milestone.factory else "cluster",
        **_follows(request, window or form.typed_window, story, today),
        **more,
    }
    return render(request, "cluster/forecast_form.html", context, status=status)


def _conflict(request: HttpRequest, form: ForecastForm, story: MilestoneStory, today: date) -> HttpResponse:
    """The page for two: what stood there, theirs, yours; what only one side touched is merged already."""
    theirs, original = _sides(story, form.cleaned_data.get("seen"))
    merged = merge(FIELDS, original=original, theirs=theirs, mine=form.cleaned_data)
    newest = story.revisions[-1] if story.revisions else None
    fresh = ForecastForm(
        reader=reader_of(request),
        initial={
            **{field.name: field.value for field in merged},
            "version": story.dated.milestone.version,
            "seen": newest.pk if newest else 0,
            "request_key": form.cleaned_data["request_key"],
        },
    )
    reasons = dict(SlipReason.choices)
    rows = conflict_rows(
        merged,
        {name: str(form.fields[name].label) for name in FIELDS},
        {"reason": lambda value: str(reasons.get(str(value), in_words(value)))},
    )
    window = next(field.value for field in merged if field.name == "window")
    shown = window if isinstance(window, DateWindow) else None
    return _answer(request, fresh, story, today, window=shown, status=409, conflict=True, rows=rows, newest=newest)


def _sides(story: MilestoneStory, seen: int | None) -> tuple[dict[str, object], dict[str, object]]:
    """The fields as they stand now, and as the form showed them when it was opened."""
    shown = next((r.new for r in story.revisions if r.pk == seen), None)
    original = values_of(None, opened_with=shown)
    newer = [r for r in story.revisions if r.pk > (seen or 0)]
    return (values_of(newer[-1]) if newer else original), original


def _with_their_choices(request: HttpRequest, story: MilestoneStory) -> Any:
    """What was sent; where the person chose the other side's value on the conflict page, that value instead."""
    data = request.POST.copy()
    newest = story.revisions[-1] if story.revisions else None
    if newest is None or data.get("seen") != str(newest.pk):
        return data
    theirs = values_of(newest)
    for name in FIELDS:
        if data.get(f"take_{name}") != "theirs":
            continue
        value = theirs[name]
        if isinstance(value, DateWindow) or name in ("window", "announced"):
            data[f"{name}_date"], data[f"{name}_precision"] = (
                (str(value), value.precision.value) if isinstance(value, DateWindow) else ("", "")
            )
        else:
            data[name] = str(getattr(value, "pk", value) or "")
    return data
