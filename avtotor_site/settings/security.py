"""Secrets, hosts, cookies, content security policy. Refuses to start without a secret key."""

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from avtotor_site.settings.environment import SITE_HOST, SITE_IS_HTTPS, SITE_URL, env

SECRET_KEY: str = env.str("SECRET_KEY", default="")
DEBUG: bool = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = [SITE_HOST, *env.list("EXTRA_HOSTS", default=[])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "cluster.web.door.form_is_stale"

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is not set or shorter than 50 characters: set it in the environment.")
if SITE_IS_HTTPS and DEBUG:
    raise ImproperlyConfigured("DEBUG is on for an https site: unset DEBUG, or give SITE_URL an http address.")
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("EXTRA_HOSTS must name hosts: a wildcard would let forged Host headers through.")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_IS_HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if SITE_IS_HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if SITE_IS_HTTPS else "csrftoken"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"

AUTHENTICATION_BACKENDS = ["cluster.web.backend.PeopleBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "cluster:home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_NUMBER_FILES = 5
# Files shown as evidence, in bytes; a request far above that is refused before it is read.
ATTACHMENT_LARGEST = env.int("ATTACHMENT_LARGEST_MB", default=10) * 1024 * 1024
REQUEST_LARGEST = 3 * ATTACHMENT_LARGEST
