"""The form into which the dates of a proposed baseline are pasted."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.domain.baseline_dates import parse_dates
from cluster.domain.budgets import LONGEST_REASON, Term
from cluster.web.forms.base import RecordForm
from cluster.web.forms.table import TableField


class PasteDatesForm(RecordForm):
    """Dates and weights pasted from a spreadsheet, and what becomes of those that the table does not name."""

    MERGE, REPLACE = "merge", "replace"
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(
        label=_("Dates that the table does not name"),
        choices=[(MERGE, _("stay as they are")), (REPLACE, _("are taken out: the table holds all dates"))],
        widget=forms.RadioSelect,
        initial=MERGE,
    )
    table = TableField(
        label=_("Table"),
        help_text=_(
            "Copy the cells and paste them here: code, due, weight, why this date. With a heading the columns may stand in any order."
        ),
    )
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the history of each date."),
    )

    def __init__(self, *args: Any, milestones: Mapping[str, int], term: Term, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["table"]
        assert isinstance(field, TableField)
        field.parse = lambda text: parse_dates(text, milestones, term)
