"""Readiness: what anybody may be told."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from cluster.queries import health


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
