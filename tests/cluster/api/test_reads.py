"""Reading every noun: who sees what, in how many statements, with which parameters."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.models import LedgerEntry, Membership, User
from tests.cluster.api.world import BASE, NOUNS, OF_A_FACTORY, OF_THE_INSTALLATION, OWN, REFERENCE, World, add_rows, token_client
from tests.factories import make_contract, make_user, promise

As = Callable[[User], APIClient]


def test_the_world_has_an_object_of_every_noun_of_the_router(world: World) -> None:
    assert set(world.objects) == set(NOUNS)
    assert len(NOUNS) == 30


def seen_by(client: APIClient, world: World) -> dict[str, tuple[int, bool]]:
    """For each noun: the status of the single object, and whether the list holds anything."""
    return {noun: (client.get(world.address(noun)).status_code, bool(client.get(f"{BASE}{noun}/").json().get("results"))) for noun in NOUNS}


def only(nouns: set[str]) -> dict[str, tuple[int, bool]]:
    """The expectation that exactly these nouns are seen; the others are not there."""
    return {noun: (200, True) if noun in nouns else (404, False) for noun in NOUNS}


def test_nobody_reads_without_logging_in(world: World) -> None:
    for address in [world.address(noun) for noun in NOUNS] + [f"{BASE}{noun}/" for noun in NOUNS]:
        response = APIClient().get(address)
        assert response.status_code == 401, address
        assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.EDITOR, Role.CONTROLLER, Role.AUDITOR])
def test_who_has_a_role_over_the_contract_reads_all_of_it(role: Role, world: World, as_: As) -> None:
    assert seen_by(as_(world.user(role)), world) == only(set(NOUNS) - OWN - OF_THE_INSTALLATION)


def test_runs_are_read_by_whoever_sees_every_contract(world: World, as_: As) -> None:
    assert seen_by(as_(make_user(Role.AUDITOR)), world) == only(set(NOUNS) - OWN)


def test_a_plant_manager_reads_what_belongs_to_the_own_plant(world: World, as_: As) -> None:
    assert seen_by(as_(world.user(Role.MANAGER)), world) == only(OF_A_FACTORY | REFERENCE)


def test_to_an_outsider_a_foreign_contract_is_not_there(world: World, as_: As) -> None:
    outsider = make_user(Role.EDITOR, contract=make_contract())
    seen = seen_by(as_(outsider), world)
    assert seen.pop("contracts") == (404, True)  # the list holds the own contract
    assert seen == {noun: found for noun, found in only(REFERENCE).items() if noun != "contracts"}


def test_a_person_without_any_role_sees_nothing(world: World, as_: As) -> None:
    assert seen_by(as_(make_user()), world) == only(set())


def test_everybody_reads_the_own_subscription_and_deliveries(world: World, as_: As) -> None:
    client = as_(world.objects["subscriptions"].user)  # type: ignore[attr-defined]
    for noun in OWN:
        assert client.get(world.address(noun)).status_code == 200
        assert len(client.get(f"{BASE}{noun}/").json()["results"]) == 1


def test_a_list_takes_as_many_statements_for_many_rows_as_for_one(world: World, as_: As, django_assert_max_num_queries: Any) -> None:
    editor, owner = as_(make_user(Role.EDITOR)), as_(world.objects["subscriptions"].user)  # type: ignore[attr-defined]
    for number in range(2, 7):
        add_rows(world.contract, world.factory, world.milestone, world.source, number)
    for noun in NOUNS:
        with django_assert_max_num_queries(9, info=noun):
            found = (owner if noun in OWN else editor).get(f"{BASE}{noun}/").json()["results"]
        assert len(found) >= (1 if noun in {"contracts", "factories", "sources", "baselines", *OWN} else 6), noun


# What is written at the address of a single object, and at that of its list.
EDITED = ("budget-lines", "milestones", "dependencies", "calendar-exceptions")
WRITTEN_ONE = {("delete", "baselines"), *((method, noun) for method in ("patch", "delete") for noun in EDITED), ("patch", "subscriptions")}
ADDED = (
    "ledger-entries",
    "outputs",
    "baselines",
    "exchange-rates",
    "job-runs",
    "risk-runs",
    "comments",
    "attachments",
    "submissions",
    "subscriptions",
    *EDITED,
)
WRITTEN_LIST = {("post", noun) for noun in ADDED}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
def test_what_cannot_be_written_answers_405_and_names_what_can(method: str, world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    for noun in NOUNS:
        if (method, noun) not in WRITTEN_ONE:
            assert getattr(client, method)(world.address(noun), {}, format="json").status_code == 405, noun
        if (method, noun) not in WRITTEN_LIST:
            response = getattr(client, method)(f"{BASE}{noun}/", {}, format="json")
            assert response.status_code == 405, noun
            assert "GET" in response["Allow"]


def test_money_windows_texts_and_references_have_one_shape(world: World, as_: As) -> None:
    entry = as_(world.user(Role.EDITOR)).get(world.address("ledger-entries")).json()
    assert entry["amount"] == {"value": "100.50", "currency": "RUB"}
    assert entry["usd"]["value"] == "1.09"
    assert entry["usd"]["basis"] == "payment"
    assert entry["usd"]["rate"] == {"id": entry["usd"]["rate"]["id"], "date": "2024-04-01", "value": "92.5000", "nominal": 1}
    assert entry["contract"] == {"id": world.contract.pk, "code": "big", "is_example": False}
    revision = as_(world.user(Role.EDITOR)).get(world.address("forecast-revisions")).json()
    assert revision["new"] == {"earliest": "2024-07-01", "latest": "2024-12-31", "precision": "half_year"}
    assert revision["old"] is None
    assert revision["source"]["title"] == {"ru": world.source.title_ru, "en": world.source.title_en}


def test_a_number_of_a_claim_is_an_exact_decimal_string_and_the_unknown_is_null(world: World, as_: As) -> None:
    claim = as_(world.user(Role.EDITOR)).get(world.address("claims")).json()
    assert (claim["value"], claim["unit"]) == ("8900000000", "RUB")
    assert claim["value_high"] is None
    assert claim["usd"] is None


def test_a_milestone_has_four_dates_and_its_delay_as_of_any_day(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    before = client.get(world.address("milestones"), {"as_of": "2024-03-31"}).json()
    assert before["due"]["latest"] == "2024-03-31"
    assert before["due"]["source"]["key"] == world.source.key
    assert before["forecast"] is None
    assert before["late_days"] == 0
    after = client.get(world.address("milestones"), {"as_of": "2024-04-10"}).json()
    assert after["forecast"]["latest"] == "2024-12-31"
    assert after["late_days"] == 275
    assert {(found["kind"], found["days"]) for found in after["findings"]} == {("overdue", 10), ("forecast_late", 275)}


def test_nothing_announced_later_is_seen_as_of_an_earlier_day(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    for noun in ("forecast-revisions", "ledger-entries", "exchange-rates"):
        assert len(client.get(f"{BASE}{noun}/", {"as_of": "2024-04-01"}).json()["results"]) == 1
        assert client.get(f"{BASE}{noun}/", {"as_of": "2024-03-31"}).json()["results"] == []


def test_personal_data_are_masked_for_a_controller(world: World, as_: As) -> None:
    def name(role: Role) -> Any:
        return as_(world.user(role)).get(world.address("ledger-entries")).json()["recorded_by"]["name"]

    assert name(Role.CONTROLLER) is None
    assert name(Role.MANAGER) is None
    assert name(Role.EDITOR) == world.objects["ledger-entries"].recorded_by.username  # type: ignore[attr-defined]


def test_lists_are_filtered_by_what_is_on_the_list(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    add_rows(world.contract, world.factory, world.milestone, world.source, 2)
    for query, expected in [
        ({"contract": "big"}, 2),
        ({"contract": "small"}, 0),
        ({"factory": "P01", "date_from": "2024-04-02"}, 1),
        ({"date_to": "2024-04-01"}, 1),
        ({"amount_from": "100.51"}, 0),
        ({"kind": "commitment"}, 0),
    ]:
        assert len(client.get(f"{BASE}ledger-entries/", query).json()["results"]) == expected, query
    assert client.get(f"{BASE}claims/", {"in_use": "false"}).json()["count"] == 2
    assert client.get(f"{BASE}claims/", {"in_use": "true"}).json()["count"] == 0


def test_filters_do_not_tell_an_outsider_what_exists(world: World, as_: As) -> None:
    client = as_(make_user(Role.EDITOR, contract=make_contract()))
    hidden = client.get(f"{BASE}ledger-entries/", {"contract": "big"})
    absent = client.get(f"{BASE}ledger-entries/", {"contract": "nothing"})
    assert hidden.json()["results"] == absent.json()["results"] == []


def test_only_the_fields_asked_for_are_sent(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    assert set(client.get(world.address("factories"), {"fields": "code,name"}).json()) == {"code", "name"}
    wrong = client.get(world.address("factories"), {"fields": "code,password"}).json()
    assert wrong["errors"][0]["field"] == "fields"


def test_ordering_is_taken_from_an_allow_list(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    add_rows(world.contract, world.factory, world.milestone, world.source, 2)
    dates = [row["date"] for row in client.get(f"{BASE}exchange-rates/", {"ordering": "date"}).json()["results"]]
    assert dates == ["2024-04-01", "2024-04-02"]
    dates = [row["date"] for row in client.get(f"{BASE}exchange-rates/", {"ordering": "-date"}).json()["results"]]
    assert dates == ["2024-04-02", "2024-04-01"]
    hidden = client.get(f"{BASE}factories/", {"ordering": "manager__password"})
    assert hidden.status_code == 400
    assert hidden.json()["errors"][0]["field"] == "ordering"


def test_pages_are_numbered_and_counted(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    add_rows(world.contract, world.factory, world.milestone, world.source, 2)
    first = client.get(f"{BASE}claims/", {"page_size": "1"}).json()
    assert first["count"] == 2
    second = client.get(first["next"]).json()
    assert second["next"] is None
    assert {row["id"] for row in first["results"] + second["results"]} == set(world.contract.claims.values_list("pk", flat=True))


def test_a_cursor_goes_through_the_ledger_once_while_others_write(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    for number in range(2, 6):
        add_rows(world.contract, world.factory, world.milestone, world.source, number)
    expected = sorted(LedgerEntry.objects.values_list("pk", flat=True), reverse=True)
    seen, address = [], f"{BASE}ledger-entries/?page_size=2"
    while address:
        page = client.get(address).json()
        seen += [row["id"] for row in page["results"]]
        if len(seen) == 2:
            add_rows(world.contract, world.factory, world.milestone, world.source, 6)
        address = page["next"]
    assert seen == expected


def test_an_unchanged_object_is_not_sent_again(world: World, as_: As) -> None:
    client = as_(make_user(Role.EDITOR))
    for address in [*(world.address(noun) for noun in NOUNS if noun not in OWN), f"{BASE}claims/"]:
        first = client.get(address)
        again = client.get(address, HTTP_IF_NONE_MATCH=first["ETag"])
        assert (again.status_code, again.content) == (304, b""), address
        assert again["ETag"] == first["ETag"]
    assert client.get(world.address("claims"), HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_the_etag_changes_with_the_object(world: World, as_: As) -> None:
    client = as_(world.user(Role.EDITOR))
    before = client.get(world.address("factories"))["ETag"]
    world.factory.name_en = "Another name"
    world.factory.save()
    assert client.get(world.address("factories"), HTTP_IF_NONE_MATCH=before).status_code == 200


def test_answers_are_private_and_depend_on_who_asks(world: World, as_: As) -> None:
    response = as_(world.user(Role.EDITOR)).get(f"{BASE}claims/")
    assert "private" in response["Cache-Control"]
    assert "Authorization" in response["Vary"]


def test_a_role_taken_away_is_gone_with_the_next_request(world: World) -> None:
    user = world.user(Role.EDITOR)
    client = token_client(user)
    assert client.get(world.address("claims")).status_code == 200
    Membership.objects.filter(user=user).delete()
    assert client.get(world.address("claims")).status_code == 404


def test_a_session_reads_too(world: World) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.user(Role.EDITOR))
    assert client.get(world.address("claims")).status_code == 200


def test_milestones_keep_the_order_asked_for(world: World, as_: As) -> None:
    promise(world.milestone.__class__.objects.create(contract=world.contract, code="A-FIRST", kind="opening", name_ru="x"), "2025")
    client = as_(world.user(Role.EDITOR))
    codes = [row["code"] for row in client.get(f"{BASE}milestones/", {"ordering": "-code"}).json()["results"]]
    assert (codes[0], codes[-1]) == ("P01-OPEN", "A-FIRST")
    assert client.get(f"{BASE}milestones/", {"ordering": "code"}).json()["results"][0]["code"] == "A-FIRST"


def test_a_milestone_tells_its_duration_and_what_it_waits_for(world: World, as_: As) -> None:
    world.milestone.duration_days = 40
    world.milestone.save()
    link = world.objects["dependencies"]
    milestone = as_(world.user(Role.EDITOR)).get(world.address("milestones")).json()
    assert milestone["duration_days"] == 40
    first = link.predecessor  # type: ignore[attr-defined]
    assert milestone["predecessors"] == [
        {"dependency": link.pk, "milestone": {"id": first.pk, "code": first.code}, "type": "FS", "lag_days": 1}
    ]


def test_every_object_of_an_example_says_that_its_contract_is_one(world: World, as_: As) -> None:
    world.contract.is_example = True
    world.contract.save()
    client = as_(make_user(Role.EDITOR))
    marked = {noun: client.get(world.address(noun)).json() for noun in NOUNS if noun not in OWN}
    for noun, found in marked.items():
        if "contract" in found and found["contract"] is not None:
            assert found["contract"]["is_example"] is True, noun
    assert marked["contracts"]["is_example"] is True
    assert sum("contract" in found for found in marked.values()) > 10
