"""What was said and shown about a factory, a milestone, a delay or a ledger entry, as of a day; and who is mentioned."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.errors import NotFound
from cluster.models import Attachment, Comment, DelayFlag, Factory, LedgerEntry, Milestone, User
from cluster.models.scope import Reader, scope_of
from cluster.queries.people import people_of

Discussed: TypeAlias = Factory | Milestone | DelayFlag | LedgerEntry


class Kind(StrEnum):
    """What can be discussed; the names are columns of comments and attachments. A ledger entry has attachments alone."""

    FACTORY = "factory"
    MILESTONE = "milestone"
    FLAG = "flag"
    ENTRY = "entry"


# What a row of each kind needs with it, so that its page can be named and linked.
_ROWS: dict[Kind, tuple[type[Any], tuple[str, ...]]] = {
    Kind.FACTORY: (Factory, ("contract",)),
    Kind.MILESTONE: (Milestone, ("contract", "factory")),
    Kind.FLAG: (DelayFlag, ("contract", "factory", "milestone")),
    Kind.ENTRY: (LedgerEntry, ("factory__contract",)),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is discussed. The columns of a row about it name the factory and the milestone that it belongs to as well."""

    kind: Kind
    record: Discussed

    @property
    def contract_id(self) -> int:
        """The contract it belongs to."""
        return self.record.factory.contract_id if isinstance(self.record, LedgerEntry) else self.record.contract_id

    @property
    def factory_id(self) -> int | None:
        """The factory that it is or belongs to; None for what concerns the contract as a whole."""
        return self.record.pk if isinstance(self.record, Factory) else self.record.factory_id

    @property
    def columns(self) -> dict[str, int | None]:
        """The columns of a row about exactly this."""
        found = {"contract_id": self.contract_id, "factory_id": self.factory_id, "milestone_id": None, "flag_id": None}
        if isinstance(self.record, DelayFlag):
            found["milestone_id"] = self.record.milestone_id
        return found | {f"{self.kind}_id": self.record.pk}

    def allows(self, action: Action, reader: Reader) -> bool:
        """Whether the reader may do this here."""
        return scope_of(reader).may(action, contract=self.contract_id, factory=self.factory_id)


def subject_of(record: Discussed) -> Subject:
    """A record that the caller may read, as something to discuss."""
    return Subject(next(kind for kind, (model, _) in _ROWS.items() if isinstance(record, model)), record)


def subject_for(reader: Reader, *, kind: str, pk: int, contract_code: str = "") -> Subject:
    """What is to be discussed, or NotFound when it is not there for this reader (or lies in another contract than the one named)."""
    if kind in list(Kind):
        model, related = _ROWS[Kind(kind)]
        record = model.objects.for_reader(reader).select_related(*related).filter(pk=pk).first()
        if record is not None and contract_code in ("", (record.factory if model is LedgerEntry else record).contract.code):
            return Subject(Kind(kind), record)
    raise NotFound("There is nothing here for you to discuss: choose something that you see.", field=kind)


def comments_about(subject: Subject, *, reader: Reader, as_of: date) -> QuerySet[Comment]:
    """Comments on it and on what belongs to it, made by the end of a day, the newest first; a ledger entry has none."""
    if subject.kind is Kind.ENTRY:
        return Comment.objects.none()
    rows: QuerySet[Comment] = _about(Comment.objects.for_reader(reader), subject, as_of)
    return rows.select_related("by", "factory", "milestone", "flag__milestone")


def attachments_about(subject: Subject, *, reader: Reader, as_of: date) -> QuerySet[Attachment]:
    """Files attached to it and to what belongs to it by the end of a day, the newest first, without their bytes."""
    rows: QuerySet[Attachment] = _about(Attachment.objects.for_reader(reader), subject, as_of)
    return rows.select_related("by", "factory", "milestone", "flag__milestone", "entry")


def _about(rows: Any, subject: Subject, as_of: date) -> Any:
    rows = rows.filter(**{f"{subject.kind}_id": subject.record.pk}, at__date__lte=as_of)
    return rows.order_by("-at", "-id")


def attachment_for(reader: Reader, *, attachment_id: int, as_of: date, contract_code: str = "") -> Attachment:
    """A file that stood on that day, or NotFound when it did not or is not there for this reader. Its bytes are one statement more."""
    rows = Attachment.objects.for_reader(reader).filter(pk=attachment_id, at__date__lte=as_of).select_related("contract")
    found = rows.first()
    if found is None or not stands(found, as_of) or contract_code not in ("", found.contract.code):
        raise NotFound("There is no such file.")
    return found


def stands(row: Comment | Attachment, as_of: date) -> bool:
    """Whether a comment or a file was not withdrawn by the end of that day."""
    return row.withdrawn_at is None or withdrawn_on(row) > as_of


def withdrawn_on(row: Comment | Attachment) -> date:
    """The day, in the site's time zone, on which it was withdrawn; the last of all days while it stands."""
    return timezone.localdate(row.withdrawn_at) if row.withdrawn_at else date.max


def mentions_of(user: User) -> QuerySet[Comment]:
    """Comments that mention this person, stand, and are in sight of the person: the newest first."""
    rows = Comment.objects.for_reader(user).filter(mentioned=user, withdrawn_at=None)
    return rows.select_related("by", "contract", "factory", "milestone", "flag__milestone").order_by("-at", "-id")


def people_called(names: list[str], subject: Subject) -> dict[str, list[User]]:
    """Those who may see the subject, by the names (in small letters) that are asked for."""
    found: dict[str, list[User]] = {}
    people = people_of(subject.contract_id, factory_id=subject.factory_id)
    for person in people.annotate(called=Lower("username")).filter(called__in=names):
        found.setdefault(person.username.lower(), []).append(person)
    return found
