"""PostgreSQL, the only database. `DATABASE_URL` names it; without it manage.py starts an embedded server and sets it."""

from avtotor_site.settings.environment import env

DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///tracker")}
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    CONN_MAX_AGE=env.int("DATABASE_CONN_MAX_AGE", default=60),
    CONN_HEALTH_CHECKS=True,
)
# The server's compiler of queries (JIT) is off. It pays for reports of hours; here it took minutes, beyond any time-out, to compile a
# page's query of milliseconds, once a thousand contracts made the planner think it dear.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options",
    "-c jit=off -c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000 -c lock_timeout=10000",
)
