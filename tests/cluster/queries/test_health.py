"""Readiness: what anybody may be told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from cluster.queries import health
from tests.factories import make_rate


@pytest.mark.django_db
def test_a_database_that_does_not_answer_tells_no_addresses(client: Client, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def refuse(*_: Any) -> None:
        message = 'connection to server at "10.1.2.3", port 5432 failed'
        raise OperationalError(message)

    monkeypatch.setattr(health, "MigrationExecutor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": {"ok": False, "detail": "unreachable"}}
    assert "10.1.2.3" in caplog.text


@pytest.mark.django_db
def test_an_old_rate_is_reported_and_takes_nobody_out_of_service(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.web.health.timezone.now", lambda: datetime(2026, 11, 23, 6, 0, tzinfo=UTC))
    make_rate("2026-11-10", "80.1234")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["rate"] == {"ok": False, "detail": "2026-11-10"}
    make_rate("2026-11-21", "80.5000")
    assert client.get("/readyz").json()["rate"] == {"ok": True, "detail": "2026-11-21"}
