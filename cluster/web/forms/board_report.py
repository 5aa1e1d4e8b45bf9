"""The form of a board report: as of which day, in which language, as which file."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster.domain.dates import refuse_far
from cluster.domain.errors import DomainError
from cluster.gateways.pdf import why_no_pdf
from cluster.models import BoardReport
from cluster.models.form_fields import message_of
from cluster.web.forms.base import DAY_FORMATS, RecordForm


class BoardReportForm(RecordForm):
    """What a report is asked for with. PDF is offered where this machine can make one."""

    as_of = forms.DateField(label=gettext_lazy("As of"), input_formats=DAY_FORMATS)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=[("ru", "Русский"), ("en", "English")])
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=BoardReport.Format.choices)

    def __init__(self, *args: object, today: date, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        if why_no_pdf():
            offered = [choice for choice in BoardReport.Format.choices if choice[0] != BoardReport.Format.PDF]
            self.fields["format"].choices = offered  # type: ignore[attr-defined]

    def clean_as_of(self) -> date:
        """A day that has come, within the time that anything can be known of."""
        day: date = self.cleaned_data["as_of"]
        try:
            refuse_far(day, field="as_of")
        except DomainError as error:
            raise ValidationError(message_of(error)) from error
        if day > self._today:
            raise ValidationError(_("That day has not come: nothing is known of it yet."))
        return day
