"""Budgets for programs: propose, fill, compare, approve, discard; nothing is written over what somebody changed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Amendment, Baseline, BudgetLine, Claim, Contract, Factory, User
from cluster.queries.budgets import baseline_version
from cluster.services.budgets import approve_baseline, propose_baseline, save_line
from tests.cluster.api.world import BASE, token_client
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise

pytestmark = pytest.mark.django_db
As = Callable[[User], APIClient]
DAY = date(2026, 1, 1)


class Place:
    """A contract with a budget in force, a draft that starts from it, and an editor's client."""

    def __init__(self) -> None:
        self.contract: Contract = make_contract()
        self.contract.signed = DateWindow.day(date(2019, 7, 3))
        self.contract.save()
        end = Claim(contract=self.contract, figure="term_end", source=make_source(), in_use=True)
        end.date = DateWindow.parse("2033")
        end.save()
        self.factory: Factory = make_factory(self.contract, code="P01")
        self.editor = make_user(Role.EDITOR, contract=self.contract)
        self.amendment = Amendment.objects.create(contract=self.contract, title_ru="Дополнение")
        self.approved = propose_baseline(contract_id=self.contract.pk, name_ru="Первый", reason="start", by=self.editor)
        save_line(baseline_id=self.approved.pk, factory_id=self.factory.pk, category="rnd", amount_rub=Decimal("10.50"), by=self.editor)
        approve_baseline(baseline_id=self.approved.pk, in_force_from=DAY, by=self.editor, today=DAY)
        self.draft = propose_baseline(
            contract_id=self.contract.pk, name_ru="Второй", reason="change", copy_from_id=self.approved.pk, by=self.editor
        )
        self.line = self.draft.budget_lines.get()
        self.client = token_client(self.editor)

    def at(self, tail: str = "", baseline: Baseline | None = None) -> str:
        return f"{BASE}baselines/{(baseline or self.draft).pk}/{tail}"

    @property
    def line_address(self) -> str:
        return f"{BASE}budget-lines/{self.line.pk}/"

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "factory": self.factory.pk, "category": "equipment", "funding": "bank", "month": "2026-03-01",
            "amount": {"value": "1234.50", "currency": "RUB"}, "reason": "dearer",
        } | changes  # fmt: skip


@pytest.fixture
def place(db: None) -> Place:
    return Place()


def send(client: APIClient, method: str, address: str, body: Any = None, etag: str | None = None) -> Any:
    headers = {"HTTP_IF_MATCH": etag} if etag else {}
    return getattr(client, method)(address, body, format="json", **headers)


def etag(client: APIClient, address: str) -> str:
    return str(client.get(address)["ETag"])


def refusals(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


BAD = [
    ({"amount": {"value": "1,234", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "12,34.5", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "1e400", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "NaN", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "-1", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "1000000000000.01", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "1.005", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": 5.125, "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": True, "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": None, "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": ["5"], "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "1_000", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "1.2e3", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "１２３", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "+5", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "5.", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "-0", "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "9" * 5000, "currency": "RUB"}}, "amount.value"),
    ({"amount": {"value": "5", "currency": "EUR"}}, "amount.currency"),
    ({"amount": "5"}, "amount"),
    ({"factory": "１"}, "factory"),
    ({"factory": "1_0"}, "factory"),
    ({"month": "２０２６-03-01"}, "month"),
    ({"month": "20260301"}, "month"),
    ({"month": "2019-06-01"}, "month"),
    ({"month": "2034-01-01"}, "month"),
    ({"month": "2026-03-02"}, "month"),
    ({"category": "gifts"}, "category"),
    ({"funding": "gifts"}, "funding"),
    ({"factory": 999_999}, "factory"),
    ({"reason": "a\u202eb"}, "reason"),
    ({"price": 5}, "price"),
]


class TestProposing:
    def test_a_proposal_is_made_as_a_copy(self, place: Place) -> None:
        body = {"contract": place.contract.pk, "name": {"ru": "Третий", "en": "Third"}, "reason": "why", "copy_from": place.approved.pk}
        answer = send(place.client, "post", f"{BASE}baselines/", body)
        assert answer.status_code == 201, answer.json()
        assert place.client.get(answer["Location"]).json() == answer.json()
        assert etag(place.client, answer["Location"]) == answer["ETag"]
        assert (answer.json()["kind"], answer.json()["reason"], answer.json()["name"]["en"]) == ("draft", "why", "Third")
        assert BudgetLine.objects.filter(baseline=answer.json()["id"]).count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"contract": 0}, "contract"),
            ({"contract": 999_999}, "contract"),
            ({"name": {"ru": ""}}, "name.ru"),
            ({"name": {"ru": "Второй"}}, "name.ru"),
            ({"reason": ""}, "reason"),
            ({"copy_from": 999_999}, "copy_from"),
            ({"amendment": 999_999}, "amendment"),
            ({"kind": "approved"}, "kind"),
        ],
    )
    def test_what_is_wrong_is_named(self, place: Place, changes: dict[str, Any], field: str) -> None:
        body = {"contract": place.contract.pk, "name": {"ru": "Третий"}, "reason": "why"} | changes
        answer = send(place.client, "post", f"{BASE}baselines/", body)
        assert answer.status_code == 400, answer.json()
        assert field in [name for name, _code in refusals(answer)]
        assert Baseline.objects.count() == 2


class TestLines:
    def test_a_line_is_added_to_the_kopeck_and_sent_twice_it_is_one(self, place: Place) -> None:
        body = place.body(baseline=place.draft.pk)
        first, again = (send(place.client, "post", f"{BASE}budget-lines/", body) for _twice in range(2))
        assert first.status_code == 201, first.json()
        assert first.json() == again.json() == place.client.get(first["Location"]).json()
        assert (first.json()["amount"]["value"], first.json()["reason"]) == ("1234.50", "dearer")
        assert first.json()["recorded_by"]["id"] == place.editor.pk

    @pytest.mark.parametrize(("changes", "field"), BAD)
    def test_what_is_wrong_is_named_and_nothing_is_stored(self, place: Place, changes: dict[str, Any], field: str) -> None:
        before = baseline_version(place.draft.pk)
        answer = send(place.client, "post", f"{BASE}budget-lines/", place.body(baseline=place.draft.pk, **changes))
        assert answer.status_code == 400, answer.json()
        assert field in [name for name, _code in refusals(answer)]
        change = send(place.client, "patch", place.line_address, changes, etag(place.client, place.line_address))
        assert field in [name for name, _code in refusals(change)]
        assert baseline_version(place.draft.pk) == before

    def test_a_change_leaves_what_it_does_not_name(self, place: Place) -> None:
        changes = {"amount": {"value": "0.00", "currency": "RUB"}}
        answer = send(place.client, "patch", place.line_address, changes, etag(place.client, place.line_address))
        assert answer.status_code == 200, answer.json()
        assert (answer.json()["amount"]["value"], answer.json()["category"]) == ("0.00", "rnd")
        assert answer["ETag"] == etag(place.client, place.line_address)

    def test_without_if_match_or_with_an_old_one_nothing_is_written(self, place: Place) -> None:
        old = etag(place.client, place.line_address)
        changes = {"amount": {"value": "7.00", "currency": "RUB"}}
        assert send(place.client, "patch", place.line_address, changes).status_code == 428
        assert send(place.client, "patch", place.line_address, changes, old).status_code == 200
        stale = send(place.client, "patch", place.line_address, {"reason": "x"}, old)
        assert stale.status_code == 412
        assert stale.json()["current"]["amount"]["value"] == "7.00"
        assert stale["ETag"] == etag(place.client, place.line_address)
        assert send(place.client, "delete", place.line_address, etag=old).status_code == 412
        assert send(place.client, "delete", place.line_address, etag=stale["ETag"]).status_code == 204
        assert not place.draft.budget_lines.exists()

    def test_an_approved_line_is_frozen(self, place: Place) -> None:
        frozen = f"{BASE}budget-lines/{place.approved.budget_lines.get().pk}/"
        for method, body in (("patch", {"reason": "x"}), ("delete", None)):
            answer = send(place.client, method, frozen, body, etag(place.client, frozen))
            assert (answer.status_code, refusals(answer)) == (400, [("", "frozen")])
        new = send(place.client, "post", f"{BASE}budget-lines/", place.body(baseline=place.approved.pk))
        assert refusals(new) == [("", "frozen")]


class TestBulk:
    def test_many_lines_are_stored_at_once(self, place: Place) -> None:
        body = {"lines": [place.body(), place.body(category="rnd", funding="", month=None)], "replace": True}
        answer = send(place.client, "post", place.at("budget-lines/"), body, etag(place.client, place.at()))
        assert answer.status_code == 201, answer.json()
        assert answer.json() == {"added": 1, "changed": 1, "removed": 0, "unchanged": 0}
        assert answer["ETag"] == etag(place.client, place.at())
        again = send(place.client, "post", place.at("budget-lines/"), body, answer["ETag"])
        assert again.json() == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2}

    @pytest.mark.parametrize(("changes", "field"), BAD)
    def test_one_bad_line_stores_none_and_is_named_by_its_place(self, place: Place, changes: dict[str, Any], field: str) -> None:
        lines = [place.body(month=f"2026-{month:02}-01") for month in range(1, 13)]
        lines[6] |= changes
        before = baseline_version(place.draft.pk)
        answer = send(place.client, "post", place.at("budget-lines/"), {"lines": lines}, etag(place.client, place.at()))
        assert answer.status_code == 400, answer.json()
        assert f"lines[6].{field}" in [name for name, _code in refusals(answer)]
        assert baseline_version(place.draft.pk) == before

    def test_five_thousand_lines_fit_into_one_request(self, place: Place, django_assert_max_num_queries: Any) -> None:
        months = [f"{year}-{month:02}-01" for year in range(2020, 2033) for month in range(1, 13)]
        others = [place.factory.pk, make_factory(place.contract).pk]
        where = [(c, s) for c in ("rnd", "other", "", "design", "equipment") for s in ("own", "bank", "", "subsidy")]
        lines = [place.body(factory=f, category=c, funding=s, month=m, reason="") for f in others for c, s in where for m in months][:5000]
        seen = etag(place.client, place.at())
        with django_assert_max_num_queries(40):
            answer = send(place.client, "post", place.at("budget-lines/"), {"lines": lines}, seen)
        assert answer.json() == {"added": 5000, "changed": 0, "removed": 0, "unchanged": 0}
        too_many = send(place.client, "post", place.at("budget-lines/"), {"lines": [*lines, place.body()]}, answer["ETag"])
        assert too_many.status_code == 400

    def test_the_same_key_twice_is_refused_with_both_places(self, place: Place) -> None:
        answer = send(
            place.client, "post", place.at("budget-lines/"), {"lines": [place.body(), place.body()]}, etag(place.client, place.at())
        )
        assert refusals(answer) == [("lines[1]", "duplicate")]

    def test_an_import_over_a_newer_state_is_refused(self, place: Place) -> None:
        old = etag(place.client, place.at())
        save_line(baseline_id=place.draft.pk, factory_id=place.factory.pk, amount_rub=Decimal(1), by=place.editor)
        assert send(place.client, "post", place.at("budget-lines/"), {"lines": []}, old).status_code == 412
        assert send(place.client, "post", place.at("budget-lines/"), {"lines": []}).status_code == 428


NOT_AN_AMOUNT = "is not an amount: write digits, and kopecks after a point, without spaces or commas, such as 1234567.89."
SAID = [
    ({"amount": {"value": "1,234", "currency": "RUB"}}, "amount.value", f"“1,234” {NOT_AN_AMOUNT}"),
    ({"amount": {"value": "1_000", "currency": "RUB"}}, "amount.value", f"“1_000” {NOT_AN_AMOUNT}"),
    ({"amount": {"value": "１２３", "currency": "RUB"}}, "amount.value", f"“１２３” {NOT_AN_AMOUNT}"),
    ({"amount": {"value": "NaN", "currency": "RUB"}}, "amount.value", f"“NaN” {NOT_AN_AMOUNT}"),
    ({"amount": {"value": "1e400", "currency": "RUB"}}, "amount.value", f"“1e400” {NOT_AN_AMOUNT}"),
    (
        {"amount": {"value": "1.005", "currency": "RUB"}},
        "amount.value",
        "“1.005” has more than two decimals: round it to kopecks, such as 1234567.89.",
    ),
    ({"amount": {"value": "-1", "currency": "RUB"}}, "amount.value", "“-1” is negative: write the amount without a minus."),
    (
        {"amount": {"value": "1000000000000.01", "currency": "RUB"}},
        "amount.value",
        "“1000000000000.01” is more than a trillion: write roubles, at most 1000000000000.00.",
    ),
    (
        {"amount": {"value": "9" * 5000, "currency": "RUB"}},
        "amount.value",
        f"“{'9' * 40}” is more than a trillion: write roubles, at most 1000000000000.00.",
    ),
    ({"amount": "5"}, "amount", 'Write an object: {"value": "1234567.89", "currency": "RUB"}.'),
    ({"amount": {"value": "5", "currency": "EUR"}}, "amount.currency", "“EUR” is not one of the choices: write one of RUB."),
    (
        {"category": "gifts"},
        "category",
        '“gifts” is not one of the choices: write one of design, construction, equipment, networks, rnd, working_capital, other, "".',
    ),
    ({"funding": "gifts"}, "funding", '“gifts” is not one of the choices: write one of own, bank, state_fund, subsidy, "".'),
    ({"month": "03.2026"}, "month", "“03.2026” is not a date: write it as 2025-06-30."),
    ({"month": "2026-03-02"}, "month", "2026-03-02 is not the first day of a month: write 2026-03-01."),
]


class TestWhatARefusalSays:
    @pytest.mark.parametrize(("changes", "field", "said"), SAID)
    def test_it_names_the_row_the_field_and_the_remedy(self, place: Place, changes: dict[str, Any], field: str, said: str) -> None:
        place.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        lines = [place.body(month=f"{year}-{month:02}-01") for year in range(2020, 2033) for month in range(1, 13)]
        lines[101] |= changes
        bulk = send(place.client, "post", place.at("budget-lines/"), {"lines": lines}, etag(place.client, place.at()))
        single = send(place.client, "post", f"{BASE}budget-lines/", place.body(baseline=place.draft.pk, **changes))
        for answer, named in ((bulk, f"lines[101].{field}"), (single, field)):
            assert [(error["field"], error["message"]) for error in answer.json()["errors"]] == [(named, said)]

    def test_a_factory_of_another_contract_is_told_with_those_of_this_one(self, place: Place) -> None:
        place.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        said = f"Factory 999999 is not one of this contract: choose one of {place.factory.pk} (P01)."
        body = {"lines": [place.body(), place.body(factory=999_999)]}
        bulk = send(place.client, "post", place.at("budget-lines/"), body, etag(place.client, place.at()))
        single = send(place.client, "post", f"{BASE}budget-lines/", place.body(baseline=place.draft.pk, factory=999_999))
        for answer, named in ((bulk, "lines[1].factory"), (single, "factory")):
            assert [(error["field"], error["message"]) for error in answer.json()["errors"]] == [(named, said)]

    @pytest.mark.parametrize(("value", "stored"), [(5, "5.00"), (1234.5, "1234.50"), ("0007", "7.00"), (0, "0.00")])
    def test_an_exact_number_is_an_amount_too(self, place: Place, value: Any, stored: str) -> None:
        amount = {"value": value, "currency": "RUB"}
        answer = send(place.client, "post", f"{BASE}budget-lines/", place.body(baseline=place.draft.pk, amount=amount))
        assert answer.json()["amount"]["value"] == stored


class TestComparing:
    def test_a_deleted_line_is_told_with_the_reason_given(self, place: Place) -> None:
        tag = etag(place.client, place.line_address)
        assert send(place.client, "delete", f"{place.line_address}?reason=no+longer+built", etag=tag).status_code == 204
        (line,) = place.client.get(place.at("comparison/")).json()["lines"]
        assert (line["change"], line["new"], line["reason"]) == ("removed", None, "no longer built")

    def test_without_a_reason_a_deleted_line_has_none_and_a_wrong_one_deletes_nothing(self, place: Place) -> None:
        tag = etag(place.client, place.line_address)
        for query, field in (("reason=" + "x" * 1001, "reason"), ("reason=a%07b", "reason"), ("why=x", "why")):
            answer = send(place.client, "delete", f"{place.line_address}?{query}", etag=tag)
            assert (answer.status_code, refusals(answer)[0][0]) == (400, field)
        assert send(place.client, "delete", place.line_address, etag=tag).status_code == 204
        (line,) = place.client.get(place.at("comparison/")).json()["lines"]
        assert (line["change"], line["reason"]) == ("removed", "")

    def test_a_line_that_an_import_leaves_out_is_told_with_its_reason(self, place: Place) -> None:
        body = {"lines": [place.body()], "replace": True, "reason": "one machine in place of research"}
        assert send(place.client, "post", place.at("budget-lines/"), body, etag(place.client, place.at())).json()["removed"] == 1
        gone, new = place.client.get(place.at("comparison/")).json()["lines"]
        assert (gone["change"], gone["reason"]) == ("removed", "one machine in place of research")
        assert (new["change"], new["reason"]) == ("added", "dearer")

    def test_two_baselines_are_compared_line_by_line(self, place: Place) -> None:
        save_line(
            baseline_id=place.draft.pk, line_id=place.line.pk, factory_id=place.factory.pk, category="rnd", amount_rub=Decimal("12.25"),
            reason="dearer", by=place.editor,
        )  # fmt: skip
        answer = place.client.get(place.at(f"comparison/?against={place.approved.pk}")).json()
        (line,) = answer["lines"]
        assert (line["change"], line["old"]["value"], line["new"]["value"], line["reason"]) == ("changed", "10.50", "12.25", "dearer")
        assert answer["total"]["difference"] == {"value": "1.75", "currency": "RUB"}
        for name in ("by_factory", "by_category", "by_funding"):
            assert sum(Decimal(group["difference"]["value"]) for group in answer[name]) == Decimal("1.75")
        assert place.client.get(place.at("comparison/")).json() == answer

    def test_a_baseline_of_another_contract_is_no_choice(self, place: Place) -> None:
        foreign = Baseline.objects.create(contract=make_contract(), name_ru="Чужой")
        for against in (foreign.pk, "x", 10**30):
            assert refusals(place.client.get(place.at(f"comparison/?against={against}"))) == [("against", "choice")]


class TestApproving:
    def test_it_is_approved_as_it_was_seen(self, place: Place) -> None:
        body = {"in_force_from": "2026-02-01", "amendment": place.amendment.pk, "reason": "minutes 5"}
        old = etag(place.client, place.at())
        assert send(place.client, "post", place.at("approval/"), body).status_code == 428
        save_line(baseline_id=place.draft.pk, factory_id=place.factory.pk, amount_rub=Decimal(1), by=place.editor)
        stale = send(place.client, "post", place.at("approval/"), body, old)
        assert stale.status_code == 412
        answer = send(place.client, "post", place.at("approval/"), body, stale["ETag"])
        assert answer.status_code == 201, answer.json()
        assert (answer.json()["kind"], answer.json()["in_force_from"]) == ("approved", "2026-02-01")
        assert answer.json()["approved_by"]["id"] == place.editor.pk
        again = send(place.client, "post", place.at("approval/"), body, answer["ETag"])
        assert refusals(again) == [("", "frozen")]

    @pytest.mark.parametrize(
        ("changes", "refusal"),
        [
            ({"amendment": None}, ("amendment", "required")),
            ({"amendment": 999_999}, ("amendment", "choice")),
            ({"in_force_from": "2026-01-01"}, ("in_force_from", "order")),
            ({"in_force_from": "2100-01-01"}, ("in_force_from", "future")),
            ({"in_force_from": "2019-07-02"}, ("in_force_from", "before_contract")),
            ({"in_force_from": "2026-02-30"}, ("in_force_from", "invalid")),
        ],
    )
    def test_what_is_wrong_is_named(self, place: Place, changes: dict[str, Any], refusal: tuple[str, str]) -> None:
        body = {"in_force_from": "2026-02-01", "amendment": place.amendment.pk} | changes
        answer = send(place.client, "post", place.at("approval/"), body, etag(place.client, place.at()))
        assert refusals(answer) == [refusal]


def test_a_proposal_is_discarded_and_an_approved_baseline_is_not(place: Place) -> None:
    frozen = place.at(baseline=place.approved)
    assert refusals(send(place.client, "delete", frozen, etag=etag(place.client, frozen))) == [("", "frozen")]
    assert send(place.client, "delete", place.at()).status_code == 428
    assert send(place.client, "delete", place.at(), etag=etag(place.client, place.at())).status_code == 204
    assert place.client.get(place.at()).status_code == 404


@pytest.mark.parametrize(
    ("role", "baseline", "line"),
    [(Role.CONTROLLER, 403, 403), (Role.AUDITOR, 403, 403), (Role.ADMIN, 403, 403), (Role.MANAGER, 403, 403), (None, 404, 404)],
)
def test_who_may_write(place: Place, role: Role | None, baseline: int, line: int) -> None:
    if role is None:
        person = make_user(Role.EDITOR, contract=make_contract())
    else:
        person = make_user(role, contract=place.contract, factory=place.factory if role is Role.MANAGER else None)
    client, before = token_client(person), baseline_version(place.draft.pk)
    seen, seen_line = etag(place.client, place.at()), etag(place.client, place.line_address)
    approval = {"in_force_from": "2026-02-01", "amendment": place.amendment.pk}
    whole: list[Any] = [("post", "approval/", approval), ("post", "budget-lines/", {"lines": []}), ("delete", "", None)]
    for method, tail, body in whole:
        assert send(client, method, place.at(tail), body, seen).status_code == baseline, tail
    assert send(client, "patch", place.line_address, {"reason": "x"}, seen_line).status_code == line
    assert send(client, "delete", place.line_address, None, seen_line).status_code == line
    assert send(client, "post", f"{BASE}budget-lines/", place.body(baseline=place.draft.pk)).status_code in (400, 403)
    assert baseline_version(place.draft.pk) == before


def test_an_odd_baseline_is_approved_once_the_warning_was_named(place: Place) -> None:
    send(
        place.client, "patch", place.line_address, {"amount": {"value": "99.00", "currency": "RUB"}}, etag(place.client, place.line_address)
    )
    body = {"in_force_from": "2026-02-01", "amendment": place.amendment.pk}
    answer = send(place.client, "post", place.at("approval/"), body, etag(place.client, place.at()))
    assert refusals(answer) == [("seen", "total")]
    answer = send(place.client, "post", place.at("approval/"), body | {"seen": ["total"]}, etag(place.client, place.at()))
    assert answer.status_code == 201


def test_the_comparison_tells_dollars_with_basis_and_rate_and_the_dates_that_move(place: Place) -> None:
    make_rate("2019-01-10", "80")
    promise(make_milestone(place.factory, code="P01-OPEN"), "2027-05", baseline=place.draft)
    save_line(baseline_id=place.draft.pk, factory_id=place.factory.pk, amount_rub=Decimal("0.44"), by=place.editor)
    save_line(baseline_id=place.draft.pk, factory_id=place.factory.pk, category="design", amount_rub=Decimal("0.44"), by=place.editor)
    found = place.client.get(place.at("comparison/")).json()
    usd = found["total"]["usd"]
    assert (usd["value"], usd["currency"], usd["basis"], usd["rate"]["value"]) == ("0.02", "USD", "reporting", "80.0000")
    for grouping in ("by_factory", "by_category", "by_funding", "lines"):
        assert sum(Decimal(one["usd"]["value"]) for one in found[grouping]) == Decimal(usd["value"]), grouping
    assert [(one["code"], one["change"], one["old"], one["new"]["earliest"]) for one in found["dates"]] == [
        ("P01-OPEN", "added", None, "2027-05-01")
    ]


def test_a_plant_manager_reads_the_baselines_of_the_contract_with_the_dates_of_the_own_factory(place: Place) -> None:
    other = make_factory(place.contract, code="P02")
    for factory in (place.factory, other):
        promise(make_milestone(factory, code=f"{factory.code}-OPEN"), "2027", baseline=place.draft)
    save_line(baseline_id=place.draft.pk, factory_id=other.pk, amount_rub=Decimal(7), by=place.editor)
    manager = token_client(make_user(Role.MANAGER, factory=place.factory))
    assert {one["id"] for one in manager.get(f"{BASE}baselines/").json()["results"]} == {place.approved.pk, place.draft.pk}
    one = manager.get(place.at()).json()
    assert [date["milestone"]["code"] for date in one["dates"]] == ["P01-OPEN"]
    assert (one["reason"], place.client.get(place.at()).json()["reason"]) == ("", "change")
    assert {line["factory"] for line in manager.get(place.at("comparison/")).json()["lines"]} <= {place.factory.pk}
    stranger = token_client(make_user(Role.MANAGER, factory=make_factory(make_contract())))
    assert stranger.get(place.at()).status_code == 404
    assert stranger.get(f"{BASE}baselines/").json()["results"] == []
