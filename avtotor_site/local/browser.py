"""The system's Chromium, which the browser tests and the screenshots drive."""

import shutil
from pathlib import Path

# The first one is the same Chromium without its window, which costs a third of the time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find_browser() -> str | None:
    """Path of an installed Chromium or Chrome, the leanest first; None where there is none."""
    for name in _NAMES:
        found = shutil.which(name)
        if found:
            return found
    return str(_MAC) if _MAC.exists() else None
