"""Takes the pictures of docs/screenshots in a real browser: `make run` in one terminal, `make screenshots` in another.

Needs Chromium on the PATH and the first login, which `make run` leaves in .state/first-login.txt.
"""

import json
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from avtotor_site.local.browser import find_browser

HERE = Path(__file__).resolve().parent
STATE = HERE.parent.parent / ".state"
PAGES = {
    "cluster": "/c/avtotor/",
    "factories": "/c/avtotor/factories/",
    "factory": "/c/avtotor/factories/F02/",
    "example": "/c/example/",
    "money": "/c/example/money/",
    "budgets": "/c/example/budgets/",
    "ledger": "/c/example/ledger/",
    "rates": "/rates/",
    "schedule": "/c/example/schedule/?factory=X04",
    "trend": "/c/example/schedule/trend/",
    "slips": "/c/example/schedule/slips/",
    "earned-value": "/c/example/earned-value/",
    "quality": "/c/example/schedule/quality/",
    "milestone": "/c/example/milestones/X04-K02/",
    "delays": "/c/avtotor/delays/",
    "causes": "/c/example/delays/",
    "my-work": "/my/",
    "production": "/production/c/avtotor/",
    "record": "/c/avtotor/record/",
    "forecast": "/c/avtotor/milestones/ALL12/forecast/",
    "jobs": "/jobs/",
    "letters": "/me/mail/",
    "people": "/people/",
    "reporting": "/c/example/reporting/",
    "search": "/search/?q=pfdjl",
    "about": "/c/example/about/",
    "board-report": "/c/example/reports/",
}
# What is pressed there first.
PRESSED = {"board-report": "[formaction$='/reports/view/']"}
# name of the picture's kind -> language, colour scheme, width, height, pages (all when empty)
KINDS: dict[str, tuple[str, str, int, int, tuple[str, ...]]] = {
    "ru": ("ru", "light", 1280, 900, ()),
    "en": ("en", "light", 1280, 900, ("cluster", "money", "schedule")),
    "dark": ("ru", "dark", 1280, 900, ("cluster", "factory", "money", "schedule")),
    "phone": ("ru", "light", 390, 844, ("cluster", "delays", "money", "my-work")),
}


def main() -> int:
    """Take every picture; the exit status."""
    browser_path = find_browser()
    login, note = STATE / "first-login.txt", STATE / "run.json"
    if browser_path is None:
        sys.stderr.write("No Chromium was found on the PATH: install the package chromium.\n")
        return 1
    if not login.exists() or not note.exists():
        sys.stderr.write("The site does not run: start it with `make run` in another terminal.\n")
        return 1
    address = f"http://localhost:{json.loads(note.read_text())['port']}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        for kind in KINDS:
            take(browser, kind, address, *credentials(login.read_text()))
    return 0


def credentials(text: str) -> tuple[str, str]:
    """Login and password from the file that the first start wrote."""
    found = dict(re.findall(r"(login|password):\s*(\S+)", text))
    return found["login"], found["password"]


def take(browser: Browser, kind: str, address: str, login: str, password: str) -> None:
    """The pictures of one language, colour scheme and size."""
    language, scheme, width, height, names = KINDS[kind]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{address}/login/")
    page.fill("[name=username]", login)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/c/"))
    for name in names or PAGES:
        page.goto(address + PAGES[name], wait_until="networkidle")
        if name in PRESSED:
            page.click(PRESSED[name])
            page.wait_for_load_state("networkidle")
        page.screenshot(path=HERE / f"{name}-{kind}.png")
        sys.stdout.write(f"{name}-{kind}.png\n")
    context.close()


if __name__ == "__main__":
    sys.exit(main())
