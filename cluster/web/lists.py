"""Lists: a table is declared once, as columns; its heads, its order, its files and its saved views follow."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Action
from cluster.domain.errors import DomainError, Forbidden
from cluster.gateways.workbook import Kind
from cluster.models import Contract, SavedView
from cluster.queries.views import views_of
from cluster.web.door import View, reader_of
from cluster.web.filters import ALL, BESIDE, SAVED, chosen, link, typed
from cluster.web.spreadsheet import XLSX, Table, page_link, table_response
from cluster.web.spreadsheet import Column as FileColumn

__all__ = ["AS_OF", "PAGES", "Column", "Filter", "Kind", "Listed", "Listing", "RefusedView", "opens_saved", "view_query", "view_url"]

T = TypeVar("T")
# The pages that hold a list, by name: only they have saved views.
PAGES: set[str] = set()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list.

    `value` gives its cell in a file from what `Listed.file` is given; a column without one stands on the page only, one with
    `on_page=False` in files only. `by` sorts: a function of a row, or for rows of the database the names of fields (or a
    function that gives them in the language of the page); a column without is no link. `in_file` is its heading in files
    where that says more than on the page.
    """

    name: str
    head: Any
    kind: Kind = Kind.TEXT
    value: Callable[[Any], object] | None = None
    by: Any = None
    total: bool = False
    on_page: bool = True
    in_file: Any = ""


# The day shown, in files.
AS_OF = Column("as_of", _("As of"), Kind.DATE, on_page=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter of the address that narrows a list, with its values in words where they are not words themselves."""

    name: str
    label: Any
    choices: Callable[[], Iterable[tuple[str, Any]]] = field(default=lambda: ())


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column on the page: `url` sorts by it (empty: it does not), `sorted` is what aria-sort says."""

    label: str
    url: str
    sorted: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: the name of its page, its columns, its filters, and the order it has without being asked: a column's, or one of its own.

    `file` is the name of the address of its file, the page's with `_file` unless it says otherwise; `param` names the order in the
    address.
    """

    page: str
    title: Any
    columns: Sequence[Column]
    order: str
    filters: Sequence[Filter] = ()
    file: str = ""
    param: str = "sort"

    def without(self, *names: str) -> "Listing":
        """The same without some columns and the filters of their names, for a reader who may not see them."""
        columns = [column for column in self.columns if column.name not in names]
        return replace(self, columns=columns, filters=[one for one in self.filters if one.name not in names])

    def asked(self, request: HttpRequest, *, said: Sequence[tuple[object, object]] | None = None) -> "Listed":
        """The list as the address asks for it; DomainError for an order that there is not. `said`: the filters, where a form words them."""
        keys = dict.fromkeys([self.order, *(sign + column.name for column in self.columns if column.by is not None for sign in ("", "-"))])
        return Listed(self, request, chosen(request, self.param, list(keys), self.order), said)


class Listed:
    """A list as one request asks for it."""

    def __init__(self, listing: Listing, request: HttpRequest, sort: str, said: Sequence[tuple[object, object]] | None) -> None:
        self.listing, self.sort, self._request, self._said = listing, sort, request, said

    @property
    def heads(self) -> list[Head]:
        """The heads of the table; a click on the column in use turns the order round, numbers begin with the largest."""
        return [self._head(column) for column in self.listing.columns if column.on_page]

    def _head(self, column: Column) -> Head:
        numeric, name = column.kind.is_number, column.name
        if column.by is None:
            return Head(str(column.head), "", "", numeric)
        state = "ascending" if self.sort == name else "descending" if self.sort == f"-{name}" else "none"
        downwards = numeric if state == "none" else state == "ascending"
        return Head(str(column.head), link(self._request, **{self.listing.param: f"-{name}" if downwards else name}), state, numeric)

    @property
    def sorted_by(self) -> str:
        """The order to keep in a form of filters; empty where it is the usual one."""
        return "" if self.sort == self.listing.order else self.sort

    def ordered(self, rows: Sequence[T]) -> list[T]:
        """Rows in the order asked for: those without a value come last either way, equal ones stay as they came."""
        key = self._by
        if key is None:
            return list(rows)
        known = [row for row in rows if key(row) is not None]
        return sorted(known, key=key, reverse=self.sort.startswith("-")) + [row for row in rows if key(row) is None]

    def order_by(self) -> list[Any]:
        """The same for rows of the database: the first field as asked, the others as they are; the id settles ties."""
        first, *rest = self._by() if callable(self._by) else self._by
        turned = F(first).desc(nulls_last=True) if self.sort.startswith("-") else F(first).asc(nulls_last=True)
        return [turned, *rest, "pk"]

    @property
    def _by(self) -> Any:
        return next((column.by for column in self.listing.columns if column.name == self.sort.removeprefix("-")), None)

    @cached_property
    def said(self) -> list[tuple[object, object]]:
        """The filters in use as pairs of a word and its value."""
        if self._said is not None:
            return list(self._said)
        asked = [(one, typed(self._request, one.name)) for one in self.listing.filters]
        return [(one.label, dict(one.choices()).get(value, value)) for one, value in asked if value]

    @property
    def narrows(self) -> bool:
        """Whether the filters leave anything out."""
        return bool(self.said)

    @property
    def reset(self) -> str:
        """The address without any filter."""
        return link(self._request, **dict.fromkeys(one.name for one in self.listing.filters), **{self.listing.param: None})

    @property
    def csv(self) -> str:
        """The address of exactly this list as CSV."""
        return self._file("csv")

    @property
    def xlsx(self) -> str:
        """The same as a workbook."""
        return self._file(XLSX)

    def _file(self, form: str) -> str:
        address = reverse(self.listing.file or f"{self.listing.page}_file", kwargs=self._place | {"form": form})
        query = self._request.GET.copy()
        for name in ("page", SAVED):
            query.pop(name, None)
        return f"{address}?{query.urlencode()}" if query else address

    @property
    def _place(self) -> dict[str, Any]:
        match = self._request.resolver_match
        return {name: value for name, value in (match.kwargs if match else {}).items() if name != "form"}

    @property
    def bar(self) -> "ViewBar":
        """The saved views of this page."""
        return _bar(self._request, self.listing.page)

    def file(
        self, form: str, rows: Iterable[Any], *, name: str, contract: Contract | None = None, as_of: date | None = None
    ) -> HttpResponse:
        """The rows as a file called `name`: the columns that have a value."""
        cells = [(column, (lambda _row: as_of) if column is AS_OF else column.value) for column in self.listing.columns]
        columns = [FileColumn(one.in_file or one.head, value, one.kind, one.total) for one, value in cells if value is not None]
        address = page_link(self._request, reverse(self.listing.page, kwargs=self._place), as_of)
        example = contract is not None and contract.is_example
        return table_response(form, Table(name, self.listing.title, columns, rows, example, as_of, self.said, address))


@dataclass(frozen=True, slots=True)
class RefusedView:
    """What was typed into the bar above a list, and why it was not kept."""

    name: str
    is_shared: bool
    why: str


class ViewBar:
    """The saved views of a page that the reader may open: one statement, and only where a template asks."""

    def __init__(self, request: HttpRequest, page: str) -> None:
        self._request, self._page = request, page

    @cached_property
    def views(self) -> list[SavedView]:
        """Own ones and those that others share, by name; each knows whether it `is_default`."""
        match = self._request.resolver_match
        return views_of(reader_of(self._request), page=self._page, contract_code=match.kwargs.get("code", "") if match else "")

    @property
    def refused(self) -> RefusedView | None:
        """What was typed here and not kept."""
        found = getattr(self._request, "refused", None)
        return found if isinstance(found, RefusedView) else None

    @property
    def default(self) -> SavedView | None:
        """The view that opens first."""
        return next((view for view in self.views if view.is_default), None)  # type: ignore[attr-defined]

    @property
    def current(self) -> SavedView | None:
        """The view that is shown as it was saved."""
        asked = self._request.GET.get(SAVED, "")
        return next((view for view in self.views if str(view.pk) == asked and view.query == self.query), None)

    @property
    def is_all(self) -> bool:
        """Whether the page shows all that it has, in its usual order."""
        return not self.query

    @property
    def is_own(self) -> bool:
        """Whether the view shown is the reader's, to change."""
        return self.current is not None and self.current.user_id == self._request.user.pk

    @property
    def may_share(self) -> bool:
        """Whether the reader may show views to others somewhere: the service decides where."""
        return not reader_of(self._request).scope.allowing(Action.COMMENT).is_empty

    @property
    def query(self) -> str:
        """What a view keeps of the address: filters and order, no day, no page."""
        return view_query(self._request.GET)

    @property
    def address(self) -> str:
        """Where the forms of the bar come back to."""
        return self._request.get_full_path()

    @property
    def all_url(self) -> str:
        """The address of all rows, whatever the default view is."""
        return self.url_of(None)

    def url_of(self, view: SavedView | None) -> str:
        """The address that shows a view on this page and on the day shown."""
        return view_url(self._request.path, view, self._request.GET)

    @property
    def links(self) -> list[tuple[SavedView, str]]:
        """Each view with its address."""
        return [(view, self.url_of(view)) for view in self.views]


def view_query(asked: QueryDict) -> str:
    """Filters and order of an address as they are kept under a name."""
    query = asked.copy()
    for name in list(query):
        values = [value for value in query.getlist(name) if value.strip()]
        if name in {*BESIDE, "page", SAVED} or not values:
            del query[name]
        else:
            query.setlist(name, values)
    return query.urlencode()


def view_url(path: str, view: SavedView | None, asked: QueryDict) -> str:
    """A page at `path` with the filters of a view, or (None) with none at all, on the day that was asked for."""
    beside = urlencode({SAVED: view.pk if view else ALL} | {name: asked[name] for name in sorted(BESIDE) if asked.get(name)})
    return f"{path}?{'&'.join(filter(None, [view.query if view else '', beside]))}"


def _bar(request: HttpRequest, page: str) -> ViewBar:
    bars: dict[str, ViewBar] = request.__dict__.setdefault("view_bars", {})
    return bars.setdefault(page, ViewBar(request, page))


def opens_saved(listing: Listing) -> Callable[[View], View]:
    """Decorator of a list: its bare address opens the reader's default view; a view that no longer fits the page gives the plain page."""

    PAGES.add(listing.page)

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            request.__dict__["view_bars"] = {}
            if request.method != "GET" or getattr(request, "htmx", False) or isinstance(getattr(request, "refused", None), RefusedView):
                return view(request, *args, **kwargs)
            if set(request.GET) <= BESIDE and (default := _bar(request, listing.page).default) is not None:
                return redirect(view_url(request.path, default, request.GET))
            if not request.GET.get(SAVED, "").isdecimal():
                return view(request, *args, **kwargs)
            try:
                answer = view(request, *args, **kwargs)
            except Forbidden:
                raise
            except DomainError:
                answer = None
            if answer is not None and answer.status_code < 400:
                return answer
            messages.warning(request, gettext("The saved view no longer fits this page: all rows are shown. Save it anew or delete it."))
            return redirect(view_url(request.path, None, request.GET))

        return opened

    return decorate
