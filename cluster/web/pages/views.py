"""Saved views: the forms of the bar above a list. Each comes back to the list, with what was done or what was wrong."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from cluster.domain.errors import DomainError, NotFound
from cluster.models import SavedView
from cluster.models.form_fields import message_of
from cluster.services.views import change_view, delete_view, save_view, set_default_view
from cluster.web.door import page, reader_of, shown_again
from cluster.web.lists import PAGES, RefusedView, view_query, view_url

_LONGEST_ADDRESS = 4000


@page
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filters and the order of the list that the form was sent from."""
    path, query, place = _came_from(request)
    reader = reader_of(request)
    try:
        view = save_view(
            page=place.view_name,
            contract_code=place.kwargs.get("code", ""),
            name=request.POST.get("name", ""),
            query=view_query(query),
            is_shared=request.POST.get("shared") == "1",
            by=reader,
        )
    except NotFound:
        raise
    except DomainError as error:
        return _refused(request, path, query, error)
    messages.success(request, gettext("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(view_url(path, view, query))


@page
@require_POST
def change(request: HttpRequest, view_id: int) -> HttpResponse:
    """Rename or share an own view, delete it, or open the page with it from now on; the button says which."""
    path, query, _place = _came_from(request)
    reader = reader_of(request)
    shown: SavedView | None = None
    try:
        match request.POST.get("do", ""):
            case "change":
                shown = change_view(
                    view_id=view_id, name=request.POST.get("name", ""), is_shared=request.POST.get("shared") == "1", by=reader
                )
                done = gettext("The view “%(name)s” is saved.") % {"name": shown.name}
            case "default":
                shown = set_default_view(view_id=view_id, is_default=True, by=reader)
                done = gettext("This page now opens with “%(name)s”.") % {"name": shown.name}
            case "no_default":
                shown = set_default_view(view_id=view_id, is_default=False, by=reader)
                done = gettext("This page opens with all rows again.")
            case "delete":
                done = gettext("The view “%(name)s” is deleted.") % {"name": delete_view(view_id=view_id, by=reader)}
            case _:
                raise NotFound("There is no such page here.")
    except NotFound:
        raise
    except DomainError as error:
        return _refused(request, path, query, error)
    messages.success(request, done)
    return redirect(view_url(path, shown, query))


def _refused(request: HttpRequest, path: str, query: QueryDict, error: DomainError) -> HttpResponse:
    """The list as it was, with what was typed and what is wrong with it."""
    typed = RefusedView(request.POST.get("name", ""), request.POST.get("shared") == "1", message_of(error))
    return shown_again(request, f"{path}?{query.urlencode()}", typed)


def _came_from(request: HttpRequest) -> tuple[str, QueryDict, ResolverMatch]:
    """The list that the form names: a page of this site that has saved views, and nothing else."""
    address = request.POST.get("address", "")[:_LONGEST_ADDRESS]
    try:
        parts = urlsplit(address)
        place = resolve(parts.path)
    except (ValueError, Resolver404) as error:
        raise NotFound("There is no such page here.") from error
    if place.view_name not in PAGES or "\x00" in address:
        raise NotFound("There is no such page here.")
    return parts.path, QueryDict(parts.query), place
