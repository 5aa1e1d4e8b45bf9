"""The Celery application: one queue, woken by messages; the work itself is rows in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "avtotor_site.settings")

app = Celery("avtotor_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
