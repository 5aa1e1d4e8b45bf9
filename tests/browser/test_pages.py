"""Every main page in a real browser: accessible, silent under the strict content security policy, fitting the screen, in one language."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import resolve, reverse
from playwright.sync_api import Page

from production.models import VehicleModel
from tests.browser.conftest import DRAWN, violations
from tests.cluster.web.addresses import pages

pytestmark = [pytest.mark.django_db, pytest.mark.browser]

PAGES = [
    "/c/avtotor/",
    "/c/avtotor/factories/",
    "/c/avtotor/factories/F01/",
    "/c/avtotor/factories/F11/",
    "/c/avtotor/delays/",
    "/c/avtotor/record/",
    "/c/avtotor/record/sources/tass_2024_04/",
    "/c/avtotor/?as_of=2024-08-28",
    "/c/avtotor/milestones/ALL12/forecast/",
    "/c/avtotor/milestones/F01-OPEN/",
    "/c/avtotor/milestones/F01-OPEN/edit/",
    "/c/avtotor/milestones/F01-OPEN/progress/",
    "/c/avtotor/milestones/F01-OPEN/delete/",
    "/c/avtotor/milestones/F01-OPEN/dependencies/new/",
    "/c/avtotor/new/milestone/",
    "/c/avtotor/calendar/",
    "/c/avtotor/factories/F01/payment/",
    "/c/avtotor/money/",
    "/c/avtotor/money/?by=month",
    "/c/avtotor/factories/F01/money/",
    "/c/avtotor/money/rows/?figure=outlook",
    "/c/avtotor/money/rows/?figure=budget&factory=F01",
    "/c/avtotor/money/rows/?figure=paid",
    "/c/avtotor/ledger/",
    "/c/avtotor/ledger/?document=nothing",
    "/c/avtotor/ledger/new/",
    "/production/c/avtotor/",
    "/production/c/avtotor/output/",
    "/rates/",
    "/rates/?from=2015-01-01",
    "/rates/new/",
    "/jobs/",
]
# English words that a Russian page may well show: names of firms and models, units, codes, licences.
_ENGLISH_SENTENCE = re.compile(r"\b(?:the|of|and|is|are|not|no|with|from|late|due|factory|delay|source|published)\b", re.IGNORECASE)
_ENGLISH_MONTHS = re.compile(
    r"\b(?:January|February|March|April|June|July|August|September|October|November|December|Jan|Feb|Aug|Sept|Oct|Nov|Dec)\b"
)
_CYRILLIC = re.compile(r"[А-Яа-яЁё]{4,}")


@pytest.mark.parametrize(("language", "scheme", "width", "other"), [("ru", "light", 1280, 390), ("en", "dark", 390, 1280)])
def test_pages_are_accessible_silent_and_fit_in_one_language(
    visit: Callable[..., Any], language: str, scheme: str, width: int, other: int
) -> None:
    """Each scheme and each width is looked at once, in one of the languages; both languages fit both widths."""
    window = visit(language=language)
    for path in PAGES:
        window.go(path)
        window.look(scheme=scheme, width=width)
        window.page.set_viewport_size({"width": other, "height": 900})
        assert _fits(window.page), f"{path} is wider than {other}"
        (_speaks_russian if language == "ru" else _speaks_english)(window.page)


# Addresses that show no page of their own: files, parts of pages, and letters, which stand in a sandbox where nothing runs, axe neither.
_NO_PAGES = re.compile(r"_(file|echo|preview|html)$|:(attachment|my_letter)$")


def test_every_other_page_is_accessible_silent_and_fits_a_phone(visit: Callable[..., Any]) -> None:
    """Each is looked at once: in Russian and light, in English and dark, by turns. Its frame is that of the pages above."""
    looked_at = {resolve(path.partition("?")[0]).view_name for path in PAGES}
    model = VehicleModel.objects.earliest("pk")
    elsewhere = {
        **{f"production:{name}": ("avtotor", model.brand.code) for name in ("brand", "edit_brand", "new_model")},
        "production:edit_model": ("avtotor", model.pk),
    }
    addresses = {name: reverse(name, args=elsewhere[name]) if name in elsewhere else path for name, path in pages().items()}
    window = visit(width=390)
    # A button's address answers 405, what the example has none of 404: the same page in other words.
    window.refusals = {404, 405}
    wrong, seen = [], 0
    for number, (name, path) in enumerate(sorted(addresses.items())):
        if name in looked_at or _NO_PAGES.search(name):
            continue
        window.language, scheme = (("ru", "light"), ("en", "dark"))[number % 2]
        window.context.add_cookies([{"name": "django_language", "value": window.language, "url": window.address}])
        response = window.page.goto(window.address + path)
        if response.status in window.refusals:
            continue
        seen += 1
        wrong += [f"{name}: {one}" for one in [*_unfit(window, scheme), *window.said]]
        window.said.clear()
    # The board report is made by a button.
    window.page.goto(window.address + addresses["cluster:board_reports"])
    with window.page.expect_navigation():
        window.page.click("[formaction$='/reports/view/']")
    wrong += [f"board report: {one}" for one in [*_unfit(window, "light"), *window.said]]
    assert not wrong, "\n".join(wrong)
    assert seen > 60


def _unfit(window: Any, scheme: str) -> Iterator[str]:
    """What is wrong with the page as it stands."""
    page = window.page
    page.evaluate(DRAWN, scheme)
    if page.evaluate("document.documentElement.lang") != window.language:
        yield "speaks another language"
    if not _fits(page):
        yield "is wider than the screen"
    yield from map(str, violations(page, "wcag2a", "wcag2aa", within="main"))
    if window.language == "ru":
        yield from _english_in(page)


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def _english_in(page: Page) -> list[str]:
    """The English of a Russian page."""
    # Lists of sources hold names of newspapers in the language of their titles.
    page.evaluate("document.querySelectorAll('select').forEach((select) => select.remove())")
    text = page.inner_text("body")
    return [*_ENGLISH_SENTENCE.findall(text), *_ENGLISH_MONTHS.findall(text)]


def _speaks_russian(page: Page) -> None:
    assert _english_in(page) == [], page.url


def _speaks_english(page: Page) -> None:
    # What stays Cyrillic on an English page: publishers' names, quoted titles of legal entities, the language switch.
    page.set_viewport_size({"width": 1280, "height": 900})
    assert _CYRILLIC.findall(page.inner_text("header.top")) == [], page.url


def test_the_cluster_page_says_where_we_stand(visit: Callable[..., Any]) -> None:
    text = visit(language="en").go("/c/avtotor/").inner_text("main").replace("\u00a0", " ").replace("\u202f", " ")
    assert "7 of 12 factories opened" in text
    committed = text[text.index("Committed") :][:200]
    assert re.search(r"more than\s+\S*70", committed), committed
    assert "93.4419" in text
    for days in ("761", "305", "241", "395"):
        assert f"{days} days" in text, days


def test_the_admin_is_silent_under_the_policy(visit: Callable[..., Any]) -> None:
    window = visit()
    for path in (
        "/admin/",
        "/admin/cluster/milestone/",
        "/admin/cluster/claim/",
        "/admin/cluster/factory/",
        "/admin/production/output/add/",
    ):
        window.go(path)


def test_the_cluster_page_fits_four_sheets_with_wide_charts_and_nothing_to_press(visit: Callable[..., Any]) -> None:
    page = visit().go("/c/avtotor/")
    sheets = re.search(rb"/Type /Pages\s+/Count (\d+)", page.pdf(format="A4"))
    assert sheets
    assert int(sheets[1]) <= 4
    page.set_viewport_size({"width": 688, "height": 1000})
    page.emulate_media(media="print")
    assert page.locator(".chart svg.narrow:visible").count() == 0
    assert page.locator(".chart svg.wide:visible").count() >= 3
    assert page.locator(".bar a:visible, .btn:visible, main summary:visible").count() == 0
    lefts = page.locator(".tiles.money > .tile").evaluate_all(
        "tiles => new Set(tiles.map(t => Math.round(t.getBoundingClientRect().left))).size"
    )
    assert lefts == 3


# What moved after it was first painted, as browsers reckon it: 0.1 is what people notice.
_SHIFTS = """() => new Promise((done) => {
  let moved = 0;
  const count = (list) => list.getEntries().forEach((entry) => { moved += entry.value; });
  new PerformanceObserver(count).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(moved), 200);
})"""


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_once_it_is_painted(visit: Callable[..., Any], width: int) -> None:
    window = visit(width=width)
    for path in ("/c/example/", "/c/example/schedule/", "/c/example/money/"):
        window.go(path)
        assert window.page.evaluate(_SHIFTS) < 0.01, path
