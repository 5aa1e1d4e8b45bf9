"""The form of the discussion: a comment, a file, or both."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster.domain.attachments import KINDS_IN_WORDS, MEDIA_TYPES, MEGABYTE
from cluster.services.discussion import LONGEST_COMMENT, LONGEST_NOTE
from cluster.web.forms.base import RecordForm

_ACCEPTED = ",".join(f".{ending}" for ending in MEDIA_TYPES)


class DiscussionForm(RecordForm):
    """What a person may add here: boxes for the rest are not shown."""

    text = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Write @name to call somebody in who sees this page."),
    )
    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": _ACCEPTED}),
    )
    note = forms.CharField(label=_("What the file shows"), required=False, max_length=LONGEST_NOTE)

    def __init__(self, *args: Any, may_comment: bool, may_attach: bool, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="discuss_%s", **kwargs)
        if not may_comment:
            del self.fields["text"]
        if may_attach:
            limit = {"kinds": KINDS_IN_WORDS, "limit": settings.ATTACHMENT_LARGEST // MEGABYTE}
            self.fields["file"].help_text = gettext("%(kinds)s; at most %(limit)d MB.") % limit
        else:
            del self.fields["file"], self.fields["note"]
        # Where only one of them can be given, it must be.
        self.fields["text" if may_comment else "file"].required = not (may_comment and may_attach)

    @property
    def boxes(self) -> list[forms.BoundField]:
        """The visible boxes."""
        return self.visible_fields()

    def clean(self) -> dict[str, Any]:
        """Something must be given; a note is the note of a file."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        if given.get("note") and not given.get("file"):
            self.add_error("file", _("Choose the file that you wrote about."))
        elif not given.get("text") and not given.get("file"):
            self.add_error("text", _("Write a comment or choose a file."))
        return given
