"""The page of the outbox: for administrators of everything alone; lists, one letter, decisions; and its doors beside it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import Bounce, Delivery, DeliveryAttempt, Subscription, User
from cluster.queries.my_work import Asked, asked_of
from tests.factories import make_contract, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
NOW = timezone.now()


def letter(**fields: Any) -> Delivery:
    user = fields.pop("user", None) or make_user(Role.AUDITOR)
    given = {"kind": "digest", "subject": "News of the week", "body_text": "Text", "body_html": "<p style='color:red'>Text</p>"}
    return Delivery.objects.create(user=user, recipient=user.email, period=NOW.date(), **given | fields)


@pytest.fixture
def admin(client: Client) -> User:
    user = make_user(Role.ADMIN, language="en")
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return user


def test_only_administrators_of_everything_see_it(client: Client) -> None:
    one = letter()
    for user in (make_user(Role.EDITOR), make_user(Role.AUDITOR), make_user(Role.ADMIN, contract=make_contract()), one.user):
        client.force_login(user)
        for path in ("", f"{one.pk}/", f"{one.pk}/html/"):
            assert client.get(f"/mail/outbox/{path}").status_code == 404
        for path in ("all/", f"{one.pk}/decide/"):
            assert client.post(f"/mail/outbox/{path}", {"do": "hold"}).status_code == 404
    client.logout()
    assert client.get("/mail/outbox/").status_code == 302


def test_letters_are_found_by_state_kind_and_text(client: Client, admin: User) -> None:
    letter(status="uncertain", subject="Lost on the way")
    letter(status="sent", kind="notice", subject="Critical <b>delay</b>")
    asks = client.get("/mail/outbox/?state=asks").content.decode()
    assert "Lost on the way" in asks
    assert "Critical" not in asks
    found = client.get("/mail/outbox/?kind=notice&q=CRITICAL").content.decode()
    assert "Critical &lt;b&gt;delay" in found
    assert "Lost" not in found
    assert client.get("/mail/outbox/?state=nonsense").status_code == 400
    assert client.get("/mail/outbox/?page=10000000000000000000000000&q=%25").status_code == 200
    assert asked_of(User.objects.get(pk=admin.pk), today=NOW.date()).of[Asked.LETTERS] == 1


def test_one_letter_shows_tries_and_what_came_back_and_is_sealed(client: Client, admin: User) -> None:
    one = letter(status="dead", attempts=1, chart=b"PNG", body_html="<img src='cid:chart'><script>alert(1)</script>")
    DeliveryAttempt.objects.create(delivery=one, number=1, began_at=NOW, ended_at=NOW, outcome="failed", answer="550 no such mailbox")
    Bounce.objects.create(delivery=one, recipient=one.recipient, is_hard=True, code="5.1.1", diagnostic="User unknown", key="k")
    response = client.get(f"/mail/outbox/{one.pk}/")
    page = response.content.decode()
    assert "550 no such mailbox" in page
    assert "User unknown" in page
    assert "sandbox" in page
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    html = client.get(f"/mail/outbox/{one.pk}/html/")
    assert html["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert "src='data:image/png;base64,UE5H'" in html.content.decode()


def test_decisions_are_taken_with_a_button_and_a_stale_one_says_so(client: Client, admin: User) -> None:
    one = letter(status="uncertain")
    address = f"/mail/outbox/{one.pk}/decide/"
    assert client.post(address, {"do": "burn"}).status_code == 400
    assert client.get(address).status_code == 405
    client.post(address, {"do": "arrived"})
    one.refresh_from_db()
    assert one.status == "sent"
    answer = client.post(address, {"do": "again"}, follow=True).content.decode()
    assert "moved on meanwhile" in answer
    assert client.post("/mail/outbox/999999999/decide/", {"do": "again"}).status_code == 404


def test_all_that_waits_is_held_and_released(client: Client, admin: User) -> None:
    one = letter()
    assert "1 letter is held back." in client.post("/mail/outbox/all/", {"do": "hold"}, follow=True).content.decode()
    one.refresh_from_db()
    assert one.status == "held"
    assert "Let the held letter go" in client.get("/mail/outbox/").content.decode()
    client.post("/mail/outbox/all/", {"do": "release"})
    one.refresh_from_db()
    assert one.status == "waiting"


def test_a_suspension_is_shown_and_lifted(client: Client, admin: User) -> None:
    user = make_user(Role.AUDITOR)
    subscription = Subscription.objects.create(user=user, suspended_at=NOW, suspended_because="2 letters came back: 5.1.1")
    page = client.get("/mail/outbox/").content.decode()
    assert user.email in page
    assert "5.1.1" in page
    client.post(f"/mail/outbox/suspended/{subscription.pk}/lift/")
    subscription.refresh_from_db()
    assert subscription.suspended_at is None
    assert client.post("/mail/outbox/suspended/999999/lift/").status_code == 404


def test_the_list_takes_as_many_statements_for_many_letters_as_for_one(
    client: Client, admin: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        letter()
    client.get("/mail/outbox/")
    with django_assert_max_num_queries(13):
        client.get("/mail/outbox/")


def test_the_api_shows_administrators_all_letters_with_their_tries_and_others_their_own() -> None:
    one = letter()
    DeliveryAttempt.objects.create(delivery=one, number=1, began_at=NOW, outcome="sent", answer="250 OK")
    api = APIClient()
    for user, seen in ((make_user(Role.ADMIN), 1), (one.user, 1), (make_user(Role.EDITOR), 0)):
        api.force_authenticate(user)
        found = api.get("/api/v1/deliveries/?kind=digest").json()["results"]
        assert len(found) == seen
        assert all(row["tries"][0]["answer"] == "250 OK" and row["recipient"] == one.recipient for row in found)


def test_the_command_holds_releases_lists_and_sends_again(capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> str:
        out = StringIO()
        call_command("outbox", *words, stdout=out)
        return out.getvalue()

    waits, dead = letter(), letter(status="dead", error="550 no\nsuch mailbox")
    assert run("hold") == "held: 1\n"
    assert run("release") == "released: 1\n"
    assert f"{dead.pk}  dead" in run("list")
    assert "550 no · such mailbox" in run("list")
    assert str(waits.recipient) in run("list", "--state", "waiting")
    assert run("rerun", str(dead.pk)) == f"{dead.pk}: waiting\n"
    assert run("list").startswith("no letters here")
    for number in (dead.pk, 999999):
        with pytest.raises(SystemExit, match="2"):
            run("rerun", str(number))
    said = capsys.readouterr().err
    assert "moved on" in said
    assert "There is no letter 999999" in said
