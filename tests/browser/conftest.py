"""A real Chromium against a live server that is filled with the public record."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from avtotor_site.local.browser import find_browser
from cluster.domain.access import Role
from cluster.models import User
from cluster.services import public_record
from cluster.services.access import ensure_roles, grant_role
from cluster.services.conversions import convert_all
from cluster.services.delays import flag_delays
from production.services import public_record as production_record

PASSWORD = "a-long-test-password"


@pytest.fixture(scope="session")
def _sync_orm_beside_playwright() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the tests' own look-ups stay synchronous."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def browser(_sync_orm_beside_playwright: None) -> Iterator[Browser]:
    """The system's Chromium."""
    path = find_browser()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("No Chromium was found on the PATH.")
        pytest.skip("no Chromium on the PATH: install the package chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def editor(live_server: Any) -> User:
    """A PMO editor of a site that holds the public record, its dollars and its flags."""
    public_record.load()
    production_record.load()
    now, today = timezone.now(), timezone.localdate()
    convert_all(now=now, progress=lambda done, total: None)
    flag_delays(as_of=today, progress=lambda done, total: None)
    ensure_roles()
    user: User = User.objects.create_user("editor", email="editor@example.org", password=PASSWORD)
    grant_role(user=user, role=Role.EDITOR)
    grant_role(user=user, role=Role.ADMIN)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return user


@pytest.fixture
def open_as(browser: Browser, live_server: Any, settings: Any) -> Iterator[Callable[..., "Visit"]]:
    """Log a person in, in a window of one language, colour scheme and width."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    visits = []

    def open_window(user: User, *, language: str = "ru", scheme: str = "light", width: int = 1280) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        visit = Visit(context, live_server.url)
        visits.append(visit)
        visit.log_in(user.get_username())
        return visit

    yield open_window
    for visit in visits:
        visit.context.close()


class Visit:
    """One window of one person, and everything that its console said."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.said: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def log_in(self, name: str) -> None:
        """Through the login page, as a person does."""
        self.page.goto(f"{self.address}/login/")
        self.page.fill("[name=username]", name)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"/c/"))

    def go(self, path: str) -> Page:
        """Open a page of the site; it must answer well."""
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.ok, f"{path}: {response.status}"
        return self.page
