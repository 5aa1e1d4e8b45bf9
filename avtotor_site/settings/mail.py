"""E-mail: captured as files by default, sent by SMTP when SMTP_HOST is set."""

from avtotor_site.settings.environment import SITE_HOST, STATE_DIR, env

SMTP_HOST: str = env.str("SMTP_HOST", default="")

EMAIL_BACKEND = "cluster.gateways.mail.SmtpBackend" if SMTP_HOST else "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.str("MAIL_DIR", default=str(STATE_DIR / "mail"))
EMAIL_HOST = SMTP_HOST or "localhost"
EMAIL_PORT = env.int("SMTP_PORT", default=587)
EMAIL_HOST_USER = env.str("SMTP_USER", default="")
EMAIL_HOST_PASSWORD = env.str("SMTP_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("SMTP_STARTTLS", default=bool(SMTP_HOST) and EMAIL_PORT == 587)
EMAIL_USE_SSL = env.bool("SMTP_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = env.int("SMTP_TIMEOUT", default=20)
# Letters in a minute, of all workers together; 0 sets no limit.
MAIL_PER_MINUTE = env.int("MAIL_PER_MINUTE", default=0)
# An mbox file, a Maildir or a folder of *.eml in which returned letters arrive; empty where they are not read.
BOUNCE_MAILBOX = env.str("BOUNCE_MAILBOX", default="")
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"tracker@{SITE_HOST}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
