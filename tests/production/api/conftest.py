"""The API tests of both applications share what they start from."""

from tests.cluster.api.conftest import as_, own_cache, world

__all__ = ["as_", "own_cache", "world"]
