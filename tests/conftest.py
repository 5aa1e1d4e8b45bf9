"""Fixtures for all tests, the order in which parallel workers take them, and what they cost beside themselves."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

# Real servers, a real browser, each address of the site: much waiting, and the longest files.
SLOW = {"browser", "faults", "hostile"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Parallel workers begin with the slow files: one of them at the end would be waited for by all other workers."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.path.parent.name not in SLOW)


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: the collector of garbage need not look at them time and again (a fifth of all)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True, scope="session")
def _flush_of_few_rows() -> Iterator[None]:
    """Transactional tests end with an emptying of all tables: by DELETE, which costs a fraction of TRUNCATE for few rows.

    Append-only tables refuse both; only this goes past their triggers, and past the order that foreign keys ask for.
    """

    def sql_flush(self: Any, style: Any, tables: list[str], **options: bool) -> list[str]:
        deletes = [f"DELETE FROM {self.quote_name(table)}" for table in tables]
        return ["SET LOCAL session_replication_role = replica", *deletes, "SET LOCAL session_replication_role = DEFAULT"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def _static_files_are_looked_up_once() -> Iterator[None]:
    """Every test client starts the middleware anew, which then reads hundreds of collected files: here once in a process."""
    with pytest.MonkeyPatch.context() as patch:
        plain = WhiteNoiseMiddleware.update_files_dictionary
        found: dict[tuple[str, str], dict[str, Any]] = {}

        def update(self: Any, root: str, prefix: str) -> None:
            if (root, prefix) not in found:
                plain(self, root, prefix)
                found[root, prefix] = dict(self.files)
            self.files.update(found[root, prefix])

        patch.setattr(WhiteNoiseMiddleware, "update_files_dictionary", update)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Dropping a database waits for a checkpoint of the whole server: on a busy machine longer than a page may wait for its answer.

    What tests commit need not outlive a power cut: they do not wait for the disk.
    """
    options = settings.DATABASES["default"]["OPTIONS"]
    options["options"] = options["options"].replace("statement_timeout=15000", "statement_timeout=60000") + " -c synchronous_commit=off"


@pytest.fixture
def in_english() -> Iterator[None]:
    """English is the active language, so that a test can quote the sentences of the code."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _static_files_by_their_plain_names(settings: Any) -> None:
    """Pages are rendered without a collected manifest."""
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
