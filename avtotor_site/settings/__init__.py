"""Settings, one file per topic. Everything that differs between machines is read from the environment (`environment.py`)."""

from avtotor_site.settings.api import *  # noqa: F403
from avtotor_site.settings.apps import *  # noqa: F403
from avtotor_site.settings.celery import *  # noqa: F403
from avtotor_site.settings.database import *  # noqa: F403
from avtotor_site.settings.i18n import *  # noqa: F403
from avtotor_site.settings.jobs import *  # noqa: F403
from avtotor_site.settings.logging import *  # noqa: F403
from avtotor_site.settings.mail import *  # noqa: F403
from avtotor_site.settings.security import *  # noqa: F403
from avtotor_site.settings.static import *  # noqa: F403
