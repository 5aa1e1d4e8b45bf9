"""The admin site: Django's own, in the project's colours, with its name, and without addresses that no database can answer."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _


class TrackerAdminSite(AdminSite):
    """Django's admin under the project's name."""

    site_header = site_title = _("Investment cluster")
    index_title = _("All records")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the admin, its searches among them: an address with a NUL is answered 400, because no column can hold one.

        So is one that names an empty field, and 404 the object of a kind that is not here: Django's views break on both.
        """

        @wraps(view)
        def storable(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            asked = [text for name, values in request.GET.lists() for text in (name, *values)]
            if any("\x00" in str(text) for text in (*asked, *args, *kwargs.values())):
                raise BadRequest("The address holds a character that no text can have.")
            if request.GET.get(TO_FIELD_VAR) == "":
                raise BadRequest("The address names no field.")
            if "content_type_id" in kwargs and kwargs["content_type_id"] not in self._kinds():
                raise Http404
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        return super().admin_view(storable, cacheable)

    def _kinds(self) -> set[str]:
        """The ids of the content types that stand here: others may be of models that have no table."""
        from django.contrib.contenttypes.models import ContentType  # the site is made before the models are

        return {str(kind.pk) for kind in ContentType.objects.get_for_models(*self._registry).values()}


class TrackerAdminConfig(AdminConfig):
    """Installs the site in place of the stock one."""

    default_site = "avtotor_site.admin_site.TrackerAdminSite"
