"""The section "Discussion and evidence" of a page: what was said and shown by the day of the page, and the form to add to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from cluster.domain.access import Action
from cluster.models import Attachment, Comment, DelayFlag, Factory, Milestone, User
from cluster.queries.discussion import (
    Discussed,
    Kind,
    Subject,
    attachments_about,
    comments_about,
    stands,
    subject_of,
    withdrawn_on,
)
from cluster.queries.flag_kinds import kind_label
from cluster.queries.together import together
from cluster.services.discussion import may_withdraw
from cluster.web.door import as_of_from, reader_of
from cluster.web.forms.discussion import DiscussionForm

# So many comments and files stand on the page of their subject; all of them on a page of their own.
NEWEST = 5


@dataclass(frozen=True, slots=True)
class Place:
    """What is discussed, in words, and the address of its page."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment or a file: the day of its withdrawal, if by then; where it belongs, if not to the page itself."""

    row: Comment | Attachment
    withdrawn: date | None
    place: Place | None
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What a page shows of a discussion. `form` is None where nothing can be added: on a past day, or by the reader's role."""

    subject: Subject
    comments: list[Shown]
    files: list[Shown]
    has_more: bool
    form: DiscussionForm | None
    url: str

    @property
    def has_comments(self) -> bool:
        """Whether this is a thing to comment on; a ledger entry has evidence alone."""
        return self.subject.kind is not Kind.ENTRY


def place_of(code: str, record: Discussed) -> Place:
    """The page of what is discussed, in the contract of that code."""
    if isinstance(record, Factory):
        return Place(f"{record.code} {record.name}", reverse("cluster:factory", args=[code, record.code]))
    if isinstance(record, Milestone):
        return Place(f"{record.code} {record.name}", reverse("cluster:milestone", args=[code, record.code]))
    if isinstance(record, DelayFlag):
        whose = f": {record.milestone.code}" if record.milestone else ""
        return Place(f"{capfirst(kind_label(record.kind))}{whose}", reverse("cluster:delay", args=[code, record.pk]))
    return Place(record.document, reverse("cluster:ledger_entry", args=[code, record.pk]))


def discussed_by(row: Comment | Attachment) -> Discussed:
    """The record that a comment or a file is about."""
    found = row.flag or getattr(row, "entry", None) or row.milestone or row.factory
    assert found is not None
    return found


def section(request: HttpRequest, code: str, record: Discussed) -> Section:
    """The newest of a record that the caller may read, as of the day of the page: one statement."""
    reader, as_of = reader_of(request), as_of_from(request)
    subject = subject_of(record)
    comments, files = together(
        comments_about(subject, reader=reader, as_of=as_of)[: NEWEST + 1],
        attachments_about(subject, reader=reader, as_of=as_of)[: NEWEST + 1],
    )
    return Section(
        subject,
        shown(comments[:NEWEST], code, subject, reader=reader, as_of=as_of),
        shown(files[:NEWEST], code, subject, reader=reader, as_of=as_of),
        has_more=max(len(comments), len(files)) > NEWEST,
        form=form_for(subject, reader) if as_of == timezone.localdate() else None,
        url=address_of(code, subject),
    )


def address_of(code: str, subject: Subject) -> str:
    """The page of the whole discussion, where the form is sent to."""
    return reverse("cluster:discussion", args=[code, subject.kind.value, subject.record.pk])


def form_for(subject: Subject, reader: User, request: HttpRequest | None = None) -> DiscussionForm | None:
    """The form with the boxes that the reader may fill in, filled from a request; None where there are none."""
    may_comment = subject.kind is not Kind.ENTRY and subject.allows(Action.COMMENT, reader)
    may_attach = subject.allows(Action.ATTACH, reader)
    if not (may_comment or may_attach):
        return None
    given = (request.POST, request.FILES) if request else ()
    return DiscussionForm(*given, may_comment=may_comment, may_attach=may_attach)


def shown(rows: Iterable[Comment | Attachment], code: str, subject: Subject, *, reader: User, as_of: date) -> list[Shown]:
    """Rows about a subject, and about what belongs to it, as they stood on a day."""
    today = as_of == timezone.localdate()
    found = []
    for row in rows:
        record, standing = discussed_by(row), stands(row, as_of)
        found.append(
            Shown(
                row,
                withdrawn=None if standing else withdrawn_on(row),
                place=None if subject_of(record) == subject else place_of(code, record),
                may_withdraw=today and standing and may_withdraw(row, reader),
            )
        )
    return found
