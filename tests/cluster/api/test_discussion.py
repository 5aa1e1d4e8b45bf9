"""Comments and attachments for programs: added once, read by those who see the subject, withdrawn, and bytes as they were."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import Attachment, Comment, User
from tests.cluster.api.world import BASE, World
from tests.cluster.evidence import PDF, PNG, lying_bomb
from tests.factories import make_contract, make_factory, make_user

pytestmark = pytest.mark.django_db
As = Callable[[User], APIClient]
COMMENTS, FILES = f"{BASE}comments/", f"{BASE}attachments/"


def pdf(name: str = "Акт.pdf", data: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


class TestComments:
    def test_is_said_once_and_names_what_it_is_about_and_whom_it_mentions(self, world: World, as_: As) -> None:
        manager, editor = world.user(Role.MANAGER, username="petrov"), world.user(Role.EDITOR)
        said = {"flag": world.objects["delay-flags"].pk, "text": "Why, @petrov?"}
        key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": str(uuid4())}
        first, again = (as_(editor).post(COMMENTS, said, format="json", **key) for _ in range(2))
        assert (first.status_code, again.status_code, first.json() == again.json()) == (201, 200, True)
        given = first.json()
        assert (given["factory"]["code"], given["milestone"]["code"], given["flag"]) == ("P01", "P01-OPEN", said["flag"])
        assert ([person["id"] for person in given["mentioned"]], given["by"]["id"], given["text"]) == (
            [manager.pk],
            editor.pk,
            said["text"],
        )
        assert as_(editor).get(first["Location"]).json() == given
        other = as_(editor).post(COMMENTS, said | {"text": "Else"}, format="json", **key)
        assert (other.status_code, other.json()["type"].rsplit("/", 2)[1]) == (422, "request-reused")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"text": "x"}, "flag"),
            ({"text": "x", "factory": 1, "milestone": 1}, "milestone"),
            ({"text": "", "factory": 0}, "text"),
            ({"text": "x", "entry": 1}, "entry"),
            ({"text": "x" * 5001}, "text"),
            ({"by": 1, "text": "x"}, "by"),
            ({"text": "x", "factory": 10**18}, "factory"),
        ],
    )
    def test_bad_input_names_its_field(self, body: dict[str, Any], field: str, world: World, as_: As) -> None:
        answer = as_(world.user(Role.EDITOR)).post(COMMENTS, body, format="json")
        assert answer.status_code == 400
        assert field in [error["field"] for error in answer.json()["errors"]]
        assert Comment.objects.count() == 1

    @pytest.mark.parametrize("text", ["Look, @nobody", "\u200b"])
    def test_a_text_that_the_rules_refuse_is_named(self, text: str, world: World, as_: As) -> None:
        answer = as_(world.user(Role.EDITOR)).post(COMMENTS, {"factory": world.factory.pk, "text": text}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "text")

    def test_who_may(self, world: World, as_: As) -> None:
        said = {"factory": world.factory.pk, "text": "A word"}
        roles = {Role.ADMIN: 201, Role.EDITOR: 201, Role.MANAGER: 201, Role.CONTROLLER: 201, Role.AUDITOR: 403}
        assert {role: as_(world.user(role)).post(COMMENTS, said, format="json").status_code for role in Role} == roles
        for stranger in (make_user(Role.EDITOR, contract=make_contract()), make_user(Role.MANAGER, factory=make_factory(world.contract))):
            assert as_(stranger).post(COMMENTS, said, format="json").json()["errors"][0]["field"] == "factory"

    def test_withdrawn_it_keeps_its_place_without_its_text(self, world: World, as_: As) -> None:
        author, other = world.user(Role.CONTROLLER), world.user(Role.CONTROLLER)
        said = as_(author).post(COMMENTS, {"factory": world.factory.pk, "text": "A slip"}, format="json").json()
        address = f"{COMMENTS}{said['id']}/withdrawal/"
        assert as_(other).post(address).status_code == 403
        for _ in range(2):
            answer = as_(author).post(address)
            assert (answer.status_code, answer.json()["text"]) == (200, None)
            assert answer.json()["withdrawn_at"]


class TestAttachments:
    def send(self, client: APIClient, **given: Any) -> Any:
        return client.post(FILES, given, format="multipart")

    def test_a_file_goes_in_and_comes_out_as_it_was(self, world: World, as_: As) -> None:
        client = as_(world.user(Role.MANAGER))
        answer = self.send(client, entry=world.objects["ledger-entries"].pk, file=pdf(), note="the invoice")
        assert answer.status_code == 201
        given = answer.json()
        digest = hashlib.sha256(PDF).hexdigest()
        assert (given["name"], given["media_type"], given["size"], given["sha256"]) == ("Акт.pdf", "application/pdf", len(PDF), digest)
        assert (given["entry"], given["factory"]["code"], given["note"]) == (world.objects["ledger-entries"].pk, "P01", "the invoice")
        address = f"{FILES}{given['id']}/content/"
        content = client.get(address, HTTP_ACCEPT="application/pdf")
        assert (content.status_code, content.content, content["Content-Type"]) == (200, PDF, "application/pdf")
        assert content["Content-Disposition"].startswith("attachment;")
        assert content["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in content["Content-Security-Policy"]
        known = client.get(address, HTTP_IF_NONE_MATCH=content["ETag"])
        assert (known.status_code, known.content, content["ETag"]) == (304, b"", f'"{digest}"')
        assert [row["id"] for row in client.get(FILES, {"sha256": digest}).json()["results"]] == [given["id"]]

    def test_the_same_request_twice_is_one_file(self, world: World, as_: As) -> None:
        client, key = as_(world.user(Role.EDITOR)), str(uuid4())
        sent = [
            client.post(FILES, {"factory": world.factory.pk, "file": pdf()}, format="multipart", HTTP_IDEMPOTENCY_KEY=key).status_code
            for _ in range(2)
        ]
        assert (sent, Attachment.objects.count()) == ([201, 200], 2)

    def test_who_may(self, world: World, as_: As) -> None:
        roles = {Role.ADMIN: 403, Role.EDITOR: 201, Role.MANAGER: 201, Role.CONTROLLER: 403, Role.AUDITOR: 403}
        assert {role: self.send(as_(world.user(role)), factory=world.factory.pk, file=pdf()).status_code for role in Role} == roles
        stranger = as_(make_user(Role.EDITOR, contract=make_contract()))
        assert self.send(stranger, factory=world.factory.pk, file=pdf()).json()["errors"][0]["field"] == "factory"
        assert Attachment.objects.count() == 3
        assert stranger.get(f"{world.address('attachments')}content/").status_code == 404

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"file": ("act.pdf", PNG)}, "file"),
            ({"file": ("act.pdf", b"")}, "file"),
            ({"file": ("act.exe", PDF)}, "file"),
            ({"file": ("budget.xlsx", lying_bomb())}, "file"),
            ({"file": ("note.txt", b"<svg onload=1>")}, "file"),
            ({"file": "no file"}, "file"),
            ({}, "file"),
            ({"file": ("act.pdf", PDF), "note": "x" * 301}, "note"),
            ({"file": ("act.pdf", PDF), "note": "a\u202eb"}, "note"),
            ({"file": ("act.pdf", PDF), "more": "x"}, "more"),
            ({"file": ("act.pdf", PDF), "factory": "x"}, "factory"),
            ({"file": ("act.pdf", PDF), "factory": ""}, "entry"),
        ],
    )
    def test_bad_input_names_its_field(self, given: dict[str, Any], field: str, world: World, as_: As) -> None:
        if isinstance(given.get("file"), tuple):
            given = given | {"file": pdf(*given["file"])}
        answer = self.send(as_(world.user(Role.EDITOR)), **{"factory": world.factory.pk} | given)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert Attachment.objects.count() == 1

    def test_what_is_no_form_or_too_much_is_refused_before_it_is_read(self, world: World, as_: As, settings: Any) -> None:
        client = as_(world.user(Role.EDITOR))
        assert client.post(FILES, {"factory": world.factory.pk}, format="json").status_code == 415
        assert client.post(FILES, b"--x\r\n", content_type="multipart/form-data").status_code == 400
        many = {f"file{number}": pdf() for number in range(6)}
        assert self.send(client, factory=world.factory.pk, **many).status_code == 400
        settings.REQUEST_LARGEST = 1000
        assert self.send(client, factory=world.factory.pk, file=pdf(data=PDF + b"0" * 1000)).status_code == 413

    def test_a_withdrawn_one_is_known_but_gone(self, world: World, as_: As) -> None:
        client = as_(world.user(Role.EDITOR))
        file = world.objects["attachments"]
        assert client.get(f"{FILES}{file.pk}/content/").status_code == 200
        assert client.post(f"{FILES}{file.pk}/withdrawal/").json()["withdrawn_at"]
        assert client.get(f"{FILES}{file.pk}/content/").status_code == 404
        assert client.get(f"{FILES}{file.pk}/").json()["name"] == "act.pdf"

    def test_names_are_masked_for_those_who_do_not_see_people(self, world: World, as_: As) -> None:
        file = as_(world.user(Role.CONTROLLER)).get(world.address("attachments")).json()
        assert file["by"]["name"] is None
