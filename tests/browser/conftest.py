"""A real Chromium against a live server that is filled once for each file: with the public record, the example and people."""

import os
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone
from django.utils.module_loading import import_string
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, sync_playwright
from pytest_django.live_server_helper import LiveServer

from avtotor_site.local.browser import find_browser
from cluster.domain.access import Role
from cluster.models import Factory, JobRun, User
from cluster.services.access import ensure_roles
from cluster.services.conversions import convert_all
from cluster.services.delays import flag_delays
from tests.factories import hold_role

PASSWORD = "a-long-test-password"
# Plant managers of the example, by their factories.
MANAGERS = {"manager5": "X05", "manager6": "X06"}
_AXE = Axe()
# The reader chooses the colours, and the browser has drawn them; one that has nothing to draw gives no frames.
DRAWN = """(scheme) => new Promise((drawn) => {
  if (scheme) document.documentElement.dataset.theme = scheme;
  requestAnimationFrame(() => requestAnimationFrame(drawn));
  setTimeout(drawn, 500);
})"""
# What the browser itself says of a refused form; the journeys that refuse one name the statuses.
_REFUSED = re.compile(r"the server responded with a status of (\d{3})")


class Site(NamedTuple):
    """Where the server listens, and the session of each person."""

    address: str
    sessions: dict[str, str]


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


@pytest.fixture(scope="module")
def site(browser: Browser, django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """A server of its own for a file, filled once.

    Tests take plain `django_db`: they see what the server stored, and what they write themselves it does not see. What one
    test stored the next one meets: each keeps to factories of its own.
    """
    with django_db_blocker.unblock():
        for path in (*django_settings.PUBLIC_RECORD_LOADERS, *django_settings.EXAMPLE_PLAN_LOADERS):
            import_string(path)()
        convert_all(now=timezone.now(), progress=lambda done, total: None)
        flag_delays(as_of=timezone.localdate(), progress=lambda done, total: None)
        JobRun.objects.create(name=JobRun.Name.CONVERT, scheduled_for=timezone.now())
        sessions = {user.get_username(): _session(user) for user in _people()}
    server = LiveServer("localhost")
    with override_settings(ALLOWED_HOSTS=["*"], CSRF_TRUSTED_ORIGINS=[server.url]):
        yield Site(server.url, sessions)
    server.stop()
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


def _people() -> Iterator[User]:
    """Two editors over everything, the first of whom administers too; the managers of two factories of the example."""
    ensure_roles()
    for name in ("editor", "colleague"):
        editor: User = User.objects.create_user(name, email=f"{name}@example.org", password=PASSWORD, is_staff=True)
        hold_role(editor, Role.EDITOR)
        if name == "editor":
            hold_role(editor, Role.ADMIN)
        yield editor
    for name, code in MANAGERS.items():
        manager: User = User.objects.create_user(name, email=f"{name}@example.org", password=PASSWORD)
        hold_role(manager, Role.MANAGER, factory=Factory.objects.get(contract__code="example", code=code))
        yield manager


def _session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def visit(browser: Browser, site: Site, db: None) -> Iterator[Callable[..., "Visit"]]:
    """A window of one person in one language, colour scheme and width. At the end of the test none of them has anything to complain of."""
    visits = []

    def open_window(
        name: str = "editor", *, language: str = "ru", scheme: str = "light", width: int = 1280, scripts: bool = True, login: bool = True
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        if login:
            cookie = {"name": django_settings.SESSION_COOKIE_NAME, "value": site.sessions[name], "url": site.address}
            context.add_cookies([cookie])  # type: ignore[list-item]
        opened = Visit(context, site.address, language)
        visits.append(opened)
        return opened

    yield open_window
    for one in visits:
        one.context.close()
    for one in visits:
        assert one.said == []


class Visit:
    """One window of one person, and everything that went wrong in it: words on the console, failed requests, refusals."""

    def __init__(self, context: BrowserContext, address: str, language: str) -> None:
        self.context, self.address, self.language = context, address, language
        self.said: list[str] = []
        self.refusals: Collection[int] = ()
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self._hear(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self._hear(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _hear(self, text: str) -> None:
        status = _REFUSED.search(text)
        if status is None or int(status[1]) not in self.refusals:
            self.said.append(text)

    def _failed(self, request: Request) -> None:
        # Whoever leaves a page, or saves a file, leaves requests behind; a status is heard below.
        if request.failure not in ("net::ERR_ABORTED", "net::ERR_HTTP_RESPONSE_CODE_FAILURE"):
            self.said.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.said.append(f"{response.status}: {response.url}")

    def go(self, path: str) -> Page:
        """Open a page of the site; it must answer well."""
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.ok, f"{path}: {response.status}"
        return self.page

    def save(self, button: str = "form button.pri[type=submit]") -> Page:
        """Send the form of the page, and see what comes of it."""
        with self.page.expect_navigation():
            self.page.locator("main").locator(button).first.click()
        return self.page

    def look(self, *, scheme: str = "", width: int = 0) -> str:
        """The page as it stands speaks the language, fits the screen and is accessible. Returns what it says, with plain spaces.

        With a colour scheme and a width it is seen in these.
        """
        page = self.page
        if width:
            page.set_viewport_size({"width": width, "height": 900})
        if scheme or width:
            page.evaluate(DRAWN, scheme)
        assert page.evaluate("document.documentElement.lang") == self.language, page.url
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{page.url} is wider than the screen"
        assert violations(page) == [], page.url
        return plain(page.inner_text("main"))


def plain(text: str) -> str:
    """The text with plain spaces."""
    return re.sub(r"[\u00a0\u202f]", " ", text)


def violations(page: Page, *tags: str, within: str | None = None) -> list[Any]:
    """What axe finds on the page as it stands, or in a part of it, by all its rules or those of `tags`: the rule, where, and why."""
    only = {"runOnly": list(tags)} if tags else {}
    found = _AXE.run(page, within, {"resultTypes": ["violations"], "preload": False, "iframes": False, **only}).response["violations"]
    return [(one["id"], [(node["target"], node["failureSummary"]) for node in one["nodes"]]) for one in found]
