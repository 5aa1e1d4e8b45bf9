"""App `production`: brands, models, yearly plans, output and capacity. It stands on `cluster`, never the other way."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProductionConfig(AppConfig):
    name = "production"
    verbose_name = _("Production")
