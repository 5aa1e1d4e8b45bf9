"""Tables as files that a spreadsheet of the reader's language opens at once, and that cannot run anything in it."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.http import HttpResponse
from django.utils.translation import get_language, gettext

from cluster.domain.texts import needs_guard


def csv_response(name: str, heads: Sequence[object], rows: Iterable[Sequence[object]], *, example: bool) -> HttpResponse:
    """The table as a CSV file called `name`: separator and decimal mark of the active language, texts never formulas.

    Numbers (int, Decimal) stay numbers; everything else is a text, dates in ISO form. `example` says in a last column of each
    row that its figures are not real: a row may be copied elsewhere.
    """
    english = (get_language() or "ru").startswith("en")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    table = csv.writer(response, delimiter="," if english else ";")
    mark = [gettext("Example: not real figures.")] if example else []
    table.writerow([*heads, *([gettext("Note")] if example else [])])
    for row in rows:
        table.writerow([_cell(value, english=english) for value in [*row, *mark]])
    return response


def _cell(value: object, *, english: bool) -> object:
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return str(value) if english else str(value).replace(".", ",")
    text = "" if value is None else str(value)
    return f"'{text}" if needs_guard(text) else text
