"""Settings, one file per topic. Everything that differs between machines is read from the environment (`environment.py`)."""

from avtotor_site.settings.api import *
from avtotor_site.settings.apps import *
from avtotor_site.settings.celery import *
from avtotor_site.settings.database import *
from avtotor_site.settings.environment import *
from avtotor_site.settings.i18n import *
from avtotor_site.settings.jobs import *
from avtotor_site.settings.logging import *
from avtotor_site.settings.mail import *
from avtotor_site.settings.rates import *
from avtotor_site.settings.security import *
from avtotor_site.settings.static import *
