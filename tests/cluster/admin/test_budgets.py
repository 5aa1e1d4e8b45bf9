"""Baselines and budgets in the admin: the rules of the services hold, what is approved can only be looked at."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Amendment, Baseline, BudgetLine, Claim, User
from cluster.services.access import ensure_roles
from cluster.services.budgets import approve_baseline, propose_baseline, save_line
from tests.factories import hold_role, make_contract, make_factory, make_milestone, make_source, make_user, promise

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 1)


class Place:
    """A contract with an approved baseline and a proposal, each with a line and a date."""

    def __init__(self, client: Client) -> None:
        ensure_roles()
        self.client = client
        self.contract = make_contract()
        self.contract.signed = DateWindow.day(date(2019, 7, 3))
        self.contract.save()
        end = Claim(contract=self.contract, figure="term_end", source=make_source(), in_use=True)
        end.date = DateWindow.parse("2033")
        end.save()
        self.factory = make_factory(self.contract)
        self.amendment = Amendment.objects.create(contract=self.contract, title_ru="Дополнение")
        self.editor = make_user(is_staff=True, language="en")
        hold_role(self.editor, Role.EDITOR, contract=self.contract)
        milestone = make_milestone(self.factory)
        self.approved, self.draft = (
            propose_baseline(contract_id=self.contract.pk, name_ru=name, reason="r", by=self.editor) for name in ("Первый", "Второй")
        )
        self.frozen, self.line = (
            save_line(baseline_id=one.pk, factory_id=self.factory.pk, category="rnd", amount_rub=Decimal(5), by=self.editor)
            for one in (self.approved, self.draft)
        )
        self.dated = promise(milestone, "2027", baseline=self.approved)
        approve_baseline(baseline_id=self.approved.pk, in_force_from=DAY, by=self.editor, today=DAY)
        self.enter(self.editor)

    def enter(self, user: User) -> None:
        self.client.force_login(user)
        self.client.cookies["django_language"] = "en"

    def address(self, record: Any, verb: str = "change") -> str:
        return reverse(f"admin:cluster_{record._meta.model_name}_{verb}", args=[record.pk])

    def line_body(self, **changes: Any) -> dict[str, Any]:
        posted = {"baseline": self.draft.pk, "factory": self.factory.pk, "category": "equipment", "funding": "bank", "month": "2026-03-01"}
        return posted | {"amount_rub": "1 234,56", "reason": "x", "announced_date": "", "source": ""} | changes

    def act(self, name: str, baseline: Baseline, **fields: Any) -> str:
        """What the page says after the action."""
        posted = {"action": name, "_selected_action": [baseline.pk], **fields}
        answer = self.client.post(reverse("admin:cluster_baseline_changelist"), posted)
        return str(list(get_messages(answer.wsgi_request))[-1])


@pytest.fixture
def place(client: Client, in_english: None) -> Place:
    return Place(client)


def errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors.items())


def test_what_is_approved_is_shown_and_neither_changed_nor_deleted_even_by_a_superuser(place: Place) -> None:
    for user in (place.editor, make_user(is_staff=True, is_superuser=True)):
        place.enter(user)
        for record in (place.approved, place.frozen, place.dated):
            page = place.client.get(place.address(record))
            assert page.status_code == 200
            assert not page.context["has_change_permission"]
            assert place.client.post(place.address(record), {"name_ru": "x"}).status_code == 403
            assert place.client.post(place.address(record, "delete"), {"post": "yes"}).status_code == 403


def test_a_contract_with_an_approved_baseline_is_not_deleted_with_a_list_either(place: Place) -> None:
    place.enter(make_user(is_staff=True, is_superuser=True))
    for record in (place.contract, place.factory, place.frozen, place.approved):
        listing = reverse(f"admin:cluster_{record._meta.model_name}_changelist")
        posted = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
        assert place.client.post(listing, posted).status_code in (200, 302, 403)
        assert type(record)._default_manager.filter(pk=record.pk).exists()


def test_a_line_is_added_through_the_service_rules(place: Place) -> None:
    answer = place.client.post(reverse("admin:cluster_budgetline_add"), place.line_body())
    assert answer.status_code == 302, errors(answer)
    line = BudgetLine.objects.get(category="equipment")
    assert (line.amount_rub, line.reason, line.recorded_by) == (Decimal("1234.56"), "x", place.editor)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"amount_rub": "1,234"}, "amount_rub", "can mean thousands or decimals"),
        ({"amount_rub": "12,34.5"}, "amount_rub", "is not an amount"),
        ({"amount_rub": "1e400"}, "amount_rub", "is not an amount"),
        ({"amount_rub": "NaN"}, "amount_rub", "is not an amount"),
        ({"amount_rub": "-1"}, "amount_rub", "not negative"),
        ({"amount_rub": "1000000000001"}, "amount_rub", "more than a trillion"),
        ({"amount_rub": "1 234,567"}, "amount_rub", "more than two decimals"),
        ({"month": "2019-06-01"}, "month", "before the signing"),
        ({"month": "2034-01-01"}, "month", "after the end"),
        ({"month": "2026-03-02"}, "month", "first day"),
        ({"category": "gifts"}, "category", "valid choice"),
        ({"category": "rnd", "funding": "", "month": ""}, "__all__", "already exists"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_stored(place: Place, changes: dict[str, Any], field: str, said: str) -> None:
    found = errors(place.client.post(reverse("admin:cluster_budgetline_add"), place.line_body(**changes)))
    assert said in str(found.get(field, found))
    assert BudgetLine.objects.count() == 2


def test_a_line_goes_neither_into_a_frozen_baseline_nor_to_a_factory_of_another_contract(place: Place) -> None:
    add = reverse("admin:cluster_budgetline_add")
    frozen = errors(place.client.post(add, place.line_body(baseline=place.approved.pk)))
    assert "is approved and frozen: propose a new baseline" in str(frozen)
    place.enter(make_user(is_staff=True, is_superuser=True))
    assert "This one belongs to another contract." in str(errors(place.client.post(add, place.line_body(factory=make_factory().pk))))
    moved = errors(place.client.post(place.address(place.line), place.line_body(baseline=place.approved.pk)))
    assert "is approved and frozen" in str(moved)
    assert BudgetLine.objects.count() == 2


def test_nobody_makes_a_baseline_approved_by_hand(place: Place) -> None:
    posted = {
        "contract": place.contract.pk,
        "amendment": "",
        "kind": "approved",
        "name_ru": "X",
        "in_force_from": "2026-05-01",
        "reason": "",
    }
    posted |= {f"{name}-{part}": "0" for name in ("milestones", "budget_lines") for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert "kind" in errors(place.client.post(reverse("admin:cluster_baseline_add"), posted))
    assert not Baseline.objects.filter(name_ru="X").exists()


def test_a_proposal_is_approved_by_its_action_with_a_day_and_a_reason(place: Place) -> None:
    assert place.act("approve_proposals", place.draft, reason="r") == "Say from which day it is in force."
    assert "is not a date" in place.act("approve_proposals", place.draft, in_force_from="soon")
    assert "Name the amendment" in place.act("approve_proposals", place.draft, in_force_from="2026-02-01")
    Baseline.objects.filter(pk=place.draft.pk).update(amendment=place.amendment)
    assert "choose a later day" in place.act("approve_proposals", place.draft, in_force_from="01.01.2026")
    assert "holds no milestone dates" in place.act("approve_proposals", place.draft, in_force_from="2026-02-01")
    assert place.act("approve_proposals", place.draft, in_force_from="2026-02-01", reason="minutes 5", seen="on") == "Approved: 1"
    place.draft.refresh_from_db()
    assert (place.draft.kind, place.draft.approved_by) == ("approved", place.editor)
    history = place.client.get(place.address(place.draft, "history"))
    assert "minutes 5" in history.content.decode()


def test_a_proposal_is_discarded_by_its_action_and_an_approved_baseline_is_not(place: Place) -> None:
    assert "is approved and frozen" in place.act("discard_proposals", place.approved)
    assert place.act("discard_proposals", place.draft) == "Discarded: 1"
    assert list(Baseline.objects.all()) == [place.approved]


def test_an_auditor_sees_and_does_nothing(place: Place) -> None:
    auditor = make_user(is_staff=True)
    hold_role(auditor, Role.AUDITOR, contract=place.contract)
    place.enter(auditor)
    assert place.client.get(place.address(place.draft)).status_code == 200
    posted = {"action": "approve_proposals", "_selected_action": [place.draft.pk], "in_force_from": "2026-02-01"}
    place.client.post(reverse("admin:cluster_baseline_changelist"), posted)
    place.draft.refresh_from_db()
    assert place.draft.kind == "draft"
    assert place.client.post(place.address(place.line), place.line_body()).status_code == 403


class TestDates:
    def body(self, place: Place, **changes: Any) -> dict[str, Any]:
        milestone = make_milestone(place.factory)
        posted = {"baseline": place.draft.pk, "milestone": milestone.pk, "due_date": "2027-Q2", "due_precision": "day", "weight": "0.4"}
        return posted | {"announced_date": "", "announced_precision": "day"} | changes

    def test_a_date_with_its_weight_is_added_to_a_proposal(self, place: Place) -> None:
        answer = place.client.post(reverse("admin:cluster_baselinemilestone_add"), self.body(place))
        assert answer.status_code == 302
        row = place.draft.milestones.get()
        assert (str(row.due), row.weight) == ("2027-Q2", Decimal("0.4"))

    def test_a_date_outside_of_the_term_and_a_weight_that_earns_nothing_are_refused_at_their_fields(self, place: Place) -> None:
        add = reverse("admin:cluster_baselinemilestone_add")
        late = place.client.post(add, self.body(place, due_date="2034"))
        assert "after the end of the contract" in errors(late)["due"][0]
        bare = make_milestone(contract=place.contract)
        nothing = place.client.post(add, self.body(place, milestone=bare.pk))
        assert "earns no budget" in errors(nothing)["weight"][0]
        assert not place.draft.milestones.exists()
