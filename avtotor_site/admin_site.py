"""The admin site: Django's own, in the project's colours, with its name, and without texts that no database can hold."""

from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _


class TrackerAdminSite(AdminSite):
    """Django's admin under the project's name."""

    site_header = site_title = _("Investment cluster")
    index_title = _("All records")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page of the admin, its searches among them: an address with a NUL is answered 400, because no column can hold one."""

        @wraps(view)
        def storable(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            asked = [text for name, values in request.GET.lists() for text in (name, *values)]
            if any("\x00" in str(text) for text in (*asked, *args, *kwargs.values())):
                raise BadRequest("The address holds a character that no text can have.")
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        return super().admin_view(storable, cacheable)


class TrackerAdminConfig(AdminConfig):
    """Installs the site in place of the stock one."""

    default_site = "avtotor_site.admin_site.TrackerAdminSite"
