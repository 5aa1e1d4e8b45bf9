"""REST framework, its OpenAPI description, and the cache in which requests are counted."""

from avtotor_site.settings.celery import REDIS_URL
from avtotor_site.settings.i18n import LANGUAGES

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "cluster.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "cluster.api.authentication.TokenMayWrite"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cluster.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "cluster.api.schema.Schema",
    "DEFAULT_PAGINATION_CLASS": "cluster.api.pagination.PagePagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["cluster.api.throttling.PatientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min"},
    "EXCEPTION_HANDLER": "cluster.api.problems.problem_response",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}

# One count for all web workers. Short waits: without Redis the API goes on, uncounted.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Investment cluster tracker",
    "DESCRIPTION": (
        "Contracts, factories, money, milestones, delays and production. Amounts are decimal strings with their currency; dates are ISO; "
        "a date with a precision is a window. Every error is a problem by RFC 9457. What you may not see is not there (404)."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "validatorUrl": None},
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "Precision": "cluster.models.windows.PRECISIONS",
        "DelayKind": "cluster.domain.delays.FlagKind",
        "Severity": "cluster.models.delay.SEVERITIES",
        "DelayEventKind": "cluster.models.delay.DelayEvent.Kind",
        "LedgerKind": "cluster.models.ledger.LedgerEntry.Kind",
        "JobStatus": "cluster.models.job.JobRun.Status",
        "MilestoneKind": "cluster.models.milestone.MilestoneKind",
        "SlipReason": "cluster.models.milestone.SlipReason",
        "BaselineKind": "cluster.models.baseline.Baseline.Kind",
        "RoubleCurrency": [("RUB", "RUB")],
        "Basis": "cluster.api.money.BASES",
        "ScheduleBasis": "cluster.api.schedule.BASES",
        "EstimateMethod": "cluster.api.earned_value.METHODS",
        "ScheduleCheck": "cluster.api.quality.RULES",
        "DutyKind": "cluster.models.duty.ReportingDuty.Kind",
        "SearchKind": "cluster.api.search.KINDS",
        "ReportState": "cluster.api.reporting.STATES",
        "Language": LANGUAGES,
    },
}
