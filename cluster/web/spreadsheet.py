"""Tables as files that a spreadsheet of the reader's language opens at once, and that cannot run anything in it: CSV and XLSX."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import register_converter
from django.utils import timezone
from django.utils.translation import get_language, gettext

from cluster.domain.texts import needs_guard
from cluster.gateways import workbook
from cluster.gateways.workbook import About, Kind, Sheet

XLSX = "xlsx"
_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class TableFormat:
    """The ending of a table's address: `path("c/<slug:code>/ledger.<table:form>", ...)`."""

    regex = "csv|xlsx"

    def to_python(self, value: str) -> str:
        """The format as the view takes it."""
        return value

    def to_url(self, value: str) -> str:
        """The format as the address ends."""
        return value


register_converter(TableFormat, "table")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. `value` gives its cell of a row: a number, a date, a window or a text, None where there is nothing."""

    head: Any
    value: Callable[[Any], object]
    kind: Kind = Kind.TEXT
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds. `said` are the filters in words, `link` the page it was made of; `example`: its figures are not real."""

    name: str
    title: Any
    columns: Sequence[Column]
    rows: Iterable[Any]
    example: bool
    as_of: date | None = None
    said: Sequence[tuple[object, object]] = ()
    link: str = ""


def table_response(form: str, table: Table) -> HttpResponse:
    """The file in the format of its address; DomainError (code `too_long`) where it is too long for a workbook.

    An example says in a last column of each row that its figures are not real: a row may be copied elsewhere.
    """
    mark = gettext("Example: not real figures.") if table.example else ""
    columns = [*table.columns, *([Column(gettext("Note"), lambda _row: mark)] if mark else [])]
    rows = ([column.value(row) for column in columns] for row in table.rows)
    content = _workbook(table, columns, rows, mark) if form == XLSX else None
    response = HttpResponse(content or b"", content_type=_XLSX_TYPE if content else "text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{table.name}.{form}"'
    if content is None:
        _write_csv(response, [str(column.head) for column in columns], rows)
    return response


def _workbook(table: Table, columns: Sequence[Column], rows: Iterable[Sequence[object]], mark: str) -> bytes:
    facts: list[tuple[str, object]] = [(gettext("As of"), table.as_of)] if table.as_of else []
    narrowed = "; ".join(f"{word}: {value}" for word, value in table.said)
    facts.append((gettext("Filters"), narrowed or gettext("none: all rows")))
    heads = [workbook.Column(str(column.head), column.kind, column.total) for column in columns]
    about = About(str(table.title), timezone.now(), table.link, facts, mark)
    return workbook.workbook([Sheet(str(table.title), heads, rows)], about)


def _write_csv(response: HttpResponse, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Separator and decimal mark are those of the active language; numbers stay numbers, all else is a text: dates in ISO form,
    moments in the reader's zone to the minute.
    """
    english = (get_language() or "ru").startswith("en")
    response.write("\ufeff")
    table = csv.writer(response, delimiter="," if english else ";")
    table.writerow(heads)
    for row in rows:
        table.writerow([_cell(value, english=english) for value in row])


def _cell(value: object, *, english: bool) -> object:
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return str(value) if english else str(value).replace(".", ",")
    if isinstance(value, datetime):
        value = timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    text = "" if value is None else str(value)
    return f"'{text}" if needs_guard(text) else text


def page_link(request: HttpRequest, path: str, as_of: date | None) -> str:
    """The full address of the page with this request's filters, as of the day that it showed."""
    query = request.GET.copy()
    if as_of is not None:
        query["as_of"] = as_of.isoformat()
    return request.build_absolute_uri(f"{path}?{query.urlencode()}" if query else path)
