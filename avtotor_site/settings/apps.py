"""Installed applications, middleware, templates, urls."""

import pghistory

from avtotor_site.settings.environment import BASE_DIR

INSTALLED_APPS = [
    "avtotor_site.admin_site.TrackerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "csp",
    "cluster",
    "production",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "cluster.web.middleware.SealedFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "cluster.web.middleware.SizeLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "cluster.web.middleware.OnlySentMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cluster.web.middleware.HistoryContextMiddleware",
]

ROOT_URLCONF = "avtotor_site.urls"
WSGI_APPLICATION = "avtotor_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cluster.web.context.site",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "cluster.User"

# What both applications contribute to is named here by dotted path: `cluster` never imports `production`.
PUBLIC_RECORD_LOADERS = ["cluster.services.public_record.load", "production.services.public_record.load"]
EXAMPLE_PLAN_LOADERS = ["cluster.services.example_plan.load", "production.services.example_plan.load"]
DASHBOARD_PANELS = ["production.web.panels.production_panel"]
FACTORY_PANELS = ["production.web.panels.factory_panel"]
SOURCE_PANELS = ["production.web.panels.source_panel"]
BOARD_CHAPTERS = [
    "cluster.services.board_chapters.summary.summary",
    "cluster.services.board_chapters.money.money",
    "cluster.services.board_chapters.schedule.schedule",
    "cluster.services.board_chapters.delays.delays",
    "production.services.board_chapter.production",
    "cluster.services.board_chapters.record.record",
]
DIGEST_SECTIONS = [
    "cluster.queries.digest.changes_section",
    "cluster.queries.digest_asked.asked_section",
    "cluster.queries.digest.ahead_section",
    "cluster.queries.digest.promises_section",
    "cluster.queries.digest.figures_section",
    "production.queries.digest.production_section",
]
NOTICE_KINDS = [
    "cluster.queries.notices.CRITICAL_DELAY",
    "cluster.queries.notices.QUARANTINED_RATE",
    "cluster.queries.notices.MENTION",
    "cluster.queries.notices.PROPOSED_BASELINE",
    "cluster.services.reporting_notices.REPORT_DUE",
    "cluster.services.reporting_notices.REPORT_MISSING",
]
FLAG_RULES = [
    "cluster.queries.milestone_flags.MILESTONE_RULES",
    "cluster.queries.factory_flags.FACTORY_RULES",
    "production.queries.output_flags.OUTPUT_RULES",
]

# Every change of a business row is kept by triggers: inserts, updates and deletes, bulk and raw SQL included.
PGHISTORY_APPEND_ONLY = True
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="history", related_query_name="history")
