"""What API tests share: a cache of their own, clients with tokens, and one object of every noun."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from cluster.models import User
from tests.cluster.api.world import World, build_world, token_client


@pytest.fixture(autouse=True)
def own_cache(settings: Any) -> None:
    """Requests are counted in the process, and from zero."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


@pytest.fixture
def world(db: None) -> World:
    """A contract with one object of every noun."""
    return build_world()


@pytest.fixture
def as_(db: None) -> Callable[[User], APIClient]:
    """A client that asks with a writing token of the person."""
    return token_client
