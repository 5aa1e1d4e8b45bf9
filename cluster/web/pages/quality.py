"""The quality of a schedule: which checks it passes, and which milestones fail them."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cluster.domain.errors import DomainError, NotFound
from cluster.models import Milestone
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.quality import Quality, quality_for
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.lists import AS_OF, Column, Listing, opens_saved
from cluster.web.quality import RESULTS, Shown, fault_words, shown


@dataclass(frozen=True, slots=True)
class Checked:
    """A check, and each milestone that fails it with the words for how."""

    check: Shown
    failing: list[tuple[Milestone, str]]


QUALITY = Listing(
    page="cluster:quality",
    title=_("Schedule quality"),
    order="usual",
    columns=(
        Column("check", _("Check"), value=lambda row: row.check.name, by=lambda row: row.check.name.casefold()),
        Column("result", _("Result"), value=lambda row: RESULTS[row.check.result], by=lambda row: list(RESULTS).index(row.check.result)),
        Column("value", _("Value"), value=lambda row: row.check.value),
        Column("limit", _("Passes with"), value=lambda row: row.check.limit),
        Column("source", _("Source"), value=lambda row: row.check.source, by=lambda row: row.check.row.check.rule.number or 99),
        Column("meaning", _("What is checked"), value=lambda row: row.check.meaning, on_page=False),
        Column(
            "failing", _("Milestones that fail it"), value=lambda row: ", ".join(one.code for one, _words in row.failing), on_page=False
        ),
        AS_OF,
    ),
)


@page
@require_safe
@opens_saved(QUALITY)
def quality(request: HttpRequest, code: str) -> HttpResponse:
    """The checks on the day shown; a plan that cannot be checked says why."""
    listed, contract = QUALITY.asked(request), contract_for(reader_of(request), code)
    found = _found(request, code)
    if isinstance(found, str):
        return render(request, "cluster/quality.html", {"contract": contract, "listed": listed, "nothing": found})
    context = {
        "contract": contract,
        "listed": listed,
        "found": found,
        "checks": [(row.check, row.failing) for row in listed.ordered(_checks(found))],
        "passed": sum(row.check.passed is True for row in found.rows),
        "judged": sum(row.check.passed is not None for row in found.rows),
    }
    return render(request, "cluster/quality.html", context)


@page
@require_safe
def quality_file(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """The checks as a file, in the order of the page; no rows of a plan that cannot be checked."""
    as_of, listed, contract = as_of_from(request), QUALITY.asked(request), contract_for(reader_of(request), code)
    found = _found(request, code)
    rows = [] if isinstance(found, str) else listed.ordered(_checks(found))
    return listed.file(form, rows, name=f"{code}-quality-{as_of:%Y-%m-%d}", contract=contract, as_of=as_of)


def _found(request: HttpRequest, code: str) -> Quality | str:
    """The checks, or why there are none."""
    try:
        return quality_for(reader=reader_of(request), contract_code=code, as_of=as_of_from(request))
    except NotFound:
        raise
    except DomainError as error:
        return message_of(error)


def _checks(found: Quality) -> list[Checked]:
    return [
        Checked(shown(row), [(failing.milestone, fault_words(row.check.rule, failing)) for failing in row.failing]) for row in found.rows
    ]
