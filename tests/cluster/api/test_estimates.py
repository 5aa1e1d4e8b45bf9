"""Estimates, confirmations and the dates of proposals for programs: all or none, refusals by their place in the body."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BaselineMilestone, ForecastRevision, Milestone, User
from cluster.services.budgets import propose_baseline
from tests.cluster.api.world import BASE, token_client
from tests.factories import make_contract, make_factory, make_milestone, make_user

pytestmark = pytest.mark.django_db
DUE = {"earliest": "2027-04-01", "latest": "2027-06-30", "precision": "quarter"}


class Place:
    """Two milestones of a factory, each with a forecast, a proposal, and an editor's client."""

    def __init__(self) -> None:
        self.contract = make_contract()
        self.factory = make_factory(self.contract, code="P01")
        self.one, self.two = (make_milestone(self.factory, code=f"P01-{n}", duration_days=10) for n in (1, 2))
        for milestone in (self.one, self.two):
            revision = ForecastRevision(milestone=milestone, reason="permit")
            revision.new, revision.announced = DateWindow.parse("2099"), DateWindow.parse("2024-01")
            revision.save()
        self.editor = make_user(Role.EDITOR, contract=self.contract)
        self.draft: Baseline = propose_baseline(contract_id=self.contract.pk, name_ru="Первый", reason="start", by=self.editor)
        self.client = token_client(self.editor)

    def put(self, *rows: dict[str, Any], client: APIClient | None = None, **more: Any) -> Any:
        body = {"contract": self.contract.pk, "estimates": list(rows)} | more
        return (client or self.client).post(f"{BASE}milestones/estimates/", body, format="json")

    def row(self, milestone: Milestone, **changes: Any) -> dict[str, Any]:
        days = {"duration_days": 12, "optimistic_days": 8, "pessimistic_days": 30}
        return {"milestone": milestone.pk, "version": 1, "risk_cause": "frost"} | days | changes

    @property
    def dates(self) -> str:
        return f"{BASE}baselines/{self.draft.pk}/dates/"

    def date(self, *rows: dict[str, Any], etag: str | None = None, **more: Any) -> Any:
        seen = etag or self.client.get(f"{BASE}baselines/{self.draft.pk}/")["ETag"]
        return self.client.post(self.dates, {"dates": list(rows)} | more, format="json", HTTP_IF_MATCH=seen)

    def confirm(self, *milestones: int, client: APIClient | None = None) -> Any:
        return (client or self.client).post(f"{BASE}forecast-revisions/confirm/", {"milestones": list(milestones)}, format="json")


@pytest.fixture
def place(db: None) -> Place:
    return Place()


def refusals(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


class TestEstimates:
    def test_many_are_stored_at_once(self, place: Place) -> None:
        answer = place.put(place.row(place.one), place.row(place.two, optimistic_days=None, pessimistic_days=None), reason="workshop")
        assert (answer.status_code, answer.json()) == (201, {"changed": 2, "unchanged": 0})
        place.one.refresh_from_db()
        assert (place.one.optimistic_days, place.one.duration_days, place.one.pessimistic_days) == (8, 12, 30)
        assert (place.one.risk_cause, place.one.version) == ("frost", 2)

    def test_each_refused_row_is_named_by_its_place_and_nothing_is_stored(self, place: Place) -> None:
        answer = place.put(place.row(place.one), place.row(place.two, optimistic_days=13))
        assert (answer.status_code, refusals(answer)) == (400, [("estimates[1].optimistic_days", "order")])
        assert not Milestone.objects.filter(optimistic_days=8).exists()

    def test_what_somebody_changed_since_is_a_conflict(self, place: Place) -> None:
        place.put(place.row(place.one, duration_days=11))
        answer = place.put(place.row(place.one), place.row(place.two))
        assert answer.status_code == 409
        assert [field for field, _code in refusals(answer)] == ["estimates[0]"]

    @pytest.mark.parametrize("value", [-1, 5001, 1.5, "1e3", "x", True, [], {"a": 1}])
    def test_what_is_no_number_of_days_is_refused_at_its_key(self, place: Place, value: Any) -> None:
        answer = place.put(place.row(place.one, duration_days=value))
        assert answer.status_code == 400
        assert all("duration_days" in field for field, _code in refusals(answer))

    def test_none_and_what_stands_there_already_are_for_editors_too(self, place: Place) -> None:
        nothing = place.put()
        assert (nothing.status_code, refusals(nothing)) == (400, [("estimates", "empty")])
        place.put(place.row(place.one))
        for role in (Role.MANAGER, Role.CONTROLLER):
            client = token_client(make_user(role, factory=place.factory))
            assert place.put(client=client).status_code == place.put(place.row(place.one), client=client).status_code == 403

    @pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 403), (Role.CONTROLLER, 403), (None, 400)])
    def test_only_editors_of_the_contract_estimate(self, place: Place, role: Role | None, status: int) -> None:
        who: User = make_user(Role.EDITOR, contract=make_contract()) if role is None else make_user(role, factory=place.factory)
        assert place.put(place.row(place.one), client=token_client(who)).status_code == status


class TestConfirming:
    def test_forecasts_are_confirmed_as_revisions_that_move_nothing(self, place: Place) -> None:
        answer = place.confirm(place.one.pk, place.two.pk)
        assert answer.status_code == 201
        rows = answer.json()["revisions"]
        assert [(row["milestone"]["code"], row["reason"], row["old"] == row["new"]) for row in rows] == [
            ("P01-1", "confirmed", True), ("P01-2", "confirmed", True)
        ]  # fmt: skip
        assert place.confirm(place.one.pk).json()["revisions"][0]["id"] == rows[0]["id"]

    def test_all_or_none_and_refusals_by_their_place(self, place: Place) -> None:
        bare = make_milestone(place.factory)
        answer = place.confirm(place.one.pk, bare.pk, make_milestone().pk)
        assert answer.status_code == 400
        assert [field for field, _code in refusals(answer)] == ["milestones[1]", "milestones[2]"]
        assert not ForecastRevision.objects.filter(reason="confirmed").exists()

    def test_a_manager_confirms_those_of_the_own_factory(self, place: Place) -> None:
        client = token_client(make_user(Role.MANAGER, factory=place.factory))
        assert place.confirm(place.one.pk, client=client).status_code == 201

    @pytest.mark.parametrize("body", [{}, {"milestones": []}, {"milestones": ["x"]}, {"milestones": [0]}, {"milestones": [1] * 1001}, []])
    def test_what_is_no_list_of_ids_is_refused(self, place: Place, body: Any) -> None:
        assert place.client.post(f"{BASE}forecast-revisions/confirm/", body, format="json").status_code == 400

    def test_confirmed_is_no_reason_of_a_move(self, place: Place) -> None:
        at = f"{BASE}milestones/{place.one.pk}/"
        body = {"new": DUE, "reason": "confirmed"}
        answer = place.client.post(f"{at}forecast-revisions/", body, format="json", HTTP_IF_MATCH=place.client.get(at)["ETag"])
        assert refusals(answer) == [("reason", "invalid_choice")]


class TestDates:
    def test_dates_with_weights_are_stored_and_read_back(self, place: Place) -> None:
        answer = place.date(
            {"milestone": place.one.pk, "due": DUE, "weight": "0.4", "note": "agreed"}, {"milestone": place.two.pk, "due": DUE}
        )
        assert (answer.status_code, answer.json()) == (201, {"added": 2, "changed": 0, "removed": 0, "unchanged": 0})
        read = place.client.get(f"{BASE}baselines/{place.draft.pk}/")
        assert read["ETag"] == answer["ETag"]
        first = read.json()["dates"][0]
        assert (first["due"], first["weight"], first["note"]["ru"]) == (DUE, "0.400000", "agreed")

    def test_a_key_that_is_left_out_stays_and_a_due_of_null_takes_the_date_out(self, place: Place) -> None:
        place.date({"milestone": place.one.pk, "due": DUE, "note": "why"}, {"milestone": place.two.pk, "due": DUE})
        answer = place.date({"milestone": place.one.pk, "weight": "0.5"}, {"milestone": place.two.pk, "due": None})
        assert (answer.json()["changed"], answer.json()["removed"]) == (1, 1)
        row = BaselineMilestone.objects.get(baseline=place.draft)
        assert (row.weight, row.note_ru) == (Decimal("0.5"), "why")

    def test_each_refused_date_is_named_by_its_place(self, place: Place) -> None:
        rows = [{"milestone": place.one.pk, "due": DUE}, {"milestone": place.two.pk, "weight": "0.5"}, {"milestone": 10**9, "due": DUE}]
        answer = place.date(*rows)
        assert refusals(answer) == [("dates[1].due", "required"), ("dates[2].milestone", "choice")]
        assert not BaselineMilestone.objects.filter(baseline=place.draft).exists()

    def test_a_stale_state_is_412_and_a_missing_one_428(self, place: Place) -> None:
        stale = place.client.get(f"{BASE}baselines/{place.draft.pk}/")["ETag"]
        place.date({"milestone": place.one.pk, "due": DUE})
        assert place.date({"milestone": place.two.pk, "due": DUE}, etag=stale).status_code == 412
        assert place.client.post(place.dates, {"dates": []}, format="json").status_code == 428

    @pytest.mark.parametrize("weight", ["1.5", "-0.1", "0.1234567", "1e400", "NaN", "x"])
    def test_what_is_no_weight_is_refused_at_its_key(self, place: Place, weight: str) -> None:
        answer = place.date({"milestone": place.one.pk, "due": DUE, "weight": weight})
        assert answer.status_code == 400
        assert all("weight" in field for field, _code in refusals(answer))

    def test_a_comparison_gives_the_weights(self, place: Place) -> None:
        place.date({"milestone": place.one.pk, "due": DUE, "weight": "1"})
        (moved,) = place.client.get(f"{BASE}baselines/{place.draft.pk}/comparison/").json()["dates"]
        assert (moved["old_weight"], moved["new_weight"]) == (None, "1.000000")
