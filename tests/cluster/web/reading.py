"""How tests read a page: as a person does, without mark-up."""

import re
from html import unescape
from typing import Any

from django.utils.html import strip_tags


def words(response: Any) -> str:
    """The text of a page with ordinary single spaces; what only describes a drawing is left out."""
    text = re.sub(r"<(title|desc)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(strip_tags(text.replace("<", " <"))).replace("\u202f", " ").replace("\xa0", " "))
