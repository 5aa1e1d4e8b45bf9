"""One brand: what is known of it, its models, what was built of it, and its published shares."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cluster.queries.contracts import contract_for, is_partial
from cluster.web.door import as_of_from, page, reader_of
from production.queries.brands import brand_by_code, models_of, output_of_brand, shares_of


@page
@require_safe
def brand(request: HttpRequest, code: str, brand: str) -> HttpResponse:
    """A brand of a contract, its output as it was known on a day."""
    as_of, reader = as_of_from(request), reader_of(request)
    contract = contract_for(reader, code)
    found = brand_by_code(reader, contract.pk, brand)
    context = {
        "contract": contract,
        "brand": found,
        "is_partial": is_partial(reader, contract),
        "models": models_of(reader, found),
        "outputs": output_of_brand(reader, found, as_of),
        "shares": [share for share in shares_of(reader, contract.pk, as_of) if share.brand_id == found.pk],
    }
    return render(request, "production/brand.html", context)
