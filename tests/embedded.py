"""pytest plugin, loaded before pytest-django reads the settings: the tests' servers and their own Redis database."""

import os
from urllib.parse import urlsplit

import pytest

from avtotor_site.local import LocalError, attach

# The running site uses database 0; the tests may empty this one.
TEST_REDIS_DATABASE = 13

own_redis = bool(os.environ.get("REDIS_URL"))
os.environ.setdefault("SITE_URL", "http://localhost:8080")
try:
    attach()
except LocalError as error:
    raise pytest.UsageError(str(error)) from error
if not own_redis:
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{TEST_REDIS_DATABASE}").geturl()
