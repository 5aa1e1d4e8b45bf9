"""The own subscription through the API: subscribe, change with If-Match, preview, one letter now."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import Delivery, Subscription, User
from tests.factories import make_factory, make_user

pytestmark = pytest.mark.django_db
PATH = "/api/v1/subscriptions/"
As = Callable[[User], APIClient]


def test_a_person_subscribes_changes_with_if_match_and_sees_nobody_elses(as_: As) -> None:
    factory, user = make_factory(), make_user(Role.AUDITOR)
    client = as_(user)
    made = client.post(PATH, {"cadence": "daily", "factories": [factory.pk]}, format="json")
    assert (made.status_code, made.data["cadence"], made.data["hour"], made.data["factories"]) == (201, "daily", 8, [factory.pk])
    assert client.post(PATH, {"cadence": "daily", "factories": [factory.pk]}, format="json").status_code == 200
    assert client.post(PATH, {"cadence": "monthly"}, format="json").status_code == 428
    own = f"{PATH}{made.data['id']}/"
    assert client.patch(own, {"hour": 9}, format="json").status_code == 428
    changed = client.patch(own, {"hour": 9, "kinds": ["silent"]}, format="json", HTTP_IF_MATCH=made["ETag"])
    assert (changed.status_code, changed.data["hour"], changed.data["kinds"], changed.data["cadence"]) == (200, 9, ["silent"], "daily")
    assert client.patch(own, {"hour": 10}, format="json", HTTP_IF_MATCH=made["ETag"]).status_code == 412
    stranger = as_(make_user(Role.ADMIN))
    assert stranger.get(own).status_code == 404
    assert stranger.patch(own, {"hour": 1}, format="json", HTTP_IF_MATCH="*").status_code == 404
    assert Subscription.objects.get().hour == 9


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hour": 24}, "hour"),
        ({"kinds": ["x"]}, "kinds"),
        ({"factories": [10**12]}, "factories"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"who": 1}, "who"),
    ],
)
def test_a_bad_choice_names_its_key_and_saves_nothing(as_: As, body: dict[str, object], field: str) -> None:
    answer = as_(make_user(Role.AUDITOR)).post(PATH, body, format="json")
    assert answer.status_code in (400, 404)
    assert field in answer.json()["errors"][0]["field"]
    assert not Subscription.objects.exists()


def test_the_letter_is_previewed_and_sent_once_a_minute(as_: As) -> None:
    client = as_(make_user(Role.AUDITOR))
    own = f"{PATH}{client.post(PATH, {}, format='json').data['id']}/"
    letter = client.get(f"{own}preview/").data
    assert set(letter) == {"subject", "text", "html"}
    assert [client.post(f"{own}send-now/").status_code for _twice in range(2)] == [201, 200]
    assert Delivery.objects.get().kind == "sample"
