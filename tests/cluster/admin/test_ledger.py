"""The ledger in the admin: bad input at its field, duplicates, what a list and a page show."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Claim, Factory, LedgerConversion, LedgerEntry
from cluster.services.access import ensure_roles
from tests.factories import hold_role, make_contract, make_factory, make_rate, make_source, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
ADD, LIST = "admin:cluster_ledgerentry_add", "admin:cluster_ledgerentry_changelist"


@pytest.fixture
def factory() -> Factory:
    contract = make_contract(code="alpha")
    contract.signed = DateWindow.parse("2019-07")
    contract.save()
    end = Claim(contract=contract, figure="term_end", source=make_source(), in_use=True)
    end.date = DateWindow.parse("2033")
    end.save()
    return make_factory(contract, code="F01")


@pytest.fixture
def editor(client: Client) -> Client:
    ensure_roles()
    user = make_user(is_staff=True, language="en")
    hold_role(user, Role.EDITOR)
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def record(editor: Client, factory: Factory) -> Callable[..., Any]:
    """Sends the form; every sending is a request of its own."""

    def sent(**changes: Any) -> Any:
        key = f"00000000-0000-4000-8000-{LedgerEntry.objects.count():012}"
        posted = {
            "factory": factory.pk, "kind": "payment", "date": "2024-05-02", "amount_rub": "1 200,50", "document": "PO № 17",
            "counterparty": "Press Works", "category": "", "funding": "", "note": "typed with care", "source": "", "form_key": key,
        }  # fmt: skip
        return editor.post(reverse(ADD), posted | changes)

    return sent


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"amount_rub": "1,234"}, "amount_rub", "can mean thousands or decimals: write 1 234"),
        ({"amount_rub": "12,34.5"}, "amount_rub", "is not an amount"),
        ({"amount_rub": "1e400"}, "amount_rub", "is not an amount"),
        ({"amount_rub": "NaN"}, "amount_rub", "is not an amount"),
        ({"amount_rub": "-5"}, "amount_rub", "The amount is not negative."),
        ({"amount_rub": "0"}, "amount_rub", "The amount must be more than 0"),
        ({"amount_rub": "1 000 000 000 001"}, "amount_rub", "more than a trillion"),
        ({"amount_rub": "1 234,567"}, "amount_rub", "more than two decimals"),
        ({"date": "2019-06-30"}, "date", "an entry cannot be older"),
        ({"date": "2034-01-01", "kind": "commitment"}, "date", "The contract ends on Dec 31, 2033"),
        ({"date": "2099-01-01"}, "date", "A payment cannot lie in the future"),
        ({"date": "31.02.2024"}, "date", ""),
        ({"factory": "999999"}, "factory", ""),
        ({"document": ""}, "document", ""),
    ],
)
def test_a_wrong_input_is_refused_at_its_field_and_what_was_typed_stays(
    record: Callable[..., Any], changes: dict[str, str], field: str, sentence: str
) -> None:
    answer = record(**changes)
    assert answer.status_code == 200
    found = answer.context["adminform"].form.errors
    assert list(found) == [field]
    assert sentence in found[field][0]
    assert "typed with care" in answer.content.decode()
    assert not LedgerEntry.objects.exists()


def test_a_factory_that_the_person_does_not_see_is_refused(editor: Client, record: Callable[..., Any]) -> None:
    user = make_user(is_staff=True, language="en")
    hold_role(user, Role.EDITOR, contract=make_contract())
    editor.force_login(user)
    assert list(record().context["adminform"].form.errors) == ["factory"]
    assert not LedgerEntry.objects.exists()


def test_a_duplicate_names_the_first_and_is_recorded_by_who_insists(record: Callable[..., Any]) -> None:
    assert record().status_code == 302
    first = LedgerEntry.objects.get()
    answer = record(document="po N17")
    found = answer.context["adminform"].form.errors
    assert list(found) == ["despite_duplicate"]
    assert f"Entry {first.pk} of May 2, 2024 has the same document" in found["despite_duplicate"][0]
    assert record(document="po N17", despite_duplicate="on").status_code == 302
    assert LedgerEntry.objects.count() == 2


def test_a_reversal_cannot_be_reversed(editor: Client, record: Callable[..., Any]) -> None:
    record()
    entry = LedgerEntry.objects.get()
    for key in (entry.pk, None):
        key = key or LedgerEntry.objects.get(reverses=entry).pk
        answer = editor.post(reverse(LIST), {"action": "reverse_entries", "_selected_action": [key], "reason": "typed twice"}, follow=True)
    assert "A reversal cannot be reversed" in answer.content.decode()
    assert LedgerEntry.objects.count() == 2


def test_an_entry_shows_its_dollars_with_basis_and_rate_and_leads_to_its_page(editor: Client, record: Callable[..., Any]) -> None:
    record()
    entry, rate = LedgerEntry.objects.get(), make_rate("2024-04-30", "91.7791")
    LedgerConversion.objects.create(entry=entry, usd=Decimal("13.08"), rate=rate, converted_at=timezone.now())
    page = editor.get(reverse("admin:cluster_ledgerentry_change", args=[entry.pk])).content.decode()
    assert "13.08" in page
    assert "91.7791" in page
    assert f'href="/c/alpha/ledger/{entry.pk}/"' in page


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("?kind__exact=payment", 2), ("?kind__exact=commitment", 0), ("?q=17", 2), ("?q=Press", 2), ("?q=zzz", 0),
        ("?reverses__isempty=0", 1), ("?reversed_by__isempty=0", 1), ("?reversed_by__isempty=1", 1),
    ],
)  # fmt: skip
def test_the_list_is_filtered_and_searched(editor: Client, record: Callable[..., Any], query: str, number: int) -> None:
    record()
    entry = LedgerEntry.objects.get()
    LedgerEntry.objects.create(
        factory=entry.factory, kind="payment", date=date(2024, 5, 3), amount_rub=-entry.amount_rub, document=entry.document,
        counterparty=entry.counterparty, reverses=entry,
    )  # fmt: skip
    answer = editor.get(reverse(LIST) + query)
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == number
