"""Letters to me: the form, the preview, one on request; and the link that ends letters without a login."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from cluster.domain.access import Role
from cluster.models import Delivery, Subscription, User
from cluster.services.subscriptions import Choice, choose, unsubscribe_url
from tests.factories import make_contract, make_factory, make_user

pytestmark = pytest.mark.django_db
GIVEN = {"cadence": "weekly", "weekday": "2", "hour": "7", "is_active": "on"}


@pytest.fixture
def reader() -> User:
    return make_user(Role.AUDITOR, language="en")


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def link(subscription: Subscription) -> str:
    return unsubscribe_url(subscription).partition("/mail/")[1] + unsubscribe_url(subscription).partition("/mail/")[2]


class TestThePage:
    def test_who_never_chose_sees_what_is_usual_and_the_letter(self, reader: User) -> None:
        make_factory(make_contract(name_en="Contract Alpha"))
        page = browser(reader).get("/me/mail/")
        assert page.context["form"]["cadence"].value() == "weekly"
        assert "You get no letters yet" in page.content.decode()
        assert "/me/mail/preview/" in page.content.decode()
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.content.decode()
        for form in ("", "?as=text"):
            assert "Contract Alpha" in browser(reader).get(f"/me/mail/preview/{form}").content.decode()
        assert not Subscription.objects.exists()

    def test_saving_subscribes_and_a_stale_form_is_not_written_over(self, reader: User) -> None:
        client, factory = browser(reader), make_factory()
        assert client.post("/me/mail/", GIVEN | {"factories": [factory.pk], "kinds": ["silent"]}).status_code == 302
        stored = Subscription.objects.get(user=reader)
        assert (stored.weekday, stored.hour, stored.notices, stored.kinds, list(stored.factories.all())) == (
            2,
            7,
            False,
            ["silent"],
            [factory],
        )
        stale = client.post("/me/mail/", GIVEN | {"hour": "9", "version": "12"})
        assert stale.status_code == 409
        assert Subscription.objects.get().hour == 7
        again = client.post("/me/mail/", GIVEN | {"hour": "9", "version": stale.context["form"].initial["version"]})
        assert again.status_code == 302
        assert Subscription.objects.get().hour == 9

    def test_two_windows_keep_what_each_changed_and_one_chooses_where_both_did(self, reader: User) -> None:
        client, factory = browser(reader), make_factory()
        client.post("/me/mail/", GIVEN)
        seen = {"version": client.get("/me/mail/").context["form"].initial["version"]}
        assert client.post("/me/mail/", GIVEN | seen | {"hour": "9", "factories": [factory.pk]}).status_code == 302
        other = client.post("/me/mail/", GIVEN | seen | {"weekday": "4"})
        assert other.status_code == 409
        rows = {row.name: (row.theirs, row.mine, row.to_choose) for row in other.context["rows"]}
        assert rows == {
            "weekday": ("Wednesday", "Friday", False),
            "hour": ("9:00", "7:00", False),
            "factories": (f"{factory.code} {factory.name_en}", "empty", True),
        }
        form = other.context["form"].initial
        assert (form["hour"], form["weekday"], form["factories"]) == (9, 4, [])
        again = GIVEN | {"version": form["version"], "hour": "9", "weekday": "4", "take_factories": "theirs"}
        assert client.post("/me/mail/", again).status_code == 302
        stored = Subscription.objects.get()
        assert (stored.hour, stored.weekday, list(stored.factories.all())) == (9, 4, [factory])

    @pytest.mark.parametrize(
        "bad", [{"hour": "24"}, {"cadence": "x"}, {"time_zone": "Mars/Base"}, {"kinds": ["x"]}, {"factories": ["x", "9" * 30]}]
    )
    def test_what_cannot_be_chosen_stands_at_its_field(self, reader: User, bad: dict[str, Any]) -> None:
        page = browser(reader).post("/me/mail/", GIVEN | bad)
        assert page.status_code == 422
        assert list(page.context["form"].errors) == list(bad)
        assert not Subscription.objects.exists()

    def test_the_frame_shows_the_letter_and_runs_nothing(self, reader: User) -> None:
        make_factory(make_contract(name_en="<script>alert(1)</script>"))
        page = browser(reader).get("/me/mail/preview/")
        policy = page["Content-Security-Policy"]
        assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
        assert page["X-Frame-Options"] == "SAMEORIGIN"
        assert "<script>" not in page.content.decode()
        assert "cid:chart" not in page.content.decode()

    def test_one_now_goes_into_the_outbox_once(self, reader: User) -> None:
        client = browser(reader)
        for _click in range(2):
            assert client.post("/me/mail/send/").status_code == 302
        assert Delivery.objects.get().kind == "sample"
        assert client.get("/me/mail/send/").status_code == 405

    def test_suspended_letters_are_resumed(self, reader: User) -> None:
        choose(Choice(), by=reader, version=None)
        Subscription.objects.update(suspended_at=datetime.now(UTC), suspended_because="550 no such user")
        client = browser(reader)
        assert "550 no such user" in client.get("/me/mail/").content.decode()
        client.post("/me/mail/resume/")
        assert "550 no such user" not in client.get("/me/mail/").content.decode()

    @pytest.mark.parametrize("path", ["", "preview/"])
    def test_strangers_are_sent_to_the_login(self, path: str) -> None:
        assert Client().get(f"/me/mail/{path}").status_code == 302


class TestTheLink:
    def test_looking_changes_nothing_and_one_click_ends_the_letters_without_login_or_token(self, reader: User) -> None:
        subscription = choose(Choice(), by=reader, version=None)
        client = Client(enforce_csrf_checks=True)
        for _look in range(2):
            page = client.get(link(subscription))
            assert page.status_code == 200
            assert page.content.decode().count("<button") >= 1
        assert Subscription.objects.get().is_active
        for _click in range(2):
            assert client.post(link(subscription), {"List-Unsubscribe": "One-Click"}).status_code == 200
            assert not Subscription.objects.get().is_active
        assert client.post(link(subscription), {"again": "1"}).status_code == 200
        assert Subscription.objects.get().is_active
        assert "sessionid" not in client.cookies

    def test_a_forged_link_is_not_found_and_says_so(self, reader: User) -> None:
        subscription = choose(Choice(), by=reader, version=None)
        other = choose(Choice(), by=make_user(Role.AUDITOR), version=None)
        good = link(subscription)
        for forged in (
            good[:-4] + "xxx/",
            good.replace(f"/{subscription.pk}.", f"/{other.pk}."),
            "/mail/unsubscribe/x/",
            "/mail/unsubscribe/9.9/",
        ):
            answer = Client(headers={"accept-language": "en"}).post(forged, {"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 404
            assert "newer letter" in answer.content.decode()
        assert Subscription.objects.filter(is_active=True).count() == 2

    def test_the_link_of_a_closed_account_is_not_found(self, reader: User) -> None:
        subscription = choose(Choice(), by=reader, version=None)
        User.objects.update(is_active=False)
        assert Client().post(link(subscription), {"List-Unsubscribe": "One-Click"}).status_code == 404
        assert Subscription.objects.get().is_active, "what was chosen stays"

    def test_it_speaks_the_language_of_the_letters(self, reader: User) -> None:
        subscription = choose(Choice(language="en"), by=reader, version=None)
        assert "Get no more letters?" in Client(headers={"accept-language": "ru"}).get(link(subscription)).content.decode()
