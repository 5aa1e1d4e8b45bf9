"""The quality of a schedule: which checks it passes, and which milestones fail them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cluster.domain.errors import DomainError, NotFound
from cluster.models.form_fields import message_of
from cluster.queries.contracts import contract_for
from cluster.queries.quality import quality_for
from cluster.web.door import as_of_from, page, reader_of
from cluster.web.quality import fault_words, shown


@page
@require_safe
def quality(request: HttpRequest, code: str) -> HttpResponse:
    """The checks on the day shown; a plan that cannot be checked says why."""
    reader, as_of = reader_of(request), as_of_from(request)
    context: dict[str, Any]
    try:
        found = quality_for(reader=reader, contract_code=code, as_of=as_of)
    except NotFound:
        raise
    except DomainError as error:
        context = {"contract": contract_for(reader, code), "nothing": message_of(error)}
        return render(request, "cluster/quality.html", context)
    context = {
        "contract": found.contract,
        "found": found,
        "checks": [
            (shown(row), [(failing.milestone, fault_words(row.check.rule, failing)) for failing in row.failing]) for row in found.rows
        ],
        "passed": sum(row.check.passed is True for row in found.rows),
        "judged": sum(row.check.passed is not None for row in found.rows),
    }
    return render(request, "cluster/quality.html", context)
