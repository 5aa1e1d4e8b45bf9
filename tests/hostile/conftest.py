"""What the tests of bad input share."""

import pytest

from tests.cluster.api.conftest import own_cache
from tests.hostile.ground import Ground, lay_ground

__all__ = ["own_cache"]


@pytest.fixture
def ground(own_cache: None, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The contract with a row of every kind. Nobody looks into the contexts of templates, which the test client copies for each."""
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *_args, **_kwargs: None)
    return lay_ground()
