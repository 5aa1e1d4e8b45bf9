"""Every main page in a real browser: accessible, silent under the strict content security policy, fitting the screen, in one language."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from cluster.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

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
    "/c/avtotor/milestones/new/",
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


@pytest.mark.parametrize(
    ("language", "scheme", "width"), [("ru", "light", 1280), ("en", "dark", 1280), ("ru", "dark", 390), ("en", "light", 390)]
)
def test_pages_are_accessible_silent_and_fit(editor: User, open_as: Callable[..., Any], language: str, scheme: str, width: int) -> None:
    visit = open_as(editor, language=language, scheme=scheme, width=width)
    axe = Axe()
    for path in PAGES:
        page = visit.go(path)
        assert page.evaluate("document.documentElement.lang") == language, path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
        violations = [(v["id"], [node["target"] for node in v["nodes"]]) for v in axe.run(page).response["violations"]]
        assert violations == [], path
    assert visit.said == []


def test_a_russian_page_speaks_russian_and_an_english_one_english(editor: User, open_as: Callable[..., Any]) -> None:
    russian, english = open_as(editor, language="ru"), open_as(editor, language="en")
    for path in PAGES:
        page = russian.go(path)
        # Lists of sources hold names of newspapers in the language of their titles.
        page.evaluate("document.querySelectorAll('select').forEach((select) => select.remove())")
        text = page.inner_text("body")
        assert _ENGLISH_SENTENCE.findall(text) == [], path
        assert _ENGLISH_MONTHS.findall(text) == [], path
        # What stays Cyrillic on an English page: publishers' names, quoted titles of legal entities, the language switch.
        frame = english.go(path).inner_text("header.top")
        assert _CYRILLIC.findall(frame) == [], path


def test_the_cluster_page_says_where_we_stand(editor: User, open_as: Callable[..., Any]) -> None:
    text = open_as(editor, language="en").go("/c/avtotor/").inner_text("main").replace("\u00a0", " ").replace("\u202f", " ")
    assert "7 of 12 factories opened" in text
    committed = text[text.index("Committed") :][:200]
    assert re.search(r"more than\s+\S*70", committed), committed
    assert "93.4419" in text
    for days in ("761", "305", "241", "395"):
        assert f"{days} days" in text, days


def test_without_scripts_the_pages_still_say_everything(editor: User, browser: Any, live_server: Any, client: Any) -> None:
    client.force_login(editor)
    context = browser.new_context(java_script_enabled=False, locale="en")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/c/avtotor/delays/")
    assert "761" in page.inner_text("main")
    page.goto(f"{live_server.url}/c/avtotor/factories/F01/payment/")
    assert page.locator("form [name=amount]").count() == 1
    context.close()


def test_the_admin_is_silent_under_the_policy(editor: User, open_as: Callable[..., Any]) -> None:
    visit = open_as(editor)
    for path in (
        "/admin/",
        "/admin/cluster/milestone/",
        "/admin/cluster/claim/",
        "/admin/cluster/factory/",
        "/admin/production/output/add/",
    ):
        visit.go(path)
    assert visit.said == []


def test_the_cluster_page_fits_four_sheets_with_wide_charts_and_nothing_to_press(editor: User, open_as: Callable[..., Any]) -> None:
    page = open_as(editor).go("/c/avtotor/")
    sheets = re.search(rb"/Type /Pages\s+/Count (\d+)", page.pdf(format="A4"))
    assert sheets
    assert int(sheets[1]) <= 4
    page.set_viewport_size({"width": 688, "height": 1000})
    page.emulate_media(media="print")
    assert page.locator(".chart svg.narrow:visible").count() == 0
    assert page.locator(".chart svg.wide:visible").count() >= 3
    assert page.locator(".bar a:visible, .btn:visible, summary:visible").count() == 0
    lefts = page.locator(".tiles.money > .tile").evaluate_all(
        "tiles => new Set(tiles.map(t => Math.round(t.getBoundingClientRect().left))).size"
    )
    assert lefts == 3
