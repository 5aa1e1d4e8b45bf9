"""Comments and attached evidence: who adds and withdraws them, once, and what is refused."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from cluster.domain.access import Role
from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.models import Attachment, AttachmentContent, Comment, DelayFlag, Factory, LedgerEntry, Milestone, User
from cluster.queries.discussion import Kind, Subject, mentions_of, subject_for, subject_of
from cluster.services.discussion import MOST_FILES, add_attachment, add_comment, withdraw_attachment, withdraw_comment
from cluster.services.milestones import change_milestone, delete_milestone
from tests.cluster.evidence import PDF, PNG
from tests.factories import make_contract, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db


@dataclass
class Talk:
    """A factory, a milestone of it, a flag of that, a payment; and people."""

    factory: Factory
    milestone: Milestone
    flag: DelayFlag
    entry: LedgerEntry
    editor: User

    def person(self, role: Role, **fields: Any) -> User:
        """A person with that role over the contract; a manager over the factory."""
        return make_user(role, contract=self.factory.contract, factory=self.factory if role is Role.MANAGER else None, **fields)


@pytest.fixture
def talk() -> Talk:
    factory = make_factory()
    milestone = make_milestone(factory)
    flag = DelayFlag.objects.create(
        contract=factory.contract, factory=factory, milestone=milestone, subject_id=milestone.pk,
        kind="overdue", severity="major", since=date(2024, 3, 31), opened_on=date(2024, 4, 1),
    )  # fmt: skip
    editor = make_user(Role.EDITOR, contract=factory.contract)
    entry = LedgerEntry.objects.create(
        factory=factory, kind="payment", date=date(2024, 4, 1), amount_rub=Decimal(100), document="1", counterparty="C", recorded_by=editor
    )
    return Talk(factory, milestone, flag, entry, editor)


def say(subject: Any, by: User, text: str = "What is meant here?", **more: Any) -> Comment:
    return add_comment(subject_of(subject), text=text, by=by, **more)


def show(subject: Any, by: User, name: str = "act.pdf", data: bytes = PDF, **more: Any) -> Attachment:
    return add_attachment(subject_of(subject), name=name, data=data, by=by, **more)


class TestAdding:
    def test_a_row_names_everything_that_its_subject_belongs_to(self, talk: Talk) -> None:
        def named(row: Comment | Attachment) -> tuple[Any, ...]:
            return (row.contract, row.factory, row.milestone, row.flag)

        contract = talk.factory.contract
        assert named(say(talk.factory, talk.editor)) == (contract, talk.factory, None, None)
        assert named(say(talk.milestone, talk.editor)) == (contract, talk.factory, talk.milestone, None)
        assert named(say(talk.flag, talk.editor)) == (contract, talk.factory, talk.milestone, talk.flag)
        payment = show(talk.entry, talk.editor)
        assert (*named(payment), payment.entry) == (contract, talk.factory, None, None, talk.entry)

    def test_the_bytes_are_kept_with_their_hash(self, talk: Talk) -> None:
        kept = show(talk.factory, talk.editor, "photo.png", PNG, note="  the hall ")
        assert bytes(AttachmentContent.objects.get(attachment=kept).data) == PNG
        assert (kept.name, kept.media_type, kept.size, kept.note, kept.by) == ("photo.png", "image/png", len(PNG), "the hall", talk.editor)

    @pytest.mark.parametrize(
        ("role", "comments", "attaches"),
        [
            (Role.ADMIN, True, False),
            (Role.EDITOR, True, True),
            (Role.MANAGER, True, True),
            (Role.CONTROLLER, True, False),
            (Role.AUDITOR, False, False),
        ],
    )
    def test_who_may(self, role: Role, comments: bool, attaches: bool, talk: Talk) -> None:
        person = talk.person(role)
        for allowed, add in ((comments, say), (attaches, show)):
            for subject in (talk.factory, talk.milestone, talk.flag):
                if allowed:
                    add(subject, person)
                else:
                    with pytest.raises(Forbidden):
                        add(subject, person)

    def test_a_manager_of_another_plant_may_not(self, talk: Talk) -> None:
        stranger = make_user(Role.MANAGER, factory=make_factory(talk.factory.contract))
        for add in (say, show):
            with pytest.raises(Forbidden):
                add(talk.factory, stranger)
        for kind, record in (
            (Kind.FACTORY, talk.factory),
            (Kind.MILESTONE, talk.milestone),
            (Kind.FLAG, talk.flag),
            (Kind.ENTRY, talk.entry),
        ):
            with pytest.raises(NotFound):
                subject_for(stranger, kind=kind, pk=record.pk)
            assert subject_for(talk.editor, kind=kind, pk=record.pk) == Subject(kind, record)

    def test_the_same_request_twice_is_one_record(self, talk: Talk) -> None:
        key = uuid4()
        assert say(talk.factory, talk.editor, request_key=key) == say(talk.factory, talk.editor, request_key=key)
        assert show(talk.factory, talk.editor, request_key=key) == show(talk.factory, talk.editor, request_key=key)
        assert (Comment.objects.count(), Attachment.objects.count(), AttachmentContent.objects.count()) == (1, 1, 1)
        others: list[tuple[Any, dict[str, Any]]] = [(say, {"text": "else"}), (show, {"name": "other.pdf"}), (show, {"note": "else"})]
        for add, other in others:
            with pytest.raises(DomainError) as refusal:
                add(talk.factory, talk.editor, request_key=key, **other)
            assert refusal.value.code == "request_reused"

    @pytest.mark.parametrize(
        ("text", "code"), [("", "required"), (" \u200b\n", "required"), ("x" * 5001, "text"), ("a\x00b", "text"), ("a\u202eb", "text")]
    )
    def test_a_comment_that_says_nothing_or_too_much_is_refused(self, text: str, code: str, talk: Talk) -> None:
        with pytest.raises(DomainError) as refusal:
            say(talk.factory, talk.editor, text)
        assert (refusal.value.field, refusal.value.code) == ("text", code)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"name": "act.exe"}, "file"), ({"data": b""}, "file"), ({"note": "x" * 301}, "note"), ({"note": "\x00"}, "note")],
    )
    def test_a_refused_file_leaves_nothing(self, changes: dict[str, Any], field: str, talk: Talk) -> None:
        with pytest.raises(DomainError) as refusal:
            show(talk.factory, talk.editor, **changes)
        assert refusal.value.field == field
        assert not Attachment.objects.exists()

    def test_the_limit_of_size_is_a_setting(self, talk: Talk, settings: Any) -> None:
        settings.ATTACHMENT_LARGEST = len(PDF) - 1
        with pytest.raises(DomainError) as refusal:
            show(talk.factory, talk.editor)
        assert refusal.value.code == "too_large"

    def test_a_ledger_entry_is_shown_but_not_discussed(self, talk: Talk) -> None:
        with pytest.raises(DomainError) as refusal:
            say(talk.entry, talk.editor)
        assert refusal.value.code == "no_comments"

    def test_files_that_stand_at_one_subject_are_bounded(self, talk: Talk) -> None:
        columns = subject_of(talk.milestone).columns
        Attachment.objects.bulk_create(
            Attachment(**columns, name="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64, by=talk.editor)
            for _ in range(MOST_FILES)
        )
        with pytest.raises(DomainError) as refusal:
            show(talk.milestone, talk.editor)
        assert (refusal.value.field, refusal.value.code) == ("file", "too_many")
        show(talk.factory, talk.editor)
        show(talk.flag, talk.editor)
        first = Attachment.objects.filter(milestone=talk.milestone).order_by("pk")[0]
        withdraw_attachment(attachment_id=first.pk, by=talk.editor)
        show(talk.milestone, talk.editor)

    def test_the_database_refuses_parents_of_two_contracts(self, talk: Talk) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.create(contract=make_contract(), factory=talk.factory, text="x", by=talk.editor)


class TestMentions:
    def test_whoever_sees_the_subject_is_told(self, talk: Talk) -> None:
        manager = talk.person(Role.MANAGER, username="Petrov")
        comment = say(talk.milestone, talk.editor, "When does the press come, @petrov?")
        assert list(comment.mentioned.all()) == [manager]
        assert list(mentions_of(manager)) == [comment]
        assert list(mentions_of(talk.editor)) == []
        withdraw_comment(comment_id=comment.pk, by=talk.editor)
        assert list(mentions_of(manager)) == []

    def test_what_is_out_of_sight_by_now_mentions_nobody(self, talk: Talk) -> None:
        manager = talk.person(Role.MANAGER, username="petrov")
        say(talk.milestone, talk.editor, "@petrov")
        manager.memberships.all().delete()
        assert not mentions_of(User.objects.get(pk=manager.pk)).exists()

    def test_who_does_not_see_the_subject_is_like_nobody(self, talk: Talk) -> None:
        make_user(Role.MANAGER, factory=make_factory(talk.factory.contract), username="sister")
        make_user(Role.EDITOR, contract=make_contract(), username="foreign")
        talk.person(Role.EDITOR, username="gone", is_active=False)
        said = set()
        for name in ("sister", "foreign", "gone", "nobody"):
            with pytest.raises(DomainError) as refusal:
                say(talk.factory, talk.editor, f"Look, @{name}")
            assert (refusal.value.field, refusal.value.code) == ("text", "mentions")
            said.add(str(refusal.value).replace(name, "X"))
        assert len(said) == 1
        assert not Comment.objects.exists()

    def test_a_crowd_is_not_called(self, talk: Talk) -> None:
        with pytest.raises(DomainError) as refusal:
            say(talk.factory, talk.editor, " ".join(f"@p{number}" for number in range(21)))
        assert refusal.value.code == "mentions"


class TestWithdrawing:
    @pytest.mark.parametrize(
        ("add", "withdraw", "key"), [(say, withdraw_comment, "comment_id"), (show, withdraw_attachment, "attachment_id")]
    )
    def test_is_for_who_added_it_and_for_editors(self, add: Any, withdraw: Any, key: str, talk: Talk) -> None:
        author = talk.person(Role.MANAGER)
        for person in (author, talk.editor):
            row = withdraw(**{key: add(talk.factory, author).pk}, by=person)
            assert row.withdrawn_at is not None
            assert withdraw(**{key: row.pk}, by=person).withdrawn_at == row.withdrawn_at
        row = add(talk.factory, author)
        for role in (Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR):
            with pytest.raises(Forbidden):
                withdraw(**{key: row.pk}, by=talk.person(role))
        with pytest.raises(NotFound):
            withdraw(**{key: row.pk}, by=make_user(Role.EDITOR, contract=make_contract()))

    def test_an_author_who_only_audits_by_now_may_not(self, talk: Talk) -> None:
        author = talk.person(Role.CONTROLLER)
        comment = say(talk.factory, author)
        author.memberships.all().delete()
        auditor = make_user(Role.AUDITOR, contract=talk.factory.contract)
        Comment.objects.filter(pk=comment.pk).update(by=auditor)
        with pytest.raises(Forbidden):
            withdraw_comment(comment_id=comment.pk, by=auditor)

    def test_nothing_is_lost(self, talk: Talk) -> None:
        file = show(talk.factory, talk.editor)
        withdraw_attachment(attachment_id=file.pk, by=talk.editor)
        assert bytes(AttachmentContent.objects.get(attachment=file).data) == PDF
        comment = say(talk.factory, talk.editor)
        withdraw_comment(comment_id=comment.pk, by=talk.editor)
        assert [event.pgh_label for event in comment.history.order_by("pgh_id")] == ["insert", "update"]  # type: ignore[attr-defined]


def test_a_milestone_that_was_discussed_is_not_deleted(talk: Talk) -> None:
    for add in (say, show):
        milestone = make_milestone(talk.factory)
        add(milestone, talk.editor)
        with pytest.raises(DomainError) as refusal:
            delete_milestone(milestone_id=milestone.pk, by=talk.editor, version=milestone.version)
        assert refusal.value.code == "discussed"


def test_the_discussion_follows_a_milestone_to_another_plant(talk: Talk) -> None:
    other = make_factory(talk.factory.contract)
    say(talk.milestone, talk.editor)
    show(talk.flag, talk.editor)
    change_milestone({"factory_id": other.pk}, milestone_id=talk.milestone.pk, by=talk.editor, version=talk.milestone.version)
    manager = make_user(Role.MANAGER, factory=other)
    assert (Comment.objects.for_reader(manager).count(), Attachment.objects.for_reader(manager).count()) == (1, 1)
    assert not Comment.objects.for_reader(talk.person(Role.MANAGER)).exists()
