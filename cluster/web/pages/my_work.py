"""My work: what is asked of the reader now, across all contracts, and the two forms that answer most of it at once.

It stands by kinds, with the forms, or (`?view=list`) as one list to sort, to narrow, to save views of and to take away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from cluster.domain.access import Action, Role
from cluster.domain.errors import BatchRefused, DomainError
from cluster.models import Contract, Factory
from cluster.models.form_fields import message_of
from cluster.queries import my_work as queries
from cluster.services.delays import acknowledge_flags
from cluster.services.forecasts import confirm_forecasts
from cluster.templatetags.story import kind_word
from cluster.web.context import Frame
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.filters import chosen, options, typed
from cluster.web.forms.acknowledgement import AcknowledgementForm
from cluster.web.lists import Column, Filter, Kind, Listing, opens_saved

# No id is longer; what is, names nothing.
_LONGEST_ID = 18
# Who may do none of these is never asked for anything.
_ANSWERS = (Action.REVISE_FORECAST, Action.EDIT_RECORD, Action.APPROVE_BASELINE, Action.RUN_JOB)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is asked: of which kind, about what, and by when or since when; `number` where it is several of a kind."""

    kind: Any
    what: str | None = None
    contract: Contract | None = None
    factory: Factory | None = None
    day: date | None = None
    number: int = 1
    url: str = ""


def _contract(ask: Ask) -> str | None:
    return ask.contract.code if ask.contract else None


def _factory(ask: Ask) -> str | None:
    return ask.factory.code if ask.factory else None


MY_WORK = Listing(
    page="cluster:my_work",
    title=_("My work"),
    order="usual",
    columns=(
        Column("kind", _("Kind"), value=lambda ask: ask.kind, by=lambda ask: str(ask.kind).casefold()),
        Column("what", _("What it is about"), value=lambda ask: ask.what, by=lambda ask: ask.what),
        Column("contract", _("Contract"), value=_contract, by=_contract),
        Column("factory", _("Factory"), value=_factory, by=_factory),
        Column("day", _("By or since"), Kind.DATE, lambda ask: ask.day, by=lambda ask: ask.day),
        Column("number", _("How many"), Kind.INTEGER, lambda ask: ask.number, by=lambda ask: ask.number),
        Column(
            "example",
            _("Example"),
            value=lambda ask: gettext("not real figures") if ask.contract and ask.contract.is_example else None,
            on_page=False,
        ),
    ),
    filters=(Filter("of", _("Contract")), Filter("q", _("What it is about"))),
)


@page
@require_safe
def my_work_file(request: HttpRequest, form: str) -> HttpResponse:
    """What the page shows as one list."""
    reader = reader_of(request)
    work = queries.my_work(reader, today=timezone.localdate(), counts=Frame(request).asked)
    listed = MY_WORK.asked(request)
    return listed.file(form, listed.ordered(_narrowed(request, list(_asks(work)))), name="my-work")


def _narrowed(request: HttpRequest, asks: list[Ask]) -> list[Ask]:
    """Those of the contract and with the words that the address asks for."""
    of, words = request.GET.get("of", "").strip(), typed(request).casefold().split()
    return [
        ask
        for ask in asks
        if (not of or _contract(ask) == of)
        and all(word in f"{ask.kind} {ask.what or ''} {_factory(ask) or ''}".casefold() for word in words)
    ]


def _asks(work: queries.MyWork) -> Iterator[Ask]:
    """Everything of the page in its order."""
    for told in sorted(work.forecasts, key=lambda one: one.can_be_confirmed):
        milestone, kind = told.dated.milestone, _("forecast to confirm") if told.can_be_confirmed else _("forecast to revise")
        day = None if told.ends == date.max else told.ends
        url = reverse("cluster:revise_forecast", args=[milestone.contract.code, milestone.code])
        yield Ask(kind, f"{milestone.code} {milestone.name}", milestone.contract, milestone.factory, day, url=url)
    for one in work.flags:
        url = reverse("cluster:delay", args=[one.flag.contract.code, one.flag.pk])
        yield Ask(kind_word(one.row.kind), one.name, one.flag.contract, one.flag.factory, one.row.since, url=url)
    for report in work.reports:
        duty = report.duty
        url = reverse("cluster:reporting", args=[duty.contract.code])
        yield Ask(_("report owed"), duty.get_kind_display(), duty.contract, duty.factory, report.due_on, url=url)
    for baseline in work.baselines:
        url = reverse("cluster:baseline", args=[baseline.contract.code, baseline.pk])
        yield Ask(_("baseline to approve"), baseline.name, baseline.contract, url=url)
    for disputed in work.contradictions:
        url = reverse("cluster:undecided", args=[disputed.contract.code])
        yield Ask(_("figures to decide"), None, disputed.contract, number=disputed.count, url=url)
    for job in work.jobs:
        on, url = timezone.localdate(job.scheduled_for), reverse("cluster:job", args=[job.pk])
        yield Ask(_("job given up"), job.get_name_display(), day=on, url=url)
    for run in work.simulations:
        url = reverse("cluster:risk_run", args=[run.contract.code, run.pk])
        yield Ask(_("simulation finished"), None, run.contract, day=timezone.localdate(run.finished_at), url=url)
    several = {
        queries.Asked.RATES: (_("rates to decide"), reverse("cluster:rates") + "#quarantine"),
        queries.Asked.LETTERS: (_("letters to decide"), reverse("cluster:outbox") + "?state=asks"),
        queries.Asked.SUSPENSIONS: (_("people whose letters kept coming back"), reverse("cluster:outbox") + "#suspended"),
    }
    yield from (Ask(words, number=work.counts.of[kind], url=url) for kind, (words, url) in several.items() if work.counts.of[kind])


@page
@require_safe
@opens_saved(MY_WORK)
def my_work(request: HttpRequest) -> HttpResponse:
    """Forecasts to confirm or revise, delays to take note of, decisions that wait; `?view=list`: all of it as one list."""
    view = chosen(request, "view", ["list"])
    if view and not reader_of(request).scope.is_empty:
        return _as_list(request)
    return _answer(request, AcknowledgementForm())


def _as_list(request: HttpRequest) -> HttpResponse:
    frame, listed = Frame(request), MY_WORK.asked(request)
    asks = list(_asks(queries.my_work(reader_of(request), today=timezone.localdate(), counts=frame.asked)))
    contracts = {ask.contract.code: str(ask.contract.name) for ask in asks if ask.contract}
    choices = [("", gettext("all")), *sorted(contracts.items(), key=lambda one: one[1])]
    context = {
        "frame": frame,
        "listed": listed,
        "known": asks,
        "asks": listed.ordered(_narrowed(request, asks)),
        "contracts": options(request, "of", choices, request.GET.get("of", "").strip()),
        "text": typed(request),
    }
    return render(request, "cluster/my_work_list.html", context)


@page
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Record that the forecasts of the ticked milestones still hold; all of them or none."""
    today, reader = ensure_today(request), reader_of(request)
    ticked = _ticked(request, "milestone")
    if not ticked:
        messages.warning(request, gettext("Tick the milestones whose forecast still holds."))
        return redirect("cluster:my_work")
    try:
        done = confirm_forecasts(milestone_ids=ticked, by=reader, today=today)
    except BatchRefused as error:
        for sentence in _sentences(error):
            messages.error(request, sentence)
    else:
        sentence = ngettext("%(n)d forecast is confirmed.", "%(n)d forecasts are confirmed.", len(done))
        messages.success(request, sentence % {"n": len(done)})
    return redirect("cluster:my_work")


@page
@require_POST
def acknowledge(request: HttpRequest) -> HttpResponse:
    """Take note of the ticked delays, for one reason and until one day; of all of them or of none."""
    today, reader = ensure_today(request), reader_of(request)
    ticked = _ticked(request, "flag")
    form = AcknowledgementForm(request.POST)
    if form.is_valid() and not ticked:
        form.add_error(None, gettext("Tick the delays that you take note of."))
    if form.is_valid():
        try:
            done = acknowledge_flags(
                flag_ids=ticked, reason=form.cleaned_data["reason"], until=form.cleaned_data["until"], by=reader, today=today
            )
        except BatchRefused as error:
            for sentence in _sentences(error):
                form.add_error(None, sentence)
        except DomainError as error:
            form.refuse(error)
        else:
            sentence = ngettext("%(n)d delay is acknowledged.", "%(n)d delays are acknowledged.", len(done))
            messages.success(request, sentence % {"n": len(done)})
            return redirect("cluster:my_work")
    return _answer(request, form, ticked, status=422)


def _answer(request: HttpRequest, form: AcknowledgementForm, ticked: list[int] | None = None, *, status: int = 200) -> HttpResponse:
    reader, frame = reader_of(request), Frame(request)
    if reader.scope.is_empty:
        return render(request, "cluster/nothing.html")
    work = queries.my_work(reader, today=timezone.localdate(), counts=frame.asked)
    context = {
        "frame": frame,
        "work": work,
        "listed": MY_WORK.asked(request),
        "to_confirm": [one for one in work.forecasts if one.can_be_confirmed],
        "to_tell": [one for one in work.forecasts if not one.can_be_confirmed],
        "form": form,
        "ticked": ticked or [],
        "only_reads": all(reader.scope.allowing(action).is_empty for action in _ANSWERS),
        "manages": not reader.scope.held_as(Role.MANAGER).is_empty,
        "sees_everything": reader.scope.sees_everything,
    }
    return render(request, "cluster/my_work.html", context, status=status)


def _ticked(request: HttpRequest, name: str) -> list[int]:
    """The ids of the ticked boxes; what is no id becomes one that nothing has."""
    texts = request.POST.getlist(name)
    return list(dict.fromkeys(int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else 0 for text in texts))


def _sentences(refused: BatchRefused) -> list[str]:
    """Why, each reason once."""
    return list(dict.fromkeys(message_of(error) for _number, error in refused.rows if isinstance(error, DomainError)))
