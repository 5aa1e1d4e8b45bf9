"""Composition of the project: settings, urls, Celery, WSGI. No rules live here."""

from avtotor_site.celery import app as celery_app

__all__ = ["celery_app"]
