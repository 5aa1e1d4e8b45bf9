"""Django's admin for every model of the app, one file per concept; writes go through the services."""

from production.admin import brand, output

__all__ = ["brand", "output"]
