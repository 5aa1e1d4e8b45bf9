"""Texts in both languages: a column per language, and a property that picks the reader's."""

from typing import Any

from django.db import models
from django.utils.translation import get_language


class InLanguage:
    """`factory.name` for the columns name_ru and name_en: the active language's text, else the other one's."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        if instance is None:
            return self
        ru, en = getattr(instance, f"{self.name}_ru"), getattr(instance, f"{self.name}_en")
        return (en or ru) if (get_language() or "ru").startswith("en") else (ru or en)
