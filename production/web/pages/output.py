"""Recording output: the form, the question before a figure in use is replaced, and the page for two people who meet."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from cluster.domain.access import Action
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, Forbidden
from cluster.domain.merging import merge
from cluster.models import Contract, User
from cluster.queries.contracts import contract_for
from cluster.templatetags.format import count, number
from cluster.web.conflicts import conflict_rows, in_words
from cluster.web.door import ensure_today, page, reader_of
from production.models import Output
from production.queries.facts import output_by_id, output_in_use
from production.services.output import record_output
from production.web.forms.output import FIELDS, OutputForm, values_of


@page
def record(request: HttpRequest, code: str) -> HttpResponse:
    """The form: show it, save it, ask before replacing, or settle a conflict."""
    today, reader = ensure_today(request), reader_of(request)
    contract = contract_for(reader, code)
    if not _may(reader, contract):
        raise Forbidden("Your role does not allow this.")
    if request.method != "POST":
        initial = _asked_for(request, reader, contract)
        if not initial:
            names = ("brand", "factory")
            asked = {name: request.GET.get(name, "")[:20] for name in names}
            initial = {**asked, "year": today.year, "factory": asked["factory"] or _only_factory(reader)}
        return _answer(request, OutputForm(reader=reader, contract=contract, initial=initial), contract)
    form = OutputForm(_with_their_choices(request, reader, contract), reader=reader, contract=contract)
    if form.is_valid():
        try:
            output = _save(form, contract, reader, today)
        except Conflict as conflict:
            current = conflict.current if isinstance(conflict.current, Output) else None
            return _collision(request, form, contract, current)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("Recorded: %(quantity)s.") % {"quantity": count(output.quantity, output.unit)})
            if output.factory is not None:
                return redirect("cluster:factory", code, output.factory.code)
            return redirect("production:overview", code)
    return _answer(request, form, contract, status=422)


def _asked_for(request: HttpRequest, reader: User, contract: Contract) -> dict[str, Any]:
    """What the form shows to correct the figure of the address, as seen in use; empty where it names none that is."""
    number = request.GET.get("of", "")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return {}
    output = output_by_id(reader=reader, contract_id=contract.pk, output_id=int(number))
    if output is None or not output.in_use:
        return {}
    period = {name: getattr(output, name) for name in ("year", "month", "unit", "brand", "vehicle_model", "segment")}
    seen = {"factory": output.factory.code if output.factory else "", "replaces_version": output.version, "seen": output.pk}
    return values_of(output) | period | seen


def _may(reader: User, contract: Contract) -> bool:
    scope = reader.scope
    factories: list[int | None] = [None, *scope.factories]
    return any(scope.may(Action.RECORD_OUTPUT, contract=contract.pk, factory=factory) for factory in factories)


def _only_factory(reader: User) -> str:
    """The code of the factory of a manager who has just one."""
    if reader.scope.sees_everything or reader.scope.contracts or len(reader.scope.factories) != 1:
        return ""
    return str(reader.memberships.values_list("factory__code", flat=True).filter(factory__isnull=False)[0])


def _save(form: OutputForm, contract: Contract, reader: User, today: date) -> Output:
    data = form.cleaned_data
    return record_output(
        contract_id=contract.pk,
        **form.subject,
        quantity=data["quantity"],
        source_id=data["source"].pk if data["source"] else None,
        document=data["document"],
        note=data["note"],
        announced=data["announced"],
        by=reader,
        today=today,
        replaces_version=data["replaces_version"],
        request_key=data["request_key"],
    )


def _collision(request: HttpRequest, form: OutputForm, contract: Contract, current: Output | None) -> HttpResponse:
    """Nothing of this was seen when the form was opened: ask. Another figure was seen: the page for two."""
    reader, data = reader_of(request), form.cleaned_data
    current = output_in_use(reader=reader, contract_id=contract.pk, subject=form.subject) if current else None
    seen = output_by_id(reader=reader, contract_id=contract.pk, output_id=data["seen"]) if data["seen"] else None
    carried = {
        "replaces_version": current.version if current else None,
        "seen": current.pk if current else None,
        "request_key": data["request_key"],
    }
    if seen is None or current is None:
        fresh = OutputForm(reader=reader, contract=contract, initial={**_initial(form), **carried})
        return _answer(request, fresh, contract, status=409, current=current, asked=True)
    merged = merge(FIELDS, original=values_of(seen), theirs=values_of(current), mine=data)
    chosen = {field.name: field.value for field in merged}
    fresh = OutputForm(reader=reader, contract=contract, initial={**_initial(form), **chosen, **carried})
    labels = {name: str(form.fields[name].label) for name in FIELDS}
    rows = conflict_rows(merged, labels, {"quantity": lambda value: number(value) or in_words(value)})
    return _answer(request, fresh, contract, status=409, current=current, conflict=True, rows=rows)


def _initial(form: OutputForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {**data, "factory": data["factory"].code if data["factory"] else ""}


def _with_their_choices(request: HttpRequest, reader: User, contract: Contract) -> Any:
    """What was sent; where the person chose the other side's value on the conflict page, that value instead."""
    data = request.POST.copy()
    seen = data.get("seen", "")
    wanted = [name for name in FIELDS if data.get(f"take_{name}") == "theirs"]
    if not wanted or not seen.isdecimal() or len(seen) > 18:
        return data
    theirs = values_of(output_by_id(reader=reader, contract_id=contract.pk, output_id=int(seen)))
    for name in wanted:
        value = theirs[name]
        if isinstance(value, DateWindow):
            data[f"{name}_date"], data[f"{name}_precision"] = str(value), value.precision.value
        else:
            data[name] = str(getattr(value, "pk", value) or "")
    return data


def _answer(request: HttpRequest, form: OutputForm, contract: Contract, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "production/output_form.html", {"form": form, "contract": contract, **more}, status=status)
