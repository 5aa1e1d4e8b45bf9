"""When a person was here last: noted while pages are read, so that the next visit can tell what changed since."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from cluster.models import User
from cluster.queries.changes import PAUSE

# Looking on does not need a note for every page.
NOTED_EVERY = timedelta(minutes=1)

_NOTE = """
INSERT INTO cluster_visit AS known (user_id, contract_id, seen_at)
SELECT %(user)s, id, %(now)s FROM cluster_contract WHERE code = %(code)s
ON CONFLICT (user_id, contract_id) DO UPDATE SET
    before_at = CASE WHEN EXCLUDED.seen_at - known.seen_at > %(pause)s THEN known.seen_at ELSE known.before_at END,
    seen_at = EXCLUDED.seen_at
WHERE EXCLUDED.seen_at - known.seen_at >= %(every)s
"""


def note_visit(*, by: User, contract_code: str, now: datetime) -> None:
    """Note that `by`, who was shown a page of a contract, is here: one statement.

    A visit begins anew after `PAUSE` without a page; the end of the one before it is kept. Two pages at once make one note.
    """
    given: dict[str, Any] = {"user": by.pk, "code": contract_code, "now": now, "pause": PAUSE, "every": NOTED_EVERY}
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, given)
