"""pytest plugin, loaded before pytest-django reads the settings: the tests' servers, and what parallel workers share of them.

The embedded servers are started once, by the process that hands out the tests, and outlive all workers. pytest-django
gives every worker a PostgreSQL database of its own, this plugin a Redis database.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis, RedisError

from avtotor_site.local import LocalError, attach

# The running site uses database 0; the tests may empty this one.
TEST_REDIS_DATABASE = 13
# What a server has unless it is told otherwise; the embedded one is not.
REDIS_DATABASES = 16

own_redis = bool(os.environ.get("REDIS_URL"))
os.environ.setdefault("SITE_URL", "http://localhost:8080")
try:
    attach()
except LocalError as error:
    raise pytest.UsageError(str(error)) from error
if not own_redis:
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{TEST_REDIS_DATABASE}").geturl()

_borrowed: list[str] = []


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: a worker per core and at least two, since much of a run is waiting; none for tests named one by one."""
    if any("::" in argument for argument in config.args):
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, min(cores, REDIS_DATABASES // 2))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: Sequence[Any]) -> None:
    """Give the first worker the run's own Redis database, and every other one an empty one beside it."""
    urls = databases_beside(os.environ["REDIS_URL"])
    for spec in specs:
        url = next(urls, None)
        if url is None:
            raise pytest.UsageError(
                f"{len(specs)} workers need as many Redis databases, and too few are empty at {os.environ['REDIS_URL']}. "
                "Empty some, or run with fewer workers (-n 0 needs one)."
            )
        spec.env["REDIS_URL"] = url
        if url != os.environ["REDIS_URL"]:
            _borrowed.append(url)


def pytest_unconfigure() -> None:
    """Leave the borrowed Redis databases as empty as they were found."""
    while _borrowed:
        with suppress(RedisError), Redis.from_url(_borrowed.pop()) as server:
            server.flushdb()


def databases_beside(url: str) -> Iterator[str]:
    """The Redis database of the URL, then those that follow it as far as they are empty: nothing of others is touched."""
    yield url
    parts = urlsplit(url)
    if not parts.hostname:
        return
    first = int(parts.path.strip("/") or 0)
    for step in range(1, REDIS_DATABASES):
        number = (first + step) % REDIS_DATABASES
        beside = parts._replace(path=f"/{number}").geturl()
        # Database 0 is where a site keeps its own, also one that has nothing to keep just now.
        if number and is_empty(beside):
            yield beside


def is_empty(url: str) -> bool:
    """Whether the Redis database is there and holds nothing."""
    try:
        with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as server:
            return not server.dbsize()
    except RedisError:
        return False
