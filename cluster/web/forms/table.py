"""The field into which a table is pasted from a spreadsheet, and how its cells may name things."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from cluster.domain.errors import DomainError
from cluster.domain.tables import folded
from cluster.models import Factory
from cluster.models.form_fields import as_validation_error
from cluster.models.names import LANGUAGES

# What a spreadsheet of the longest table that is read may hold.
LONGEST_TABLE = 2_000_000


class TableField(forms.Field):
    """A table pasted from a spreadsheet: the value is what `parse` makes of it, which tells of each cell that could not be read."""

    widget = forms.Textarea(attrs={"rows": 14, "class": "table-text", "spellcheck": "false", "autocomplete": "off", "wrap": "off"})
    default_error_messages = {"too_long": _("This is longer than any table that is read: paste it in parts.")}
    parse: Callable[[str], Any] = str

    def to_python(self, value: Any) -> Any:
        if not value or not str(value).strip():
            return None
        if len(value) > LONGEST_TABLE:
            raise ValidationError(self.error_messages["too_long"], code="too_long")
        try:
            return self.parse(str(value))
        except DomainError as error:
            raise as_validation_error(error) from error


def factory_labels(factories: Sequence[Factory]) -> dict[str, int]:
    """How a table may name factories, `folded`: by code, or by a name in either language."""
    named = {folded(name): factory.pk for factory in factories for name in (factory.name_ru, factory.name_en) if name}
    # A code goes before a name that somebody gave another factory.
    return named | {folded(factory.code): factory.pk for factory in factories}


def labels(choices: Any) -> dict[str, str]:
    """How a table may name the members of a list of choices, `folded`: by code, or by a label in either language."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        with override(language):
            found |= {folded(str(label)): value for value, label in choices.choices}
    return found | {folded(value): value for value in choices.values}
