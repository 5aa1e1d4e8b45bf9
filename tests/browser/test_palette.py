"""The palette and the shortcuts by the keyboard alone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from cluster.models import LedgerEntry
from tests.browser.conftest import PASSWORD, violations

pytestmark = [pytest.mark.django_db, pytest.mark.browser]
# What the keys of f give on the Russian layout.
RUSSIAN_F = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'а', code: 'KeyF', bubbles: true, cancelable: true}))"
# Whether the element that has the focus shows it: an outline, a shadow or an underline that it has only then.
SHOWN = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || !one.getClientRects().length) return "nothing has the focus";
  const at = getComputedStyle(one);
  const seen = at.outlineStyle !== "none" && parseFloat(at.outlineWidth) > 0 || at.boxShadow !== "none";
  return seen ? "" : "no focus to see on " + one.outerHTML.slice(0, 200);
}"""


@pytest.mark.parametrize(("language", "scheme", "width"), [("en", "dark", 1280), ("ru", "light", 390)])
def test_the_palette_goes_where_the_keys_say(visit: Callable[..., Any], language: str, scheme: str, width: int) -> None:
    window = visit(language=language, scheme=scheme, width=width)
    page = window.go("/c/avtotor/")
    page.keyboard.press("Control+KeyK")
    page.locator("#palette-options [role=option]").first.wait_for()
    page.keyboard.type("pfdjl")
    page.locator("#palette-factory").wait_for()
    assert page.get_attribute("#palette-q", "aria-activedescendant") == "palette-factory-1"
    assert page.inner_text("#palette #live")
    window.look()
    page.keyboard.press("ArrowDown")
    target = page.locator("#palette [aria-selected=true]").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")
    page.keyboard.press("Slash")
    assert page.locator("#palette").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()
    assert page.locator("body > #live").count() == 1


def test_a_payment_is_recorded_by_the_keyboard_alone(visit: Callable[..., Any]) -> None:
    window = visit(language="en", scheme="dark", login=False)
    page = window.go("/login/")
    keys = page.keyboard

    def tab_to(selector: str) -> None:
        """Step on to the element, as often as needed; each stop can be seen."""
        for _stop in range(60):
            keys.press("Tab")
            assert page.evaluate(SHOWN) == ""
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"the keyboard does not reach {selector}")

    keys.type("editor")
    keys.press("Tab")
    keys.type(PASSWORD)
    with page.expect_navigation():
        keys.press("Enter")
    page.wait_for_url("**/c/avtotor/")
    # Past the head of the page, by the link that only the keyboard meets.
    keys.press("Tab")
    assert page.evaluate(SHOWN) == ""
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    keys.press("Control+KeyK")
    page.locator("#palette-options [role=option]").first.wait_for()
    keys.type("factories")
    page.locator("#palette [aria-selected=true][href$='/factories/']").wait_for()
    keys.press("Enter")
    page.wait_for_url("**/c/avtotor/factories/")
    for _row in range(7):
        keys.press("j")
        assert page.evaluate(SHOWN) == ""
    keys.press("k")
    code = page.evaluate("document.activeElement.closest('tr').innerText.match(/F\\d\\d/)[0]")
    with page.expect_navigation():
        keys.press("Enter")
    assert page.url.endswith(f"/factories/{code}/")
    page.locator("[data-shortcut=KeyN]").wait_for()
    with page.expect_navigation():
        keys.press("n")
    tab_to("[name=amount]")
    keys.type("2,5 mln")
    tab_to("[name=date]")
    keys.type("2024-04-15")
    tab_to("[name=document]")
    keys.type("Order 9")
    expect(page.locator("#echo")).to_contain_text("$")
    window.refusals = {422}
    with page.expect_navigation():
        keys.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    tab_to(".error-summary a")
    keys.press("Enter")
    assert page.evaluate("document.activeElement.name") == "counterparty"
    keys.type("Supplier")
    tab_to("main form button.pri")
    window.look()
    window.refusals = ()
    with page.expect_navigation():
        keys.press("Enter")
    assert str(LedgerEntry.objects.get(document="Order 9").amount_rub) == "2500000.00"
    window.look()


def test_the_list_shows_what_works_on_every_layout_until_it_is_switched_off(visit: Callable[..., Any]) -> None:
    page = visit(language="en").go("/c/avtotor/")
    page.keyboard.press("Shift+Slash")
    listed = page.locator("#shortcuts tbody th").all_inner_texts()
    assert {"g f", "j", "?", "/", "Ctrl + k"} <= {" ".join(text.split()) for text in listed}
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.evaluate(RUSSIAN_F)
    page.wait_for_url("**/factories/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.closest('tr') === document.querySelector('main tbody tr')")
    page.keyboard.press("Shift+Slash")
    page.uncheck("[data-shortcuts-on]")
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("Slash")
    page.keyboard.press("Shift+Slash")
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("Control+KeyK")
    assert page.locator("#palette").is_visible()
    page.keyboard.press("Escape")
    page.locator("details.menu:has([data-shortcuts-open]) summary").click()
    page.locator("[data-shortcuts-open]").click()
    page.check("[data-shortcuts-on]")
    page.keyboard.press("Escape")
    page.keyboard.press("Slash")
    assert page.locator("#palette").is_visible()


def test_shortcuts_are_silent_while_one_types(visit: Callable[..., Any]) -> None:
    page = visit(language="en").go("/search/")
    page.focus("#q")
    page.keyboard.type("gf/?j")
    assert page.input_value("#q") == "gf/?j"
    assert page.locator("dialog[open]").count() == 0
