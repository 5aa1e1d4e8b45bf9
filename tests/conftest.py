"""Fixtures for all tests, and what lets transactional tests empty tables that refuse to be emptied."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation


@pytest.fixture(autouse=True, scope="session")
def _flush_append_only_tables() -> Iterator[None]:
    """Transactional tests end with TRUNCATE, which append-only tables refuse; only the flush goes past their triggers."""
    with pytest.MonkeyPatch.context() as patch:
        plain = DatabaseOperations.execute_sql_flush

        def flush(self: Any, sql_list: list[str]) -> None:
            plain(self, ["SET LOCAL session_replication_role = replica", *sql_list, "SET LOCAL session_replication_role = DEFAULT"])

        patch.setattr(DatabaseOperations, "execute_sql_flush", flush)
        yield


@pytest.fixture
def in_english() -> Iterator[None]:
    """English is the active language, so that a test can quote the sentences of the code."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _static_files_by_their_plain_names(settings: Any) -> None:
    """Pages are rendered without a collected manifest."""
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
