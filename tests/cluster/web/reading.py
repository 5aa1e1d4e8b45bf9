"""How tests read a page: as a person does, without mark-up."""

import re
from html import unescape
from typing import Any

from django.utils.html import strip_tags


def questions(response: Any) -> list[str]:
    """Each "Where from?" of a page as it is heard: with the hidden words that say whose it is."""
    found = re.findall(r'<details class="where[^>]*>\s*<summary>(.*?)</summary>', response.content.decode(), flags=re.DOTALL)
    return [" ".join(unescape(strip_tags(re.sub(r"<svg.*?</svg>", "", text))).split()) for text in found]


def words(response: Any) -> str:
    """The text of a page with ordinary single spaces; what only describes a drawing is left out."""
    text = re.sub(r"<(title|desc)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(strip_tags(text.replace("<", " <"))).replace("\u202f", " ").replace("\xa0", " "))
