"""What the tests of bad input share."""

from tests.cluster.api.conftest import own_cache

__all__ = ["own_cache"]
