"""Pages by number for short lists, by cursor for those that grow every day."""

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination, PageNumberPagination
from rest_framework.request import Request

LARGEST_PAGE = 200


def _page_size(request: Request, usual: int) -> int:
    """`page_size` as asked for; refused, not silently cut, when it is no number from 1 to the largest."""
    text = request.query_params.get("page_size", str(usual))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= LARGEST_PAGE):
        raise ValidationError({"page_size": [_("Write a number from 1 to {largest}.").format(largest=LARGEST_PAGE)]}, code="page_size")
    return int(text)


class PagePagination(PageNumberPagination):
    """`?page=2&page_size=50`, with the count of all."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    parameters = frozenset({"page", "page_size"})

    def get_page_size(self, request: Request) -> int:
        return _page_size(request, self.page_size or LARGEST_PAGE)


class RecordedPagination(CursorPagination):
    """`?cursor=`, the newest record first: a page holds still while others write. Follow `next`; there is no count."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST_PAGE
    ordering = "-id"
    parameters = frozenset({"cursor", "page_size"})

    def get_page_size(self, request: Request) -> int:
        return _page_size(request, self.page_size or LARGEST_PAGE)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        try:
            return super().paginate_queryset(queryset, request, view=view) or []
        except (ValueError, ModelValidationError) as error:
            raise NotFound(self.invalid_cursor_message) from error
