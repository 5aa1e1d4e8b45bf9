"""Filters, sorting and paging in a page's address: read strictly, written back into links."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from cluster.domain.errors import DomainError

T = TypeVar("T")
LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter as a link or an entry of a list."""

    value: str
    label: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column: a link that sorts by it; `sorted` is what aria-sort says."""

    label: str
    url: str
    sorted: str
    numeric: bool


def chosen(request: HttpRequest, name: str, allowed: Collection[str], default: str = "") -> str:
    """The value of a filter; DomainError when the address asks for one that does not exist."""
    value = request.GET.get(name, "").strip() or default
    if value and value not in allowed:
        raise DomainError("“{value}” is not one of the choices for “{name}”.", field=name, code="choice", value=value[:40], name=name)
    return value


def typed(request: HttpRequest, name: str = "q") -> str:
    """The text looked for, cut to a sensible length."""
    return " ".join(request.GET.get(name, "").split())[:LONGEST_TEXT]


def link(request: HttpRequest, **changes: str | None) -> str:
    """This page's address with some parameters changed; None or an empty text removes one, and paging starts anew."""
    query = request.GET.copy()
    query.pop("page", None)
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def options(
    request: HttpRequest, name: str, choices: Sequence[tuple[str, Any]], current: str, counts: dict[str, int] | None = None
) -> list[Option]:
    """The choices of a filter with the address that picks each."""
    return [
        Option(value, str(label), link(request, **{name: value}), value == current, counts.get(value, 0) if counts is not None else None)
        for value, label in choices
    ]


def columns(request: HttpRequest, heads: Sequence[tuple[str, Any, bool]], sort: str) -> list[Column]:
    """Heads of a table from (key, label, numeric); a click on the column in use turns the order round."""
    found = []
    for key, label, numeric in heads:
        state = "ascending" if sort == key else "descending" if sort == f"-{key}" else "none"
        first = f"-{key}" if numeric else key
        other = key if sort == f"-{key}" else f"-{key}"
        found.append(Column(str(label), link(request, sort=other if state != "none" else first), state, numeric))
    return found


def ordered(rows: list[T], sort: str, keys: dict[str, Callable[[T], Any]]) -> list[T]:
    """Rows by the key named in `sort` (with a minus: descending); rows without a value come last either way."""
    key = keys[sort.removeprefix("-")]
    known = [row for row in rows if key(row) is not None]
    return sorted(known, key=key, reverse=sort.startswith("-")) + [row for row in rows if key(row) is None]


def paged(request: HttpRequest, rows: Any, size: int) -> "Page[Any]":
    """The page asked for; nonsense gives the first page, too much the last one."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
