"""Every page in a real browser: accessible, silent under the strict content security policy, fitting the screen, in one language."""

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


# Addresses that show no page of their own: files, parts of pages, and letters, which stand in a sandbox where nothing runs, axe neither.
_NO_PAGES = re.compile(r"_(file|echo|preview|html)$|:(attachment|my_letter)$")


def test_every_page_is_accessible_silent_and_fits_in_one_language(visit: Callable[..., Any]) -> None:
    """Each is looked at once: in Russian, light and wide, in English, dark and on a phone, by turns; it fits both widths.

    The main pages stand first, by their own addresses. The frame of all is looked at with the first two.
    """
    looked_at = {resolve(path.partition("?")[0]).view_name for path in PAGES}
    model = VehicleModel.objects.earliest("pk")
    elsewhere = {
        **{f"production:{name}": ("avtotor", model.brand.code) for name in ("brand", "edit_brand", "new_model")},
        "production:edit_model": ("avtotor", model.pk),
    }
    known = {name: reverse(name, args=elsewhere[name]) if name in elsewhere else path for name, path in pages().items()}
    addresses = [*PAGES, *(path for name, path in sorted(known.items()) if name not in looked_at and not _NO_PAGES.search(name))]
    window = visit()
    # A button's address answers 405, what the example has none of 404: the same page in other words.
    window.refusals = {404, 405}
    wrong, seen = [], 0
    for number, path in enumerate(addresses):
        window.language, scheme, width = (("ru", "light", 1280), ("en", "dark", 390))[number % 2]
        window.context.add_cookies([{"name": "django_language", "value": window.language, "url": window.address}])
        window.page.set_viewport_size({"width": width, "height": 900})
        response = window.page.goto(window.address + path)
        if response.status in window.refusals:
            continue
        seen += 1
        wrong += [f"{path}: {one}" for one in [*_unfit(window, scheme, "" if number < 2 else "main"), *window.said]]
        window.said.clear()
    # The board report is made by a button.
    window.page.goto(window.address + known["cluster:board_reports"])
    with window.page.expect_navigation():
        window.page.click("[formaction$='/reports/view/']")
    wrong += [f"board report: {one}" for one in [*_unfit(window, "light", "main"), *window.said]]
    assert not wrong, "\n".join(wrong)
    assert seen > 90


def _unfit(window: Any, scheme: str, within: str) -> Iterator[str]:
    """What is wrong with the page as it stands."""
    page = window.page
    page.evaluate(DRAWN, scheme)
    if page.evaluate("document.documentElement.lang") != window.language:
        yield "speaks another language"
    yield from map(str, violations(page, "wcag2a", "wcag2aa", within=within))
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"is wider than {width}"
    yield from _english_in(page) if window.language == "ru" else _russian_in(page)


def _english_in(page: Page) -> list[str]:
    """The English of a Russian page."""
    # Lists of sources hold names of newspapers in the language of their titles.
    page.evaluate("document.querySelectorAll('select').forEach((select) => select.remove())")
    text = page.inner_text("body")
    return [*_ENGLISH_SENTENCE.findall(text), *_ENGLISH_MONTHS.findall(text)]


def _russian_in(page: Page) -> list[str]:
    """The Russian of the head of an English page; below it stand publishers' names and titles."""
    head = page.locator("header.top")
    return _CYRILLIC.findall(head.inner_text()) if head.count() else []


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
        assert window.said == [], path


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
