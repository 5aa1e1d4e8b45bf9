"""Discussion and evidence on the pages: the section, the form, files that are saved, taking back, who sees what, past days."""

import hashlib
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from cluster.models import Attachment, Comment, DelayFlag, LedgerEntry
from cluster.queries.discussion import subject_of
from cluster.services.discussion import add_attachment, add_comment
from tests.cluster.evidence import PDF, PNG, lying_bomb
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, title, words
from tests.factories import make_milestone

TODAY = timezone.localdate()
TYPE_OF_PDF = "application/pdf"


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def entry(place: Place) -> LedgerEntry:
    return LedgerEntry.objects.create(
        factory=place.factory, kind="payment", date=date(2024, 4, 1), amount_rub=Decimal(100), document="PP 7", counterparty="Presses Ltd"
    )


@pytest.fixture
def flag(place: Place) -> DelayFlag:
    return DelayFlag.objects.create(
        contract=place.contract, factory=place.factory, milestone=place.milestone, subject_id=place.milestone.pk,
        kind="overdue", severity="major", since=date(2023, 12, 31), opened_on=date(2024, 1, 1),
    )  # fmt: skip


def pdf(name: str = "act.pdf", data: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def of_factory(place: Place) -> str:
    return f"{place.base}discussion/factory/{place.factory.pk}/"


def send(place: Place, who: str = "editor", path: str = "", **given: Any) -> Any:
    return place.client(who).post(path or of_factory(place), given)


def file_of(place: Place, who: str = "editor", **given: Any) -> Attachment:
    given = {"name": "act.pdf", "data": PDF} | given
    return add_attachment(subject_of(given.pop("subject", place.factory)), by=place.person(who), **given)


def comment_of(place: Place, text: str = "Where is the press?", who: str = "editor", subject: Any = None) -> Comment:
    return add_comment(subject_of(subject or place.factory), text=text, by=place.person(who))


def days_ago(row: Comment | Attachment, days: int, *, withdrawn: int | None = None) -> None:
    """As if it had been added, and withdrawn, so many days ago."""
    now = timezone.now()
    gone = None if withdrawn is None else now - timedelta(days=withdrawn)
    type(row).objects.filter(pk=row.pk).update(at=now - timedelta(days=days), withdrawn_at=gone)


class TestOnThePages:
    def test_each_page_has_the_section_and_its_form(self, place: Place, flag: DelayFlag, entry: LedgerEntry) -> None:
        paths = {"factories/F01/": 3, "milestones/F01-OPEN/": 3, f"delays/{flag.pk}/": 3, f"ledger/{entry.pk}/": 2}
        for path, boxes in paths.items():
            page = place.client().get(place.base + path).content.decode()
            section = page[page.index('id="discussion"') :]
            assert len(re.findall(r'<(?:textarea|input type="(?:text|file)")', section.split("</section>")[0])) == boxes, path
            assert 'enctype="multipart/form-data"' in section

    def test_what_belongs_to_a_factory_is_told_on_its_page_with_where(self, place: Place, flag: DelayFlag, entry: LedgerEntry) -> None:
        comment_of(place, "Of the milestone", subject=place.milestone)
        comment_of(place, "Of the delay", subject=flag)
        file_of(place, subject=entry, name="invoice.pdf", note="the invoice")
        page = place.client().get(place.base + "factories/F01/")
        text = words(page)
        assert "F01-OPEN Press plant opens Withdraw Of the milestone" in text
        assert "Overdue: F01-OPEN Withdraw Of the delay" in text
        assert "invoice.pdf the invoice PP 7" in text
        milestone = words(place.client().get(place.base + "milestones/F01-OPEN/"))
        assert "Of the milestone" in milestone
        assert "Of the delay" in milestone
        assert "invoice.pdf" not in milestone
        assert "Of the" not in words(place.client().get(place.base + "factories/F02/"))

    def test_the_newest_stand_there_and_all_of_them_on_a_page_of_their_own(self, place: Place) -> None:
        for number in range(25):
            comment_of(place, f"word {number}.")
        page = place.client().get(place.base + "factories/F01/")
        text = words(page)
        assert "word 24." in text
        assert "word 19." not in text
        assert f'href="{of_factory(place)}"' in page.content.decode()
        first, second = (words(place.client().get(of_factory(place) + query)) for query in ("", "?page=2"))
        assert ("word 5." in first, "word 4." in first) == (True, False)
        assert ("word 4." in second, "word 0." in second) == (True, True)

    def test_a_text_is_a_text(self, place: Place) -> None:
        place.person("own").username = "petrov"
        place.person("own").save()
        comment_of(place, "<script>alert(1)</script>\nAsk @petrov & co")
        page = place.client().get(place.base + "factories/F01/").content.decode()
        assert '&lt;script&gt;alert(1)&lt;/script&gt;\nAsk <strong class="mention">@petrov</strong> &amp; co</p>' in page
        assert "<script>alert" not in page

    @pytest.mark.parametrize(
        ("who", "sees"), [("editor", True), ("auditor", True), ("controller", False), ("foreign", None), ("own", False)]
    )
    def test_names_are_for_those_who_see_people(self, place: Place, who: str, sees: bool | None) -> None:
        author = place.person("editor")
        author.first_name, author.last_name = "Anna", "Smirnova"
        author.save()
        comment_of(place)
        file_of(place)
        for address in (place.base + "factories/F01/", of_factory(place)):
            answer = place.client(who).get(address)
            assert answer.status_code == (404 if sees is None else 200)
            if sees is not None:
                assert ("Anna Smirnova" in words(answer), "a member of staff" in words(answer)) == (sees, not sees)

    def test_everybody_is_told_the_own_name(self, place: Place) -> None:
        place.person("controller").last_name = "Orlova"
        place.person("controller").save()
        comment_of(place, who="controller")
        assert "Orlova" in words(place.client("controller").get(of_factory(place)))
        assert "Orlova" not in words(place.client("own").get(of_factory(place)))

    @pytest.mark.parametrize("path", ["factories/F01/", "milestones/F01-OPEN/", "discussion"])
    def test_rows_raise_no_number_of_statements(self, place: Place, flag: DelayFlag, path: str, django_assert_max_num_queries: Any) -> None:
        address = of_factory(place) if path == "discussion" else place.base + path
        client = place.client()
        comment_of(place, subject=place.milestone)
        client.get(address)
        with django_assert_max_num_queries(BUDGET if path == "discussion" else 100) as few:
            client.get(address)
        for subject in (place.factory, place.milestone, flag):
            for _ in range(3):
                comment_of(place, subject=subject)
                file_of(place, subject=subject)
        with django_assert_max_num_queries(len(few.captured_queries)):
            client.get(address)

    def test_evidence_of_a_payment_has_a_page_of_its_own_without_comments(self, place: Place, entry: LedgerEntry) -> None:
        address = f"{place.base}discussion/entry/{entry.pk}/"
        assert send(place, path=address, file=pdf("invoice.pdf"))["Location"] == f"{place.base}ledger/{entry.pk}/#discussion"
        answer = place.client().get(address)
        assert title(answer).startswith("Evidence · PP 7")
        assert "invoice.pdf" in words(answer)
        assert 'name="text"' not in answer.content.decode()

    def test_what_concerns_the_contract_as_a_whole_is_discussed_too(self, place: Place) -> None:
        milestone = make_milestone(contract=place.contract, code="P01", name_en="Programme ends")
        flag = DelayFlag.objects.create(
            contract=place.contract, subject_id=place.contract.pk, kind="over_budget", severity="major", since=TODAY, opened_on=TODAY
        )
        for kind, record, path in (("milestone", milestone, "milestones/P01/"), ("flag", flag, f"delays/{flag.pk}/")):
            answer = send(place, path=f"{place.base}discussion/{kind}/{record.pk}/", text=f"About the {kind}", file=pdf())
            assert answer["Location"] == f"{place.base}{path}#discussion"
            assert f"About the {kind}" in words(place.client("controller").get(place.base + path))
            assert place.status("own", f"discussion/{kind}/{record.pk}/") == 404


class TestSending:
    def test_a_comment_and_a_file_are_recorded_together(self, place: Place) -> None:
        form = place.client().get(of_factory(place))
        answer = send(place, text="See the act", file=pdf(), note="hand-over", request_key=hidden(form, "request_key"))
        assert (answer.status_code, answer["Location"]) == (302, f"{place.base}factories/F01/#discussion")
        assert Comment.objects.get().text == "See the act"
        kept = Attachment.objects.get()
        assert (kept.name, kept.note, kept.media_type, bytes(kept.content.data)) == ("act.pdf", "hand-over", TYPE_OF_PDF, PDF)

    def test_the_same_form_twice_is_one_record(self, place: Place) -> None:
        for _ in range(2):
            assert send(place, text="Once", file=pdf(), request_key="5f0c3f6e-3f5e-4a38-9a3e-0f2f4d8a7f11").status_code == 302
        assert (Comment.objects.count(), Attachment.objects.count()) == (1, 1)

    def test_a_refused_file_keeps_the_text_in_its_box_and_records_nothing(self, place: Place) -> None:
        answer = send(place, text="Look at this", file=pdf("act.pdf", PNG), note="the hall")
        page = answer.content.decode()
        assert answer.status_code == 422
        assert title(answer).startswith("Error:")
        assert 'href="#discuss_file"' in page
        assert page.count("“act.pdf” is not what its name says") == 2
        assert ">\nLook at this</textarea>" in page
        assert 'value="the hall"' in page
        assert "Choose the file once more" in words(answer)
        assert (Comment.objects.count(), Attachment.objects.count()) == (0, 0)

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({}, "Write a comment or choose a file."),
            ({"text": " \n "}, "Write a comment or choose a file."),
            ({"note": "the act"}, "Choose the file that you wrote about."),
            ({"text": "Hello @nobody"}, "Nobody who sees this is called “@nobody”"),
            ({"text": "a\u202eb"}, "This text has control characters."),
            ({"text": "x" * 5001}, "Ensure this value has at most 5000 characters"),
            ({"text": "ok", "note": "x" * 301, "file": pdf()}, "Ensure this value has at most 300 characters"),
            ({"file": pdf("act.pdf", b"")}, "“act.pdf” is empty"),
            ({"file": pdf("act.exe")}, "is of no kind that is taken here"),
            ({"file": pdf("act.svg", b"<svg/>")}, "is of no kind that is taken here"),
            ({"file": pdf("act.pdf.html", b"<html>")}, "is of no kind that is taken here"),
            ({"file": pdf("act\u202efdp.exe")}, "is of no kind that is taken here"),
            ({"file": pdf("note.txt", b"<html><script>")}, "is a page or a drawing with code in it"),
            ({"file": pdf("budget.xlsx", lying_bomb())}, "is damaged"),
            ({"file": "no file"}, "Write a comment or choose a file."),
        ],
    )
    def test_what_is_wrong_is_said(self, place: Place, given: dict[str, Any], sentence: str) -> None:
        if "file" in given and not isinstance(given["file"], str):
            given["file"].seek(0)
        answer = send(place, **given)
        assert answer.status_code == 422
        assert sentence in words(answer)
        assert (Comment.objects.count(), Attachment.objects.count()) == (0, 0)

    def test_a_path_in_a_name_leads_nowhere(self, place: Place) -> None:
        assert send(place, file=pdf("../../etc/act.pdf")).status_code == 302
        assert Attachment.objects.get().name == "act.pdf"

    def test_a_file_above_the_limit_is_refused_at_its_box_and_one_far_above_before_it_is_read(self, place: Place, settings: Any) -> None:
        settings.ATTACHMENT_LARGEST, settings.REQUEST_LARGEST = 1024 * 1024, 3 * 1024 * 1024
        large = send(place, text="Look", file=pdf(data=PDF + b"0" * 1024 * 1024))
        assert (large.status_code, "is larger than 1 MB" in words(large)) == (422, True)
        huge = send(place, text="Look", file=pdf(data=PDF + b"0" * 3 * 1024 * 1024))
        assert (huge.status_code, "a file may have 1 MB at most" in words(huge)) == (413, True)
        assert not Comment.objects.exists()

    @pytest.mark.parametrize(
        ("who", "comments", "attaches"),
        [
            ("editor", 302, 302),
            ("own", 302, 302),
            ("admin", 302, 422),
            ("controller", 302, 422),
            ("auditor", 403, 403),
            ("foreign", 404, 404),
            ("outsider", 404, 404),
            ("nobody", 404, 404),
        ],
    )
    def test_who_may(self, place: Place, who: str, comments: int, attaches: int) -> None:
        assert send(place, who, text="A word").status_code == comments
        assert Comment.objects.count() == (comments == 302)
        assert send(place, who, file=pdf()).status_code == attaches
        assert Attachment.objects.count() == (attaches == 302)

    def test_whoever_may_only_comment_is_offered_no_file(self, place: Place, entry: LedgerEntry) -> None:
        page = place.client("controller").get(of_factory(place)).content.decode()
        assert ('name="text"' in page, 'name="file"' in page) == (True, False)
        assert 'name="text"' not in place.client("auditor").get(of_factory(place)).content.decode()
        assert "Fill in “Comment”." in words(send(place, "controller"))
        assert "Fill in “File”." in words(send(place, path=f"{place.base}discussion/entry/{entry.pk}/"))
        assert 'id="discuss_' not in place.client("controller").get(f"{place.base}ledger/{entry.pk}/").content.decode()

    @pytest.mark.parametrize("path", ["discussion/factory/999999/", "discussion/contract/1/", f"discussion/milestone/{10**30}/"])
    def test_what_is_not_there_is_not_found(self, place: Place, path: str) -> None:
        assert place.status("editor", path) == 404

    def test_the_contract_in_the_address_is_the_one(self, place: Place) -> None:
        place.person("outsider").memberships.create(group=place.person("editor").memberships.get().group, contract=place.contract)
        other = place.person("outsider").memberships.exclude(contract=place.contract).get().contract
        assert other is not None
        assert place.client("outsider").get(f"/c/{other.code}/discussion/factory/{place.factory.pk}/").status_code == 404


class TestSaving:
    def test_a_file_comes_back_as_it_was_and_nothing_runs_it(self, place: Place) -> None:
        kept = file_of(place, name="Акт «ввода».pdf")
        answer = place.client("controller").get(f"{place.base}files/{kept.pk}/")
        assert answer.content == PDF
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == (TYPE_OF_PDF, "nosniff")
        assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%D0%90")
        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer["ETag"] == f'"{hashlib.sha256(PDF).hexdigest()}"'
        assert answer["Cache-Control"] == "private, no-cache"

    def test_what_one_has_is_not_sent_again(self, place: Place) -> None:
        kept = file_of(place)
        again = place.client().get(f"{place.base}files/{kept.pk}/", headers={"If-None-Match": f'"{kept.sha256}"'})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", f'"{kept.sha256}"')

    @pytest.mark.parametrize(
        ("who", "status"),
        [("own", 200), ("auditor", 200), ("foreign", 404), ("outsider", 404), ("nobody", 404), ("anonymous", 302)],
    )
    def test_for_those_who_see_the_subject(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, f"files/{file_of(place).pk}/") == status

    def test_not_under_another_contract_and_not_by_post(self, place: Place) -> None:
        kept = file_of(place)
        assert place.client().get(f"/c/beta/files/{kept.pk}/").status_code == 404
        assert place.status("editor", f"files/{kept.pk}/", {}) == 405

    def test_a_withdrawn_one_is_there_as_of_the_days_on_which_it_stood(self, place: Place) -> None:
        kept = file_of(place)
        days_ago(kept, 10, withdrawn=5)
        before, during = TODAY - timedelta(days=11), TODAY - timedelta(days=7)
        address = f"{place.base}files/{kept.pk}/"
        assert [place.client().get(address + query).status_code for query in ("", f"?as_of={before}", f"?as_of={during}")] == [
            404,
            404,
            200,
        ]


class TestTakingBack:
    def test_it_is_asked_for_and_done_once(self, place: Place) -> None:
        comment, kept = comment_of(place, "A slip of the pen"), file_of(place)
        for path, shown in ((f"comments/{comment.pk}/withdraw/", "A slip of the pen"), (f"files/{kept.pk}/withdraw/", "act.pdf")):
            assert shown in words(place.client().get(place.base + path))
            assert place.status("editor", path, {}) == 302
        text = words(place.client().get(of_factory(place)))
        assert "A slip of the pen" not in text
        assert text.count("withdrawn on") == 2
        assert f"/files/{kept.pk}/" not in place.client().get(of_factory(place)).content.decode()

    @pytest.mark.parametrize(
        ("who", "status"), [("editor", 302), ("own", 302), ("controller", 403), ("admin", 403), ("auditor", 403), ("foreign", 404)]
    )
    def test_by_who_added_it_and_by_editors(self, place: Place, who: str, status: int) -> None:
        comment, kept = comment_of(place, who="own"), file_of(place, who="own")
        for path in (f"comments/{comment.pk}/withdraw/", f"files/{kept.pk}/withdraw/"):
            assert place.status(who, path) == (200 if status == 302 else status)
            assert place.status(who, path, {}) == status
            assert (f'href="{place.base}{path}"' in place.client("editor").get(of_factory(place)).content.decode()) == (status != 302)


class TestPastDays:
    def test_what_was_there_then_and_nothing_can_be_added(self, place: Place) -> None:
        comment, kept = comment_of(place, "Said then"), file_of(place)
        days_ago(comment, 10, withdrawn=5)
        days_ago(kept, 10)
        comment_of(place, "Said today")
        for address in (of_factory(place), f"{place.base}factories/F01/"):
            past = place.client().get(f"{address}?as_of={TODAY - timedelta(days=7)}")
            text, page = words(past), past.content.decode()
            assert ("Said then" in text, "Said today" in text, "act.pdf" in text) == (True, False, True)
            assert "discuss_text" not in page
            assert "/withdraw/" not in page
            assert f"/files/{kept.pk}/?as_of=" in page
            assert "act.pdf" not in words(place.client().get(f"{address}?as_of={TODAY - timedelta(days=20)}"))
        assert place.client().post(f"{of_factory(place)}?as_of=2025-01-01", {"text": "x"}).status_code == 403

    def test_an_empty_one_says_what_to_do(self, place: Place) -> None:
        assert "Nothing is said or attached yet: ask" in words(place.client().get(of_factory(place)))
        assert "Nothing is said or attached yet." in words(place.client("auditor").get(of_factory(place)))
        assert "Nothing had been said" in words(place.client().get(f"{of_factory(place)}?as_of=2025-01-01"))


def test_a_key_of_another_persons_request_is_refused(place: Place) -> None:
    key = str(uuid4())
    assert send(place, text="Mine", request_key=key).status_code == 302
    answer = send(place, "own", text="Mine", request_key=key)
    assert (answer.status_code, "already used" in words(answer)) == (422, True)
