"""The admin site: Django's own, in the project's colours and with its name."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class TrackerAdminSite(AdminSite):
    """Django's admin under the project's name."""

    site_header = site_title = _("Investment cluster")
    index_title = _("All records")


class TrackerAdminConfig(AdminConfig):
    """Installs the site in place of the stock one."""

    default_site = "avtotor_site.admin_site.TrackerAdminSite"
