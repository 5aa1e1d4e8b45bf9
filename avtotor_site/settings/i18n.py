"""Languages and time: Russian first, English complete; moments are stored in UTC and shown in Kaliningrad time."""

from django.utils.translation import gettext_lazy as _

from avtotor_site.settings.environment import BASE_DIR

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Kaliningrad"
