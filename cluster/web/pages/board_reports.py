"""Board reports of a contract: looked at and printed, taken as a file, made and kept, checked against their hash.

A report tells of the whole contract: who sees single factories of it does not see these pages.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError
from cluster.gateways.pdf import why_no_pdf
from cluster.models import Contract
from cluster.models.form_fields import message_of
from cluster.queries.board_report import reports_of
from cluster.queries.people import sees_people
from cluster.services.board_reports import (
    check_report,
    content_type_of,
    file_name,
    keep_report,
    kept_report,
    readable_contract,
    report_for,
    report_page,
)
from cluster.templatetags.format import language
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.filters import paged
from cluster.web.forms.board_report import BoardReportForm

ON_A_PAGE = 50


@page
@require_http_methods(["GET", "HEAD", "POST"])
def board_reports(request: HttpRequest, code: str) -> HttpResponse:
    """The kept reports, and the form for another one, which is made and kept by sending it."""

    def keep(contract: Contract, asked: dict[str, Any]) -> HttpResponse:
        report = keep_report(contract_code=contract.code, by=reader_of(request), **asked)
        messages.success(request, _("The report is kept: {name}.").format(name=_name(report)))
        return redirect(f"{reverse('cluster:board_reports', args=[code])}#kept")

    if request.method == "POST":
        ensure_today(request)
        return _made(request, code, keep)
    contract = readable_contract(reader_of(request), code)
    form = BoardReportForm(initial={"as_of": as_of_from(request), "language": language()}, today=timezone.localdate())
    return _list(request, contract, form)


@page
@require_POST
def board_report_file(request: HttpRequest, code: str) -> HttpResponse:
    """A report as a file, made for the one who asks and not kept; a form that is not filled in well is shown again."""

    def send(contract: Contract, asked: dict[str, Any]) -> HttpResponse:
        made = report_for(reader_of(request), contract, **asked)
        return _sent(HttpResponse(made.data, made.content_type), made.name, made.sha256)

    return _made(request, code, send)


@page
@require_POST
def board_report(request: HttpRequest, code: str) -> HttpResponse:
    """A report as a page, to be looked at and printed: made like a file, and as long in the making."""

    def show(contract: Contract, asked: dict[str, Any]) -> HttpResponse:
        as_of, told_in = asked["as_of"], asked["language"]
        with translation.override(told_in):
            context = {
                "contract": contract,
                "as_of": as_of,
                "body": report_page(reader_of(request), contract, as_of=as_of),
                "language": told_in,
                "back": reverse("cluster:board_reports", args=[code]) + f"?as_of={as_of:%Y-%m-%d}",
            }
            return HttpResponse(render_to_string("reports/page.html", context, request))

    return _made(request, code, show)


@page
@require_safe
def kept_board_report(request: HttpRequest, code: str, report_id: int) -> HttpResponse:
    """A kept report as it was made, to be saved."""
    report = kept_report(reader_of(request), contract_code=code, report_id=report_id)
    known = get_conditional_response(request, etag=f'"{report.sha256}"')
    answer = known if isinstance(known, HttpResponseNotModified) else HttpResponse(bytes(report.content.data), content_type_of(report))
    return _sent(answer, _name(report), report.sha256)


@page
@require_POST
def check_board_report(request: HttpRequest, code: str, report_id: int) -> HttpResponse:
    """Whether the kept bytes are those that were made, and whether the same would be said of that day today."""
    report = kept_report(reader_of(request), contract_code=code, report_id=report_id)
    name = _name(report)
    try:
        found = check_report(report, by=reader_of(request))
    except Conflict as error:
        messages.warning(request, message_of(error))
        return redirect(f"{reverse('cluster:board_reports', args=[code])}#kept")
    if not found.intact:
        messages.error(request, _("{name} is not what was made: its bytes do not fit its hash.").format(name=name))
    elif found.same_content:
        messages.success(request, _("{name} is as it was made, and the same would be said of that day today.").format(name=name))
    else:
        messages.warning(
            request, _("{name} is as it was made. Today the record tells something else of that day: compare the two.").format(name=name)
        )
    return redirect(f"{reverse('cluster:board_reports', args=[code])}#kept")


def _made(request: HttpRequest, code: str, make: Callable[[Contract, dict[str, Any]], HttpResponse]) -> HttpResponse:
    """What `make` answers to the form that was sent; else the form with what is wrong, 409 while another report of the person is made."""
    contract = readable_contract(reader_of(request), code)
    form = BoardReportForm(request.POST, today=timezone.localdate())
    if form.is_valid():
        try:
            return make(contract, {name: form.cleaned_data[name] for name in ("as_of", "language", "format")})
        except DomainError as error:
            form.refuse(error)
            answer = _list(request, contract, form)
            answer.status_code = 409 if isinstance(error, Conflict) else 422
            return answer
    return _list(request, contract, form)


def _list(request: HttpRequest, contract: Contract, form: BoardReportForm) -> HttpResponse:
    reader = reader_of(request)
    missing, rows = why_no_pdf(), paged(request, reports_of(reader, contract), ON_A_PAGE)
    context = {
        "contract": contract,
        "form": form,
        "reports": [(report, _name(report)) for report in rows],
        "rows": rows,
        "may_keep": as_of_from(request) == timezone.localdate() and reader.scope.may(Action.RUN_JOB, contract=contract.pk),
        "missing": message_of(missing) if missing else "",
        "sees_people": sees_people(reader, contract_id=contract.pk),
    }
    return render(request, "cluster/board_reports.html", context, status=422 if form.errors else 200)


def _name(report: Any) -> str:
    day: date = report.as_of
    return file_name(report.contract, day, report.language, report.format)


def _sent(answer: HttpResponse, name: str, sha256: str) -> HttpResponse:
    """To be saved, and not to be opened within the site."""
    answer["ETag"] = f'"{sha256}"'
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return answer
