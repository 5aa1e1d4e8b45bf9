"""The form into which a schedule is pasted."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.schedule_table import PlannedMilestone, Vocabulary, parse_schedule
from cluster.domain.tables import EXAMPLE, folded
from cluster.models import Factory, MilestoneKind
from cluster.web.forms.base import RecordForm
from cluster.web.forms.table import TableField, factory_labels, labels

# The columns of the table in words: the headings of our own file, which `parse_schedule` reads in either language.
WORDS = {
    "code": _("Code"),
    "factory": _("Factory"),
    "kind": _("Kind"),
    "name_ru": _("Name (Russian)"),
    "name_en": _("Name (English)"),
    "duration_days": _("Most likely"),
    "optimistic_days": _("Optimistic"),
    "pessimistic_days": _("Pessimistic"),
    "risk_cause": _("Common cause"),
    "responsible": _("Responsible"),
    "predecessors": _("Predecessors"),
    EXAMPLE: _("Example"),
    "": _("The row as a whole"),
}


class PasteScheduleForm(RecordForm):
    """Milestones pasted from a spreadsheet; `version` is the fingerprint of the schedule that the preview was made of."""

    version = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    table = TableField(
        label=_("Table"),
        help_text=_("Copy the cells and paste them here, with the heading: only the columns that are there are read, the code must be."),
    )
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the history of each milestone."),
    )
    kinds = MilestoneKind.choices

    def __init__(
        self,
        *args: Any,
        factories: Sequence[Factory],
        people: Mapping[int, str],
        stored: Mapping[str, PlannedMilestone],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.vocabulary = Vocabulary(factory_labels(factories), labels(MilestoneKind), {folded(name): key for key, name in people.items()})
        field = self.fields["table"]
        assert isinstance(field, TableField)
        field.parse = lambda text: parse_schedule(text, self.vocabulary, stored)
