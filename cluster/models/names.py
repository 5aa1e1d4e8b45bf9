"""Texts in both languages: a column per language, a property that picks the reader's, and how a day is written in each."""

from datetime import date
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from django.conf import settings
from django.db import models
from django.utils.translation import get_language

# The codes of the languages in which all is written.
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


class InLanguage:
    """`factory.name` for the columns name_ru and name_en: the active language's text, else the other one's."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        if instance is None:
            return self
        ru, en = getattr(instance, f"{self.name}_ru"), getattr(instance, f"{self.name}_en")
        return in_language(ru, en)


def in_language(ru: str, en: str) -> str:
    """The text of the active language; the other one where that is empty."""
    return (en or ru) if in_english() else (ru or en)


def in_english() -> bool:
    """Whether the active language is English; every other one is answered in Russian."""
    return (get_language() or "ru").startswith("en")


def day_in_words(day: date) -> str:
    """A day as pages and sentences write it: `22.11.2026`, English `Nov 22, 2026`."""
    return day_written(day, in_english())


# A schedule writes the same days hundreds of times on one page.
@lru_cache(maxsize=20_000)
def day_written(day: date, english: bool) -> str:
    """The same where the language is known already."""
    return str(format_date(day, "medium", locale="en") if english else format_date(day, "dd.MM.yyyy", locale="ru"))
