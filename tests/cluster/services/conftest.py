"""What tests of services share: the address of the site, an SMTP server that takes letters."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mail_server import Post, mail_server


@pytest.fixture
def site_address(settings: Any) -> None:
    """The one that stands in letters."""
    settings.SITE_URL, settings.SITE_HOST = "https://tracker.example", "tracker.example"


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    """The server, and what it was sent."""
    with mail_server(settings) as server:
        yield server
