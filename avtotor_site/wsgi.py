"""WSGI entry point for gunicorn."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "avtotor_site.settings")

application = get_wsgi_application()

# What is loaded now, with all pages, stays as long as the process: looking through it for garbage would hold up a page for 150 ms.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
