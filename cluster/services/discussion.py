"""Comments and attached evidence: added by those who take part, withdrawn by who added them or by an editor, never rewritten."""

from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.attachments import examine
from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.domain.mentions import MOST_MENTIONS, mentioned_in
from cluster.domain.texts import is_plain, printable, visible
from cluster.models import Attachment, AttachmentContent, Comment, Milestone, User
from cluster.models.scope import scope_of
from cluster.queries.discussion import Kind, Subject, people_called
from cluster.services.access import require
from cluster.services.locks import one_at_a_time

LONGEST_COMMENT = 5000
LONGEST_NOTE = 300
# Files that stand at one subject: more are no evidence that a person looks through.
MOST_FILES = 50

Said = TypeVar("Said", Comment, Attachment)


@transaction.atomic
def add_comment(subject: Subject, *, text: str, by: User, request_key: UUID | None = None) -> Comment:
    """Record what somebody says of what `by` sees, and whom it mentions; the same `request_key` twice gives the first comment.

    Raises Forbidden, or DomainError naming `text`: nothing or too much of it, or a mention of nobody who sees the subject.
    """
    require(by, Action.COMMENT, contract=subject.contract_id, factory=subject.factory_id)
    if subject.kind is Kind.ENTRY:
        raise DomainError("A ledger entry has no comments: write it on the page of the factory.", field="entry", code="no_comments")
    text = text.replace("\r\n", "\n").strip()
    comment = Comment(**subject.columns, text=text, by=by, request_key=request_key)
    if (done := _already_added(comment, "text")) is not None:
        return done
    _refuse_text(text, LONGEST_COMMENT, field="text")
    if not visible(text).strip():
        raise DomainError("There is nothing here that can be seen: write it out.", field="text", code="required")
    people = _people_mentioned(text, subject)
    comment.full_clean()
    comment.save()
    comment.mentioned.set(people)
    return comment


@transaction.atomic
def add_attachment(subject: Subject, *, name: str, data: bytes, note: str = "", by: User, request_key: UUID | None = None) -> Attachment:
    """Keep a file as evidence of what `by` sees; the same `request_key` twice gives the first one.

    Raises Forbidden, or DomainError naming `file` (its name, kind, size, or that there are too many here) or `note`.
    """
    require(by, Action.ATTACH, contract=subject.contract_id, factory=subject.factory_id)
    evidence = examine(name, data, largest=settings.ATTACHMENT_LARGEST)
    note = note.strip()
    attachment = Attachment(
        **subject.columns,
        name=evidence.name,
        media_type=evidence.media_type,
        size=evidence.size,
        sha256=evidence.sha256,
        note=note,
        by=by,
        request_key=request_key,
    )
    if (done := _already_added(attachment, "entry_id", "name", "sha256", "note")) is not None:
        return done
    _refuse_text(note, LONGEST_NOTE, field="note")
    one_at_a_time(f"attachments {subject.kind} {subject.record.pk}")
    if Attachment.objects.filter(**{"entry_id": None} | subject.columns, withdrawn_at=None).count() >= MOST_FILES:
        raise DomainError(
            "There are {limit} files here already: withdraw one that is not needed, or put several into one document.",
            field="file",
            code="too_many",
            limit=MOST_FILES,
        )
    attachment.full_clean()
    attachment.save()
    AttachmentContent.objects.create(attachment=attachment, data=data)
    return attachment


@transaction.atomic
def withdraw_comment(*, comment_id: int, by: User) -> Comment:
    """Take a comment back: who said it, or an editor. It stays in the history; again changes nothing. Raises NotFound, Forbidden."""
    comment = Comment.objects.for_reader(by).select_for_update().filter(pk=comment_id).first()
    if comment is None:
        raise NotFound("There is no such comment.")
    return _withdrawn(comment, by)


@transaction.atomic
def withdraw_attachment(*, attachment_id: int, by: User) -> Attachment:
    """Take a file back: who attached it, or an editor. Its bytes are kept; again changes nothing. Raises NotFound, Forbidden."""
    attachment = Attachment.objects.for_reader(by).select_for_update().filter(pk=attachment_id).first()
    if attachment is None:
        raise NotFound("There is no such file.")
    return _withdrawn(attachment, by)


def follow_milestone(milestone: Milestone) -> None:
    """Carry what was said and shown of a milestone, and of its delays, into the sight of its factory's people, where that changed."""
    for model in (Comment, Attachment):
        model.objects.filter(milestone=milestone).exclude(factory=milestone.factory_id).update(factory=milestone.factory_id)


def may_withdraw(row: Comment | Attachment, by: User) -> bool:
    """Whether the person may take it back: an editor, or who added it and still takes part."""
    own = Action.COMMENT if isinstance(row, Comment) else Action.ATTACH
    scope, place = scope_of(by), {"contract": row.contract_id, "factory": row.factory_id}
    return scope.may(Action.EDIT_RECORD, **place) or (row.by_id == by.pk and scope.may(own, **place))


def _withdrawn(row: Said, by: User) -> Said:
    if not may_withdraw(row, by):
        raise Forbidden("Your role does not allow this.")
    if row.withdrawn_at is None:
        row.withdrawn_at = timezone.now()
        row.save(update_fields=["withdrawn_at"])
    return row


def _refuse_text(text: str, longest: int, *, field: str) -> None:
    if len(text) > longest or not is_plain(text):
        raise DomainError("Write at most {limit} characters of text.", field=field, code="text", limit=longest)


def _people_mentioned(text: str, subject: Subject) -> list[User]:
    """Whom the text mentions: all of them see the subject, or DomainError."""
    names = mentioned_in(text)
    if len(names) > MOST_MENTIONS:
        raise DomainError("Mention at most {limit} people at once.", field="text", code="mentions", limit=MOST_MENTIONS)
    people = people_called(names, subject) if names else {}
    if unknown := [name for name in names if name not in people]:
        raise DomainError(
            "Nobody who sees this is called “@{name}”: correct the name, or write it without the @.",
            field="text",
            code="mentions",
            name=printable(unknown[0]),
        )
    return [person for name in names for person in people[name]]


def _already_added(row: Said, *said: str) -> Said | None:
    """What the same request added before; DomainError when that request said something else."""
    if row.request_key is None:
        return None
    done = type(row).objects.filter(request_key=row.request_key).first()
    same = ("contract_id", "factory_id", "milestone_id", "flag_id", "by_id", *said)
    if done is not None and any(getattr(done, name) != getattr(row, name) for name in same):
        raise DomainError("This request was already used for something else.", code="request_reused")
    return done
