"""The life of a proposed baseline: proposing it, approving it, taking it back; what its pages say once it has ended."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from cluster.domain.access import Action
from cluster.domain.baseline_dates import weight_warning
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.models import Baseline, Contract, Factory, User
from cluster.models.form_fields import message_of
from cluster.queries.approvals import approval_warnings, baseline_before, compare_dates, ending_of
from cluster.queries.baseline_dates import weights_of
from cluster.queries.budgets import baseline_for, baseline_version, comparison, factories_of, plain_lines, term_of
from cluster.queries.contracts import contract_for
from cluster.services.access import require
from cluster.services.budgets import approve_baseline, discard_baseline, propose_baseline
from cluster.templatetags.format import date as date_words
from cluster.web.context import Frame
from cluster.web.door import View, ensure_today, page, reader_of
from cluster.web.forms.base import RecordForm
from cluster.web.forms.budget import ApprovalForm, BudgetLineForm, PasteForm, ProposalForm, VersionForm
from cluster.web.pages.budgets import counts_of, moved_groups, moved_total


def while_open(form: type[RecordForm] | None = None) -> Callable[[View], View]:
    """Decorator of a page about a proposal: where it was approved or withdrawn meanwhile, the answer says so, 409.

    What was typed into `form` stays on the page, to be copied.
    """

    def decorated(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, code: str, baseline_id: int, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, code, baseline_id, **kwargs)
            except DomainError as error:
                if isinstance(error, Forbidden) or not (isinstance(error, NotFound) or error.code == "frozen"):
                    raise
                contract = contract_for(reader_of(request), code)
                ending = ending_of(reader_of(request), contract, baseline_id)
                if ending is None:
                    raise
                require(reader_of(request), Action.EDIT_RECORD, contract=contract.pk)
                typed = _typed(form, request, contract) if form and request.method == "POST" else None
                context = {"contract": contract, "ending": ending, "form": typed}
                return render(request, "cluster/baseline_ended.html", context, status=409)

        return guarded

    return decorated


def _typed(form: type[RecordForm], request: HttpRequest, contract: Contract) -> RecordForm:
    """The form as it was filled in, only to be read."""
    factories = factories_of(reader_of(request), contract)
    options: dict[str, Any] = {}
    if form is BudgetLineForm:
        options = {"factories": Factory.objects.filter(pk__in=[factory.pk for factory in factories])}
    elif form is PasteForm:
        options = {"factories": factories, "term": term_of(contract)}
    elif form is ApprovalForm:
        options = {"amendments": contract.amendments.for_reader(reader_of(request)), "required": False}
    shown = form(**options, initial=form(request.POST, **options).texts)
    for field in shown.fields.values():
        # A choice has no read-only form.
        field.widget.attrs["disabled" if hasattr(field, "choices") else "readonly"] = True
    return shown


def refuse(form: RecordForm, error: DomainError) -> None:
    """Put a refusal into the form, except where there is no proposal any more to send it to."""
    if isinstance(error, NotFound) or error.code == "frozen":
        raise error
    form.refuse(error)


@page
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """A new proposal, empty or as a copy."""
    ensure_today(request)
    reader = reader_of(request)
    contract = contract_for(reader, code)
    require(reader, Action.EDIT_RECORD, contract=contract.pk)
    offered: dict[str, Any] = {
        "baselines": Baseline.objects.for_reader(reader).filter(contract=contract).order_by("-in_force_from"),
        "amendments": contract.amendments.for_reader(reader),
    }
    if request.method != "POST":
        form = ProposalForm(**offered, initial={"copy_from": request.GET.get("copy", "")})
        return render(request, "cluster/propose_baseline.html", {"form": form, "contract": contract})
    form = ProposalForm(request.POST, **offered)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = propose_baseline(
                contract_id=contract.pk,
                name_ru=data["name_ru"],
                name_en=data["name_en"],
                reason=data["reason"],
                amendment_id=data["amendment"].pk if data["amendment"] else None,
                copy_from_id=data["copy_from"].pk if data["copy_from"] else None,
                by=reader,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, gettext("“%(baseline)s” is proposed. Change its lines, then approve it.") % {"baseline": made})
            return redirect("cluster:baseline", code, made.pk)
    return render(request, "cluster/propose_baseline.html", {"form": form, "contract": contract}, status=422)


@page
@while_open(ApprovalForm)
def approve(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """The approval: what will move against the baseline in force, under which amendment, from which day."""
    today, reader = ensure_today(request), reader_of(request)
    baseline = baseline_for(reader, contract_code=code, baseline_id=baseline_id)
    require(reader, Action.APPROVE_BASELINE, contract=baseline.contract_id)
    _refuse_frozen(baseline)
    before = baseline_before(baseline)
    offered: dict[str, Any] = {
        "amendments": baseline.contract.amendments.for_reader(reader),
        "required": before is not None,
        "odd": approval_warnings(baseline, before),
    }
    status = 200
    if request.method == "POST":
        form = ApprovalForm(request.POST, **offered)
        if form.is_valid():
            data = form.cleaned_data
            try:
                approve_baseline(
                    baseline_id=baseline.pk,
                    in_force_from=data["in_force_from"],
                    amendment_id=data["amendment"].pk if data["amendment"] else None,
                    by=reader,
                    today=today,
                    version=data["version"],
                    reason=data["reason"],
                    seen=form.seen,
                )
            except Conflict as error:
                form = ApprovalForm(**offered, initial={**form.texts, "version": baseline_version(baseline.pk)})
                return _approval(request, form, baseline, before, status=409, stale=message_of(error))
            except DomainError as error:
                refuse(form, error)
            else:
                sentence = gettext("“%(baseline)s” is approved and in force from %(day)s.")
                messages.success(request, sentence % {"baseline": baseline, "day": date_words(data["in_force_from"])})
                return redirect("cluster:baseline", code, baseline.pk)
        status = 422
    else:
        initial = {"version": baseline.version, "amendment": baseline.amendment_id, "in_force_from": today}
        form = ApprovalForm(**offered, initial=initial)
    return _approval(request, form, baseline, before, status=status)


@page
@while_open()
def discard(request: HttpRequest, code: str, baseline_id: int) -> HttpResponse:
    """Take a proposal back, once the person has said so."""
    ensure_today(request)
    reader = reader_of(request)
    baseline = editable(reader, code, baseline_id)
    context: dict[str, Any] = {"baseline": baseline, "contract": baseline.contract, "lines": len(plain_lines(reader, baseline))}
    form = VersionForm(request.POST if request.method == "POST" else None, initial={"version": baseline_version(baseline.pk)})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            discard_baseline(baseline_id=baseline.pk, by=reader, version=form.cleaned_data["version"])
        except Conflict as error:
            form, status = VersionForm(initial={"version": baseline_version(baseline.pk)}), 409
            context["stale"] = message_of(error)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, gettext("“%(baseline)s” is discarded.") % {"baseline": baseline})
            return redirect("cluster:baselines", code)
    return render(request, "cluster/discard_baseline.html", context | {"form": form}, status=422 if form.errors else status)


def editable(reader: User, code: str, baseline_id: int) -> Baseline:
    """The proposal that the person may change; DomainError for one that is frozen."""
    baseline: Baseline = baseline_for(reader, contract_code=code, baseline_id=baseline_id)
    require(reader, Action.EDIT_RECORD, contract=baseline.contract_id)
    _refuse_frozen(baseline)
    return baseline


def _refuse_frozen(baseline: Baseline) -> None:
    if baseline.kind != Baseline.Kind.DRAFT:
        raise DomainError("“{baseline}” is approved and frozen: propose a new baseline.", code="frozen", baseline=str(baseline))


def _approval(
    request: HttpRequest,
    form: ApprovalForm,
    baseline: Baseline,
    before: Baseline | None,
    *,
    status: int = 200,
    stale: str = "",
) -> HttpResponse:
    reader, frame = reader_of(request), Frame(request)
    rate, compared = frame.rate.rate, comparison(reader, before, baseline)
    plants = {factory.pk: factory for factory in factories_of(reader, baseline.contract)}
    context = {
        "frame": frame,
        "form": form,
        "baseline": baseline,
        "contract": baseline.contract,
        "before": before,
        "dates": compare_dates(reader, before, baseline),
        "weights": [message_of(weight_warning(one.factory, one.total)) for one in weights_of(reader, baseline) if not one.is_whole],
        "lines": sum(one.new is not None for one in compared.differences),
        "total": moved_total(compared, rate),
        "rows": moved_groups(compared, "factory", plants, rate),
        "counts": counts_of(compared),
        "rate": rate,
        "stale": stale,
    }
    return render(request, "cluster/approve_baseline.html", context, status=status)
