"""What pages cost: every page of the site, on the example plan, takes at most twelve statements, the session and the reader included, and
150 KB as it is sent.
"""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import JobRun
from cluster.services import example_plan, public_record
from cluster.services.delays import flag_delays
from production.services import example_plan as production_example
from production.services import public_record as production_record
from tests.cluster.web.addresses import pages
from tests.factories import make_user

MOST, MOST_BYTES = 12, 150_000
# A document in the frame of a page: made whole for the one who asks, of everything that is known. Not one statement more than this.
DOCUMENTS = {"cluster:my_letter": 28}
# What the example has none of, or not for an editor: the page says that there is no such thing. A method that is not GET says so.
ABSENT = {
    "cluster:attachment",
    "cluster:check_board_report",
    "cluster:edit_duty",
    "cluster:kept_board_report",
    "cluster:outbox",
    "cluster:outbox_file",
    "cluster:outbox_letter",
    "cluster:outbox_letter_html",
    "cluster:take_back_report",
    "cluster:unsubscribe",
    "cluster:withdraw_attachment",
    "cluster:withdraw_comment",
    "cluster:risk_run",
    "production:brand",
    "production:edit_brand",
    "production:edit_model",
    "production:new_model",
}


@pytest.fixture(scope="module")
def editor(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """The browser of an editor; the example plan is loaded once for this file, and gone after it."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        for load in (public_record.load, production_record.load, example_plan.load, production_example.load):
            load()
        flag_delays(as_of=timezone.localdate(), progress=lambda _done, _all: None)
        JobRun.objects.create(name=JobRun.Name.CONVERT, scheduled_for=timezone.now())
        client = Client(headers={"accept-language": "en"})
        client.force_login(make_user(Role.EDITOR))
        yield client
        transaction.set_rollback(True)


def statements(client: Client, address: str) -> tuple[int, int, int]:
    """The status of the answer, the number of statements, and the bytes of it compressed."""
    with CaptureQueriesContext(connection) as taken:
        response = client.get(address)
        content = response.getvalue()
    count = len([one for one in taken if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])
    return response.status_code, count, len(gzip.compress(content, 6))


@pytest.mark.django_db
def test_every_page_takes_twelve_statements_at_most_and_is_small(editor: Client) -> None:
    editor.get("/c/example/calendar/")  # the visit is noted
    found, lost, large = {}, set(), {}
    for name, address in pages().items():
        status, count, size = statements(editor, address)
        assert status < 500, name
        if count > MOST:
            # What a process looks up once has been looked up.
            status, count, size = statements(editor, address)
        found[name] = count
        if size > MOST_BYTES:
            large[name] = size
        if status == 404:
            lost.add(name)
    assert lost <= ABSENT, sorted(lost - ABSENT)
    assert not large
    over = {name: count for name, count in found.items() if count > DOCUMENTS.get(name, MOST)}
    assert not over, sorted(over.items(), key=lambda one: -one[1])
    assert all(found[name] > MOST for name in DOCUMENTS), "keeps to the budget of pages now: take it out of DOCUMENTS"
