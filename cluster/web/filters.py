"""Filters and paging in a page's address: read strictly, written back into links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from cluster.domain.errors import DomainError

LONGEST_TEXT = 100
# Names the saved view that is shown, or `none`: a list that is asked for nothing opens the default view.
SAVED, ALL = "saved", "none"
# What an address holds beside filters and order: the day, and the contract in the head of pages of none.
BESIDE = frozenset(("as_of", "contract"))


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter as a link or an entry of a list."""

    value: str
    label: str
    url: str
    current: bool
    count: int | None = None


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
    """This page's address with some parameters changed; None or an empty text removes one, and paging starts anew.

    It is another view than the saved one then, and where nothing is left it asks for all rows.
    """
    query = request.GET.copy()
    query.pop(SAVED, None)
    query.pop("page", None)
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    if hasattr(request, "view_bars") and request.GET and set(query) <= BESIDE:
        query[SAVED] = ALL
    return f"{request.path}?{query.urlencode()}" if query else request.path


def options(
    request: HttpRequest, name: str, choices: Sequence[tuple[str, Any]], current: str, counts: dict[str, int] | None = None
) -> list[Option]:
    """The choices of a filter with the address that picks each."""
    return [
        Option(value, str(label), link(request, **{name: value}), value == current, counts.get(value, 0) if counts is not None else None)
        for value, label in choices
    ]


def paged(request: HttpRequest, rows: Any, size: int) -> "Page[Any]":
    """The page asked for; nonsense gives the first page, too much the last one."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
