"""Writing in the admin goes through the services: rights, rules, reasons and history hold there too."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict
from cluster.models import ApiToken, Claim, Contract, ExchangeRate, ForecastRevision, JobRun, LedgerEntry, Membership, Milestone, User
from cluster.queries.history import newest_event
from cluster.services.access import ensure_roles
from cluster.services.records import save_record
from production.models import Output
from tests.factories import hold_role, make_contract, make_factory, make_milestone, make_rate, make_source, make_user

pytestmark = pytest.mark.django_db
KEY = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def enter(client: Client) -> Callable[..., Client]:
    ensure_roles()

    def as_role(role: Role | None = None, **place: Any) -> Client:
        user = make_user(is_staff=True, is_superuser=role is None, language="en")
        if role is not None:
            hold_role(user, role, **place)
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return as_role


def errors(response: Any) -> dict[str, list[str]]:
    with translation.override("en"):
        return dict(response.context["adminform"].form.errors.items())


def test_a_contract_is_changed_with_a_window_and_the_reason_is_in_its_history(enter: Any) -> None:
    contract = make_contract(moderate_days=30, major_days=90, critical_days=180)
    client = enter(Role.EDITOR)
    posted = {"code": contract.code, "name_ru": "Новое имя", "name_en": "", "kind_ru": "", "kind_en": ""}
    posted |= {"moderate_days": "30", "major_days": "90", "critical_days": "180", "signed_date": "03.07.2019", "signed_precision": "day"}
    posted |= {"silent_after_days": "60", "cost_tolerance_percent": "5", "spend_tolerance_percent": "20"}
    posted |= {"change_reason": "переименован", "_continue": "1"}
    posted |= {f"{name}-{part}": "0" for name in ("parties", "amendments") for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    address = reverse("admin:cluster_contract_change", args=[contract.pk])
    response = client.post(address, posted)
    assert response.status_code == 302, errors(response)
    contract.refresh_from_db()
    assert (contract.name_ru, contract.silent_after_days) == ("Новое имя", 60)
    assert contract.signed == DateWindow.day(date(2019, 7, 3))
    page = client.get(reverse("admin:cluster_contract_history", args=[contract.pk])).content.decode()
    assert "переименован" in page
    assert "Новое имя" in page
    assert User.objects.latest("pk").username in page


def test_a_wrong_window_is_an_error_of_its_field_and_nothing_is_saved(enter: Any) -> None:
    client = enter(Role.EDITOR)
    response = client.post(
        reverse("admin:cluster_source_add"), {"key": "k", "title_ru": "t", "published_date": "31.02.2024", "published_precision": "day"}
    )
    assert list(errors(response)) == ["published"]


@pytest.mark.parametrize("odd", ["a\u202eb", "a\u2066b", "a\x07b"])
def test_a_text_with_control_characters_is_an_error_of_its_field(enter: Any, odd: str) -> None:
    response = enter(Role.EDITOR).post(reverse("admin:cluster_source_add"), {"key": "k", "title_ru": odd, "published_date": ""})
    assert errors(response)["title_ru"] == ["This text has control characters."]


def test_an_editor_of_one_contract_cannot_write_into_another(enter: Any) -> None:
    mine, other = make_contract(), make_contract()
    client = enter(Role.EDITOR, contract=mine)
    assert client.get(reverse("admin:cluster_contract_change", args=[other.pk])).status_code == 302
    posted = {"contract": other.pk, "role": "region", "name_ru": "Область", "name_en": "", "note_ru": "", "note_en": "", "source": ""}
    response = client.post(reverse("admin:cluster_party_add"), posted)
    assert list(errors(response)) == ["contract"]
    assert client.post(reverse("admin:cluster_party_add"), posted | {"contract": mine.pk}).status_code == 302
    assert not Contract.objects.get(pk=other.pk).parties.exists()


def test_a_role_over_one_contract_and_another_over_the_second_do_not_mix(enter: Any) -> None:
    edited, watched = make_contract(), make_contract()
    client = enter(Role.EDITOR, contract=edited)
    hold_role(User.objects.latest("pk"), Role.CONTROLLER, contract=watched)
    page = client.get(reverse("admin:cluster_contract_change", args=[watched.pk]))
    assert page.status_code == 200
    assert not page.context["has_change_permission"]
    assert client.post(reverse("admin:cluster_contract_change", args=[watched.pk]), {"name_ru": "x"}).status_code == 403


def test_two_people_on_one_milestone_notice_each_other(enter: Any) -> None:
    milestone = make_milestone()
    client = enter(Role.EDITOR)
    address = reverse("admin:cluster_milestone_change", args=[milestone.pk])
    posted = {"contract": milestone.contract_id, "factory": milestone.factory_id, "code": milestone.code, "kind": "opening"}
    posted |= {
        "name_ru": "Первое",
        "name_en": "",
        "scored": "on",
        "actual_date": "",
        "actual_precision": "day",
        "seen_version": newest_event(milestone),
    }
    posted |= {"revisions-TOTAL_FORMS": "0", "revisions-INITIAL_FORMS": "0"}
    first = client.post(address, posted)
    assert first.status_code == 302, errors(first)
    second = client.post(address, posted | {"name_ru": "Второе"})
    assert "Somebody changed this record" in str(errors(second))
    milestone.refresh_from_db()
    assert (milestone.name_ru, milestone.version) == ("Первое", 2)


@pytest.mark.parametrize("kind", ["claim", "factory"])
def test_two_people_on_one_record_without_a_version_of_its_own_notice_each_other(enter: Any, kind: str) -> None:
    factory = make_factory()
    record: Any = factory
    posted: dict[str, Any] = {"code": factory.code, "order": "0", "name_ru": "Завод", "name_en": "", "membership": "confirmed"}
    posted |= {f"{name}-{part}": "0" for name in ("milestones", "claims") for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    text = "name_en"
    if kind == "claim":
        record = Claim.objects.create(contract=factory.contract, figure="jobs", value=5, unit="people", source=make_source())
        posted = {"contract": factory.contract_id, "figure": "jobs", "value": "5", "unit": "people", "source": record.source_id}
        posted |= {"qualifier": "exact", "confidence": "high", "valid_date": "", "date_date": "", "announced_date": ""}
        text = "note_en"
    client = enter(Role.EDITOR)
    address = reverse(f"admin:cluster_{kind}_change", args=[record.pk])
    posted["seen_version"] = client.get(address).context["adminform"].form["seen_version"].value()
    assert posted["seen_version"]
    first = client.post(address, posted | {text: "first"})
    assert first.status_code == 302, errors(first)
    second = client.post(address, posted | {text: "second"})
    assert "Somebody changed this record" in str(errors(second))
    record.refresh_from_db()
    assert getattr(record, text) == "first"


def test_a_service_refuses_a_record_that_changed_since_it_was_read() -> None:
    factory, editor = make_factory(), make_user(Role.EDITOR)
    seen = newest_event(factory)
    save_record(factory, by=editor, changed=["order"], version=seen)
    factory.order = 7
    save_record(factory, by=editor, changed=["order"], version=seen)
    with pytest.raises(Conflict):
        save_record(factory, by=editor, changed=["order"], version=seen)


def test_saving_writes_only_the_columns_that_the_person_changed(enter: Any) -> None:
    source = make_source(publisher="old")
    client = enter(Role.EDITOR)
    address = reverse("admin:cluster_source_change", args=[source.pk])
    form = client.get(address).context["adminform"].form
    posted = {"key": source.key, "title_ru": "Новый", "title_en": source.title_en, "publisher": "old", "published_date": ""}
    assert form.initial["publisher"] == "old"
    type(source).objects.filter(pk=source.pk).update(note_ru="written meanwhile")
    assert client.post(address, posted | {"note_ru": "", "published_precision": "day"}).status_code == 302
    source.refresh_from_db()
    assert source.title_ru == "Новый"


def test_a_payment_is_recorded_by_its_service_and_a_refusal_stands_at_its_field(enter: Any) -> None:
    factory = make_factory()
    client = enter(Role.EDITOR)
    add = reverse("admin:cluster_ledgerentry_add")
    posted = {
        "factory": factory.pk,
        "kind": "payment",
        "date": "2024-05-02",
        "amount_rub": "1,2 млн",
        "document": "№ 1",
        "counterparty": "c",
    }
    posted |= {"category": "", "funding": "", "note": "", "source": "", "form_key": KEY}
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert list(errors(client.post(add, posted | {"date": tomorrow}))) == ["date"]
    assert list(errors(client.post(add, posted | {"amount_rub": "1,234"}))) == ["amount_rub"]
    assert not LedgerEntry.objects.exists()
    for _twice in range(2):
        assert client.post(add, posted).status_code == 302
    entry = LedgerEntry.objects.get()
    assert entry.amount_rub == Decimal(1200000)
    assert entry.recorded_by == User.objects.latest("pk")


def test_ledger_entries_are_reversed_with_a_reason_all_or_none(enter: Any) -> None:
    factory = make_factory()
    common = {"factory": factory, "kind": "payment", "date": date(2024, 5, 2), "document": "d", "counterparty": "c"}
    entries = [LedgerEntry.objects.create(amount_rub=amount, **common) for amount in (5, 7)]
    client = enter(Role.EDITOR)
    action = {"action": "reverse_entries", "_selected_action": [e.pk for e in entries]}
    client.post(reverse("admin:cluster_ledgerentry_changelist"), action | {"reason": ""})
    assert LedgerEntry.objects.count() == 2
    client.post(reverse("admin:cluster_ledgerentry_changelist"), action | {"reason": "двойной ввод"})
    assert sorted(LedgerEntry.objects.values_list("amount_rub", flat=True)) == [-7, -5, 5, 7]


def test_a_ledger_entry_can_be_neither_changed_nor_deleted_even_by_a_superuser(enter: Any) -> None:
    entry = LedgerEntry.objects.create(
        factory=make_factory(), kind="payment", date=date(2024, 5, 2), amount_rub=5, document="d", counterparty="c"
    )
    client = enter()
    assert client.post(reverse("admin:cluster_ledgerentry_change", args=[entry.pk]), {"document": "x"}).status_code == 403
    assert client.post(reverse("admin:cluster_ledgerentry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403


def test_a_manager_revises_the_forecast_of_the_own_factory_only(enter: Any) -> None:
    mine, other = make_milestone(), make_milestone()
    client = enter(Role.MANAGER, factory=mine.factory)
    add = reverse("admin:cluster_forecastrevision_add")
    posted = {"milestone": mine.pk, "window_date": "2030-Q1", "window_precision": "day", "reason": "permit", "form_key": KEY}
    posted |= {"announced_date": "", "announced_precision": "day", "note_ru": "", "document": "", "source": "", "seen_version": "1"}
    response = client.post(add, posted)
    assert response.status_code == 302, errors(response)
    assert ForecastRevision.objects.get().new == DateWindow.parse("2030-Q1")
    assert list(errors(client.post(add, posted | {"milestone": other.pk}))) == ["milestone"]
    again = errors(client.post(add, posted | {"form_key": KEY[:-1] + "2", "window_date": "2031-Q1"}))
    assert "Somebody changed this milestone" in str(again), "the version that was seen is stale"
    assert list(errors(client.post(add, posted | {"form_key": KEY[:-1] + "3", "seen_version": "2", "window_date": "2001"}))) == ["window"]


def test_output_takes_the_place_of_the_figure_in_use_only_by_its_version(enter: Any) -> None:
    contract, source = make_contract(), make_source()
    client = enter(Role.EDITOR)
    add = reverse("admin:production_output_add")
    posted = {"contract": contract.pk, "year": "2024", "month": "", "quantity": "30400", "unit": "vehicles", "source": source.pk}
    posted |= {"factory": "", "brand": "", "vehicle_model": "", "segment": "", "announced_date": "", "announced_precision": "day"}
    posted |= {"document": "", "note_ru": "", "replaces_version": "", "form_key": KEY}
    response = client.post(add, posted)
    assert response.status_code == 302, errors(response)
    second = posted | {"quantity": "31000", "form_key": KEY[:-1] + "2"}
    assert "already in use" in str(errors(client.post(add, second)))
    assert client.post(add, second | {"replaces_version": "1"}).status_code == 302
    assert list(Output.objects.order_by("quantity").values_list("quantity", "in_use")) == [(30400, False), (31000, True)]


def test_rates_leave_quarantine_with_a_reason(enter: Any) -> None:
    make_rate("2024-04-12", "90")
    waiting = make_rate("2024-04-13", "120", status="quarantined")
    client = enter(Role.EDITOR)
    action = {"action": "accept_quarantined", "_selected_action": [waiting.pk]}
    client.post(reverse("admin:cluster_exchangerate_changelist"), action | {"reason": ""})
    assert ExchangeRate.objects.get(pk=waiting.pk).status == "quarantined"
    client.post(reverse("admin:cluster_exchangerate_changelist"), action | {"reason": "проверено"})
    assert ExchangeRate.objects.get(pk=waiting.pk).status == "accepted"


def test_a_job_is_asked_for_by_those_who_may_and_not_offered_to_others(enter: Any) -> None:
    run = JobRun.objects.create(name="convert", scheduled_for=timezone.now() - timedelta(days=1), status="succeeded")
    action = {"action": "run_again", "_selected_action": [run.pk]}
    address = reverse("admin:cluster_jobrun_changelist")
    client = enter(Role.AUDITOR)
    client.post(address, action)
    assert JobRun.objects.count() == 1
    client = enter(Role.ADMIN)
    client.post(address, action)
    assert JobRun.objects.filter(name="convert", status="queued").count() == 1


def test_an_admin_gives_and_takes_roles_but_makes_no_superuser(enter: Any) -> None:
    person, boss = make_user(), make_user(is_superuser=True)
    client = enter(Role.ADMIN)
    groups = dict(Group.objects.values_list("name", "pk"))
    posted = {"user": person.pk, "group": groups["editor"], "contract": "", "factory": ""}
    assert client.post(reverse("admin:cluster_membership_add"), posted).status_code == 302
    membership = Membership.objects.get(user=person)
    assert [g.name for g in person.groups.all()] == ["editor"]
    assert person.subscription.cadence == "daily", "who never logs in is told too"
    assert client.post(reverse("admin:cluster_membership_delete", args=[membership.pk]), {"post": "yes"}).status_code == 302
    assert not person.groups.exists()
    posted = {"username": person.username, "email": person.email, "language": "ru", "time_zone": "Europe/Kaliningrad", "is_superuser": "on"}
    posted |= {"is_active": "on", "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    response = client.post(reverse("admin:cluster_user_change", args=[person.pk]), posted)
    assert response.status_code == 302, errors(response)
    person.refresh_from_db()
    assert not person.is_superuser
    assert client.post(reverse("admin:cluster_user_change", args=[boss.pk]), posted).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 403


def test_an_admin_of_one_contract_gives_no_roles(enter: Any) -> None:
    client = enter(Role.ADMIN, contract=make_contract())
    person = User.objects.latest("pk")
    group = Group.objects.get(name="admin")
    response = client.post(reverse("admin:cluster_membership_add"), {"user": person.pk, "group": group.pk, "contract": "", "factory": ""})
    assert response.status_code == 403, errors(response)
    assert not Membership.objects.filter(user=person, contract=None).exists()


def test_a_tokens_secret_is_shown_once_and_works_and_the_token_can_be_revoked(enter: Any) -> None:
    client = enter()
    response = client.post(reverse("admin:cluster_apitoken_add"), {"name": "bi", "days": "30", "form_key": KEY}, follow=True)
    token = ApiToken.objects.get()
    secret = next(word for message in response.context["messages"] for word in str(message).split() if word.startswith("ict_"))
    assert ApiToken.hash(secret) == token.digest
    assert secret not in client.get(reverse("admin:cluster_apitoken_change", args=[token.pk])).content.decode()
    client.post(reverse("admin:cluster_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_a_second_claim_in_use_for_the_same_time_is_refused_as_a_form_error(enter: Any) -> None:
    contract, source = make_contract(), make_source()
    claim = Claim(contract=contract, figure="jobs", value=5, unit="people", source=source, in_use=True)
    claim.valid = DateWindow.parse("2024")
    claim.save()
    client = enter(Role.EDITOR)
    posted = {"contract": contract.pk, "figure": "jobs", "value": "6", "unit": "people", "source": source.pk, "in_use": "on"}
    posted |= {
        "qualifier": "exact",
        "confidence": "high",
        "valid_date": "2024",
        "valid_precision": "day",
        "date_date": "",
        "announced_date": "",
    }
    response = client.post(reverse("admin:cluster_claim_add"), posted)
    assert response.status_code == 200
    assert "Another claim is in use" in str(errors(response))


def test_a_zero_and_a_no_are_told_in_the_history(enter: Any) -> None:
    milestone = make_milestone(scored=True, not_scored_ru="нет срока")
    factory = milestone.factory
    assert factory is not None
    factory.order = 3
    factory.save()
    factory.order = 0
    factory.save()
    milestone.scored = False
    milestone.save()
    client = enter()
    page = client.get(reverse("admin:cluster_factory_history", args=[factory.pk])).content.decode()
    assert "<del>3</del> → <ins>0</ins>" in page
    page = client.get(reverse("admin:cluster_milestone_history", args=[milestone.pk])).content.decode()
    assert "<del>yes</del> → <ins>no</ins>" in page


def test_history_is_for_those_who_answer_for_the_record(enter: Any) -> None:
    milestone = make_milestone()
    address = reverse("admin:cluster_milestone_history", args=[milestone.pk])
    Milestone.objects.filter(pk=milestone.pk).update(name_ru="Другое")
    assert "Другое" in enter(Role.AUDITOR).get(address).content.decode()
    for role in (Role.CONTROLLER, Role.MANAGER):
        client = enter(role, contract=milestone.contract, factory=milestone.factory if role is Role.MANAGER else None)
        assert client.get(address).status_code == 403
        assert address not in client.get(reverse("admin:cluster_milestone_change", args=[milestone.pk])).content.decode()


def test_a_rate_is_entered_by_hand_with_its_source(enter: Any) -> None:
    client = enter(Role.EDITOR)
    make_rate("2024-04-12", "93.2198")
    add = reverse("admin:cluster_exchangerate_add")
    posted = {"currency": "USD", "date": "2024-04-13", "value": "93,4419", "nominal": "1", "source_ru": "Газета", "form_key": KEY}
    for given, field, said in (
        ({"value": "93,441"}, "value", "93,4410"),
        ({"value": "934,4190"}, "value", "many times the one of Apr 12, 2024"),
        ({"date": "2024-04-14"}, "date", "in force then is the rate of Apr 13, 2024"),
        ({"source_ru": ""}, "source_ru", "This field is required."),
    ):
        assert said in str(errors(client.post(add, posted | given))[field])
        assert ExchangeRate.objects.count() == 1
    client.post(add, posted)
    row = ExchangeRate.objects.get(date=date(2024, 4, 13))
    assert (row.quality, row.status, str(row.value)) == ("manual", "accepted", "93.4419")
    assert row.recorded_by is not None


def test_only_editors_of_everything_enter_rates_here(enter: Any) -> None:
    places: list[dict[str, Any]] = [{"role": Role.AUDITOR}, {"role": Role.ADMIN}, {"role": Role.EDITOR, "contract": make_contract()}]
    for place in places:
        assert enter(**place).get(reverse("admin:cluster_exchangerate_add")).status_code == 403


def test_a_backfill_is_asked_for_again_for_the_time_it_was_asked_for_then(enter: Any) -> None:
    params = {"first": "2023-02-01", "last": "2023-03-01", "currency": "USD"}
    run = JobRun.objects.create(name="backfill_rates", scheduled_for=timezone.now(), status="succeeded", params=params)
    enter(Role.EDITOR).post(reverse("admin:cluster_jobrun_changelist"), {"action": "run_again", "_selected_action": [run.pk]})
    assert JobRun.objects.get(status="queued").params == params
