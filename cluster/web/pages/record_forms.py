"""Writing the record: sources, claims, and which of competing claims is in use; the rivals stand side by side."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.domain.exchange import convert_rub, convert_usd
from cluster.models import Claim, Contract, ExchangeRate, Factory, Milestone, Source, User
from cluster.models.form_fields import message_of
from cluster.queries.claims import Choice, choices_made, claim_for, side_by_side, state_of
from cluster.queries.contracts import contract_for
from cluster.queries.figures import figures
from cluster.queries.people import sees_people
from cluster.queries.rates import rate_in_force
from cluster.queries.record import source_for
from cluster.services.access import require
from cluster.services.records import change_record
from cluster.services.sources import add_source, choose_claim, record_claim, withdraw_choice
from cluster.templatetags.format import claim_value
from cluster.web.door import ensure_today, page, reader_of
from cluster.web.editing import Editing, adding, changing
from cluster.web.forms.record import ChoiceForm, ClaimEchoForm, ClaimForm, NewSourceForm, SourceForm


@dataclass(frozen=True, slots=True)
class ClaimEcho:
    """What a number of a claim was understood to be; a sum in roubles and dollars at the rate of the day it was announced."""

    says: str
    on: date
    rub: Decimal | None = None
    usd: Decimal | None = None
    rate: ExchangeRate | None = None


@page
def new_source(request: HttpRequest, code: str) -> HttpResponse:
    """A source to add: a publication that everybody sees, or a document of the contract or of a factory."""
    today, reader = ensure_today(request), reader_of(request)
    contract = contract_for(reader, code)
    owners = _owners(reader, contract)
    if not owners:
        require(reader, Action.EDIT_RECORD, contract=contract.pk)
    context = _context(contract, gettext("New source"), gettext("Add the source")) | {"today": today}

    def save(values: dict[str, Any], _version: int, reason: str) -> Source:
        belongs = values.pop("belongs")
        factory = None if belongs in (NewSourceForm.PUBLIC, NewSourceForm.CONTRACT) else int(belongs)
        owner = {} if belongs == NewSourceForm.PUBLIC else {"contract_id": contract.pk}
        return add_source({**values, **owner, **({"factory_id": factory} if factory else {})}, by=reader, reason=reason)

    def done(saved: Source) -> str:
        messages.success(request, gettext("“%(source)s” is added: say what it claims.") % {"source": saved.title})
        return reverse("cluster:source", args=[code, saved.key])

    return adding(request, Editing(partial(NewSourceForm, owners=owners), NewSourceForm.columns, context), save, done)


@page
def edit_source(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """What is known of a source; whom it belongs to stays."""
    ensure_today(request)
    reader = reader_of(request)
    contract, found = contract_for(reader, code), source_for(reader, key)
    require(reader, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    back = reverse("cluster:source", args=[code, key])
    context = _context(contract, gettext("Change the source"), back=back) | {"up": found.key, "up_url": back}

    def save(values: dict[str, Any], version: int, reason: str) -> Source:
        return change_record(found, values, by=reader, version=version, change_reason=reason)

    def done(saved: Source) -> str:
        messages.success(request, gettext("Saved: %(record)s.") % {"record": saved.title})
        return back

    return changing(request, found, Editing(SourceForm, SourceForm.columns, context), save, done)


@page
def new_claim(request: HttpRequest, code: str) -> HttpResponse:
    """What a source says of a figure. `?factory=`, `?source=` and `?figure=` of the address are filled in."""
    today, reader = ensure_today(request), reader_of(request)
    contract = contract_for(reader, code)
    offered = _offered(reader, contract)
    factory = offered["factories"].filter(code=request.GET.get("factory", "")[:40]).first()
    require(reader, Action.EDIT_RECORD, contract=contract.pk, factory=factory.pk if factory else None)
    back = reverse("cluster:factory", args=[code, factory.code]) if factory else reverse("cluster:record", args=[code])
    context = _context(contract, gettext("New claim"), gettext("Record the claim"), back=back)

    def save(values: dict[str, Any], _version: int, reason: str) -> Claim:
        return record_claim({"contract_id": contract.pk, **values}, by=reader, reason=reason)

    def done(saved: Claim) -> str:
        if saved.in_use:
            messages.success(request, gettext("Recorded and in use: %(claim)s.") % {"claim": _in_words(saved)})
            return reverse("cluster:source", args=[code, saved.source.key])
        messages.success(
            request, gettext("Recorded: %(claim)s. Others compete with it: choose the one in use.") % {"claim": _in_words(saved)}
        )
        return reverse("cluster:choose_claim", args=[code, saved.pk])

    source = Source.objects.for_reader(reader).filter(key=request.GET.get("source", "")[:60]).first()
    initial = {"factory": factory, "source": source, "figure": request.GET.get("figure", "")}
    editing = Editing(partial(ClaimForm, **offered), ClaimForm.columns, context, _checked, beside=partial(_beside, code, today))
    return adding(request, editing, save, done, initial)


@page
def edit_claim(request: HttpRequest, code: str, claim_id: int) -> HttpResponse:
    """What was entered wrongly of a claim: correct it. What another source says is another claim."""
    today, reader, found = _claim(request, code, claim_id)
    back = reverse("cluster:source", args=[code, found.source.key])
    context = _context(found.contract, gettext("Correct the claim"), back=back) | {"eyebrow": _place_of(found)}
    context["lede"] = gettext("For what was entered wrongly. What another source says, or the same one later, is a claim of its own.")

    def save(values: dict[str, Any], version: int, reason: str) -> Claim:
        return change_record(found, values, by=reader, version=version, change_reason=reason)

    def done(saved: Claim) -> str:
        messages.success(request, gettext("Saved: %(record)s.") % {"record": _in_words(saved)})
        return reverse("cluster:source", args=[code, saved.source.key])

    make = partial(ClaimForm, **_offered(reader, found.contract), unit=found.unit)
    editing = Editing(make, ClaimForm.columns, context, _checked, beside=partial(_beside, code, today))
    return changing(request, found, editing, save, done)


@page
@require_safe
def claim_echo(request: HttpRequest, code: str) -> HttpResponse:
    """What was typed so far means: the part of the form that htmx asks for."""
    today, reader = ensure_today(request), reader_of(request)
    contract_for(reader, code)
    form = ClaimEchoForm(request.GET)
    form.is_valid()
    problem = " ".join(map(str, form.errors.get("value", []))) if request.GET.get("value") else ""
    return render(request, "cluster/partials/claim_echo.html", {"echo": _echo(form.cleaned_data, today), "problem": problem})


@page
@require_safe
def undecided(request: HttpRequest, code: str) -> HttpResponse:
    """The way to the first figure that waits for a decision; to the record where none does."""
    reader, today = reader_of(request), ensure_today(request)
    contract = contract_for(reader, code)
    waiting = next((one for one in figures(reader=reader, contract_id=contract.pk, as_of=today).disputes() if one.in_use is None), None)
    if waiting is None:
        return redirect("cluster:record", code)
    return redirect("cluster:choose_claim", code, waiting.others[0].pk)


@page
def choose(request: HttpRequest, code: str, claim_id: int) -> HttpResponse:
    """Claims that compete, side by side: put one in use with a reason, or leave the figure undecided. `?claim=` and `?undo=` fill in."""
    _today, reader, found = _claim(request, code, claim_id)
    claims, version = side_by_side(found), state_of(found)
    made = choices_made(claims, named=sees_people(reader, contract_id=found.contract_id))
    context: dict[str, Any] = {"contract": found.contract, "claim": found, "claims": claims, "made": made, "place": _place_of(found)}
    if request.method != "POST":
        form = ChoiceForm(claims=claims, initial={"version": version, **_filled_in(request, claims, made)})
        return render(request, "cluster/choose_claim.html", {**context, "form": form})
    form = ChoiceForm(request.POST, claims=claims)
    if form.is_valid():
        given = form.cleaned_data
        seen, reasons = given["version"] or 0, {"reason_ru": given["reason_ru"], "reason_en": given["reason_en"]}
        try:
            if given["claim"] == ChoiceForm.NONE:
                reason = given["reason_ru"] or given["reason_en"]
                withdraw_choice(claim_id=found.pk, reason=reason, by=reader, version=seen)
                told = gettext("None of the claims is in use any more.")
            else:
                chosen = choose_claim(claim_id=int(given["claim"]), by=reader, version=seen, **reasons)
                told = gettext("In use now: %(claim)s.") % {"claim": _in_words(chosen)}
        except Conflict as error:
            fresh = ChoiceForm(claims=claims, initial={**form.texts, "version": version})
            return render(request, "cluster/choose_claim.html", {**context, "form": fresh, "stale": message_of(error)}, status=409)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _told(told, code, found))
            return redirect("cluster:record", code)
    return render(request, "cluster/choose_claim.html", {**context, "form": form}, status=422)


def _told(sentence: str, code: str, claim: Claim) -> str:
    """What was decided, with the ways on: take it back, or decide the next one."""
    return format_html(
        '{} <a href="{}?undo=1">{}</a> · <a href="{}">{}</a>',
        sentence,
        reverse("cluster:choose_claim", args=[code, claim.pk]),
        gettext("Take the choice back"),
        reverse("cluster:undecided", args=[code]),
        gettext("Next figure that waits"),
    )


def _filled_in(request: HttpRequest, claims: list[Claim], made: list[Choice]) -> dict[str, Any]:
    """What the form begins with: the claim in use, or with `?undo=` what was decided before that, to be saved again."""
    if "undo" in request.GET and made:
        before = made[1] if len(made) > 1 else None
        if before is None or before.claim is None:
            return {"claim": ChoiceForm.NONE, "reason_ru": before.reason_ru if before else ""}
        return {"claim": str(before.claim.pk), "reason_ru": before.reason_ru, "reason_en": before.reason_en}
    used = next((claim for claim in claims if claim.in_use), None)
    return {"claim": str(used.pk), "reason_ru": used.reason_ru, "reason_en": used.reason_en} if used else {}


def _claim(request: HttpRequest, code: str, claim_id: int) -> tuple[date, User, Claim]:
    """Today, the reader and the claim of the address, which the reader may edit."""
    today, reader = ensure_today(request), reader_of(request)
    found = claim_for(reader, contract_for(reader, code), claim_id)
    require(reader, Action.EDIT_RECORD, contract=found.contract_id, factory=found.factory_id)
    return today, reader, found


def _owners(reader: User, contract: Contract) -> list[tuple[str, Any]]:
    """To whom a new source may belong, as far as the reader's role reaches. Of what was published nothing tells of an example."""
    found: list[tuple[str, Any]] = []
    if reader.scope.may(Action.EDIT_RECORD) and not contract.is_example:
        found.append((NewSourceForm.PUBLIC, gettext("everybody: it was published")))
    if reader.scope.may(Action.EDIT_RECORD, contract=contract.pk):
        found.append((NewSourceForm.CONTRACT, gettext("who sees this contract")))
    plants = Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code")
    those = [plant for plant in plants if reader.scope.may(Action.EDIT_RECORD, contract=contract.pk, factory=plant.pk)]
    return [*found, *((str(plant.pk), gettext("who sees %(factory)s") % {"factory": f"{plant.code} {plant.name}"}) for plant in those)]


def _offered(reader: User, contract: Contract) -> dict[str, Any]:
    return {
        "reader": reader,
        "factories": Factory.objects.for_reader(reader).filter(contract=contract).order_by("order", "code"),
        "milestones": Milestone.objects.for_reader(reader).filter(contract=contract),
    }


def _checked(_form: Any, _told: dict[str, Any]) -> None:
    """Nothing moves with a claim: the page only says what was understood."""


def _beside(code: str, today: date, form: Any) -> dict[str, Any]:
    """The echo of what stands in the form, and where htmx asks for a new one."""
    if form.is_bound:
        typed = getattr(form, "cleaned_data", {})
    else:
        typed = {name: form.initial.get(name) for name in ("value", "value_high", "unit", "qualifier", "announced")}
    return {"echoes": reverse("cluster:claim_echo", args=[code]), "echo": _echo(typed, today)}


def _echo(typed: dict[str, Any], today: date) -> ClaimEcho | None:
    value, unit, announced = typed.get("value"), typed.get("unit") or "", typed.get("announced")
    if not isinstance(value, Decimal) or not unit:
        return None
    says = claim_value(Claim(value=value, value_high=typed.get("value_high"), unit=unit, qualifier=typed.get("qualifier") or "exact"))
    on = min(announced.latest, today) if announced else today
    rate = rate_in_force(on) if unit in ("RUB", "USD") else None
    if rate is None:
        return ClaimEcho(says, on)
    if unit == "RUB":
        return ClaimEcho(says, on, value, convert_rub(value, rate.rate), rate)
    return ClaimEcho(says, on, convert_usd(value, rate.rate), value, rate)


def _in_words(claim: Claim) -> str:
    return f"{claim.get_figure_display()}: {claim_value(claim)}"


def _place_of(claim: Claim) -> str:
    """What the claim is about."""
    whole = f"{claim.factory.code} {claim.factory.name}" if claim.factory else gettext("the contract as a whole")
    return f"{whole} · {claim.milestone.code}" if claim.milestone else whole


def _context(contract: Contract, title: str, submit: str = "", *, back: str = "") -> dict[str, Any]:
    record = reverse("cluster:record", args=[contract.code])
    told = {"contract": contract, "title": title, "submit": submit or gettext("Save the changes"), "back": back or record}
    return told | {"up": gettext("Record"), "up_url": record}
