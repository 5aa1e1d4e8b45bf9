"""Writing the ledger: every rule, every refusal, reversals, and two people at once."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import BatchRefused, DomainError, Duplicate, Forbidden, NotFound
from cluster.models import Claim, Factory, LedgerEntry, User
from cluster.services.ledger import NewEntry, record_entries, record_entry, reverse_entry
from tests.cluster.services.test_forecasts import at_once
from tests.factories import make_contract, make_factory, make_source, make_user

TODAY = date(2026, 3, 2)


@pytest.fixture
def factory() -> Factory:
    contract = make_contract()
    contract.signed = DateWindow.parse("2019-06..2019-07")
    contract.save()
    return make_factory(contract)


def record(factory: Factory, by: User, **changes: Any) -> LedgerEntry:
    usual: dict[str, Any] = {
        "factory_id": factory.pk,
        "kind": "payment",
        "date": date(2026, 2, 27),
        "amount_rub": Decimal("1250000.50"),
        "document": "PO 17 of 27.02.2026",
        "counterparty": "Press Works",
        "by": by,
        "today": TODAY,
    }
    return record_entry(**usual | changes)


def reverse(entry: LedgerEntry, by: User, **changes: Any) -> LedgerEntry:
    usual: dict[str, Any] = {"entry_id": entry.pk, "date": TODAY, "note": "typed twice", "by": by, "today": TODAY}
    return reverse_entry(**usual | changes)


def refused(call: Any, *args: Any, **changes: Any) -> DomainError:
    before = LedgerEntry.objects.count()
    with pytest.raises(DomainError) as caught:
        call(*args, **changes)
    assert LedgerEntry.objects.count() == before
    error: DomainError = caught.value
    return error


@pytest.mark.django_db
class TestRecording:
    @pytest.mark.parametrize("field", ["document", "counterparty"])
    def test_a_text_that_shows_nothing_is_refused_as_empty(self, factory: Factory, field: str) -> None:
        error = refused(record, factory, make_user(Role.EDITOR), **{field: "\u200b \u2060\u00ad\u3164"})
        assert (error.field, error.code) == (field, "required")

    def test_letters_of_another_alphabet_and_characters_unseen_do_not_hide_a_duplicate(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        first = record(factory, editor)
        error = refused(record, factory, editor, document="РО 17 оf 27.02.2026", counterparty="Рrеss\u200b Wоrks")
        assert (error.code, error.current) == ("duplicate", first)

    def test_everything_given_is_kept_to_the_kopeck(self, factory: Factory) -> None:
        editor, source = make_user(Role.EDITOR), make_source()
        entry = record(factory, editor, category="equipment", funding="bank", note="second half", source_id=source.pk, document=" PO 17 ")
        entry.refresh_from_db()
        assert (entry.amount_rub, entry.category, entry.funding) == (Decimal("1250000.50"), "equipment", "bank")
        assert (entry.document, entry.note, entry.source, entry.recorded_by) == ("PO 17", "second half", source, editor)

    def test_a_commitment_may_lie_in_the_future(self, factory: Factory) -> None:
        assert record(factory, make_user(Role.EDITOR), kind="commitment", date=date(2027, 1, 1)).date == date(2027, 1, 1)

    def test_the_same_request_twice_gives_the_first_entry(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        assert record(factory, editor, request_key=key).pk == record(factory, editor, request_key=key).pk
        assert LedgerEntry.objects.count() == 1

    def test_a_request_key_serves_one_entry_only(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        record(factory, editor, request_key=key)
        assert refused(record, factory, editor, request_key=key, amount_rub=Decimal(5)).code == "request_reused"

    def test_nor_with_another_note_or_source(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        record(factory, editor, request_key=key)
        assert refused(record, factory, editor, request_key=key, note="for the press").code == "request_reused"
        assert refused(record, factory, editor, request_key=key, source_id=make_source().pk).code == "request_reused"

    @pytest.mark.parametrize("day", [date(1, 1, 2), date(1989, 12, 31), date(2101, 1, 1), date(9999, 12, 31)])
    def test_a_date_far_from_ours_is_refused_at_its_field(self, day: date) -> None:
        error = refused(record, make_factory(), make_user(Role.EDITOR), kind="commitment", date=day)
        assert (error.field, error.code) == ("date", "date_range")

    def test_two_equal_payments_without_a_key_are_two_when_the_person_insists(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        assert record(factory, editor).pk != record(factory, editor, despite_duplicate=True).pk


@pytest.mark.django_db
class TestRefusals:
    def test_a_stranger_cannot_tell_that_the_factory_exists(self, factory: Factory) -> None:
        assert isinstance(refused(record, factory, make_user()), NotFound)

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.CONTROLLER, Role.AUDITOR])
    def test_who_only_reads_may_not(self, factory: Factory, role: Role) -> None:
        assert isinstance(refused(record, factory, make_user(role)), Forbidden)

    def test_not_even_the_manager_pays(self, factory: Factory) -> None:
        assert isinstance(refused(record, factory, make_user(Role.MANAGER, factory=factory)), Forbidden)

    @pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1000000000000.01", "NaN", "Infinity"])
    def test_an_amount_that_money_cannot_have_is_refused(self, factory: Factory, amount: str) -> None:
        assert refused(record, factory, make_user(Role.EDITOR), amount_rub=Decimal(amount)).field == "amount_rub"

    def test_a_trillion_is_the_most(self, factory: Factory) -> None:
        assert record(factory, make_user(Role.EDITOR), amount_rub=Decimal("1000000000000")).pk

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"date": date(2019, 5, 31)}, "date"),
            ({"date": date(2026, 3, 3)}, "date"),
            ({"source_id": 10**9}, "source"),
        ],
    )
    def test_a_wrong_input_is_refused_at_its_field(self, factory: Factory, changes: dict[str, Any], field: str) -> None:
        assert refused(record, factory, make_user(Role.EDITOR), **changes).field == field

    def test_a_payment_of_the_signing_month_stands(self, factory: Factory) -> None:
        assert record(factory, make_user(Role.EDITOR), date=date(2019, 6, 1)).pk


def term_end(of: Factory, text: str, **fields: Any) -> None:
    claim = Claim(contract=of.contract, figure="term_end", source=make_source(), **{"in_use": True} | fields)
    claim.date = DateWindow.parse(text)
    claim.save()


@pytest.mark.django_db
class TestTheTermOfTheContract:
    def test_the_last_day_of_the_term_stands_and_the_next_one_is_refused_by_name(self, factory: Factory) -> None:
        term_end(factory, "2033")
        editor = make_user(Role.EDITOR)
        assert record(factory, editor, kind="commitment", date=date(2033, 12, 31)).pk
        error = refused(record, factory, editor, kind="commitment", date=date(2034, 1, 1))
        assert (error.field, error.code) == ("date", "after_contract")
        assert "2033-12-31" in str(error)

    def test_a_claim_that_is_not_in_use_ends_nothing(self, factory: Factory) -> None:
        term_end(factory, "2025", in_use=False)
        term_end(factory, "2020", factory=factory)
        assert record(factory, make_user(Role.EDITOR)).pk

    def test_a_payment_after_the_term_is_refused_too(self, factory: Factory) -> None:
        term_end(factory, "2025")
        assert refused(record, factory, make_user(Role.EDITOR)).code == "after_contract"

    def test_the_day_of_the_signing_is_named(self, factory: Factory) -> None:
        error = refused(record, factory, make_user(Role.EDITOR), date=date(2019, 5, 31))
        assert (error.code, "2019-06-01" in str(error)) == ("before_contract", True)

    def test_a_factory_of_another_contract_is_refused(self, factory: Factory) -> None:
        error = refused(record, make_factory(code="F07"), make_user(Role.EDITOR), contract_id=factory.contract_id)
        assert (error.field, error.code) == ("factory", "other_contract")
        assert "F07" in str(error)


@pytest.mark.django_db
class TestDuplicates:
    def test_the_first_entry_is_named_and_nothing_is_stored(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR, first_name="Anna", last_name="Petrova")
        first = record(factory, editor, document="PO № 17 of 27.02.2026", counterparty="«Ёлка» Ltd")
        other = make_factory(factory.contract)
        error = refused(record, other, editor, document="po N17  of 27.02.2026", counterparty="елка LTD", date=TODAY)
        assert isinstance(error, Duplicate)
        assert (error.code, error.field, error.current) == ("duplicate", "despite_duplicate", first)
        for told in (f"Entry {first.pk} of 2026-02-27", "PO № 17", factory.code, "Anna Petrova"):
            assert told in str(error)

    def test_who_insists_records_it(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        record(factory, editor)
        assert record(factory, editor, despite_duplicate=True).pk
        assert LedgerEntry.objects.count() == 2

    def test_the_first_of_several_is_named(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        first = record(factory, editor)
        record(factory, editor, despite_duplicate=True)
        assert refused(record, factory, editor).current == first

    def test_an_entry_without_a_recorder_is_named_all_the_same(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        LedgerEntry.objects.create(
            factory=factory, kind="payment", date=TODAY, amount_rub=Decimal("1250000.50"), document="PO 17 of 27.02.2026",
            counterparty="Press Works",
        )  # fmt: skip
        assert "recorded by" not in str(refused(record, factory, editor))

    @pytest.mark.parametrize(
        "changes", [{"kind": "commitment"}, {"amount_rub": Decimal("1250000.51")}, {"document": "PO 18"}, {"counterparty": "Seat Works"}]
    )
    def test_what_differs_is_no_duplicate(self, factory: Factory, changes: dict[str, Any]) -> None:
        editor = make_user(Role.EDITOR)
        record(factory, editor)
        assert record(factory, editor, **changes).pk

    def test_an_entry_that_was_reversed_and_its_reversal_are_none(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        reverse(record(factory, editor), editor)
        assert record(factory, editor).pk

    def test_nor_is_one_of_another_contract(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        record(factory, editor)
        assert record(make_factory(), editor).pk

    def test_the_same_request_is_no_duplicate_of_itself(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        assert record(factory, editor, request_key=key) == record(factory, editor, request_key=key)


def row(factory: Factory, number: int, **changes: Any) -> NewEntry:
    usual: dict[str, Any] = {
        "factory_id": factory.pk, "kind": "payment", "date": date(2026, 2, 27), "amount_rub": Decimal(100 + number),
        "document": f"PO {number}", "counterparty": "Press Works",
    }  # fmt: skip
    return NewEntry(**usual | changes)


@pytest.mark.django_db
class TestManyAtOnce:
    def test_they_are_recorded_in_their_order(self, factory: Factory) -> None:
        done = record_entries([row(factory, n) for n in range(3)], by=make_user(Role.EDITOR), today=TODAY)
        assert [entry.document for entry in done] == ["PO 0", "PO 1", "PO 2"]
        assert LedgerEntry.objects.count() == 3

    def test_every_wrong_row_is_named_and_none_is_stored(self, factory: Factory) -> None:
        rows = [
            row(factory, 0),
            row(factory, 1, amount_rub=Decimal("0.001")),
            row(factory, 2, factory_id=10**9),
            row(factory, 0),
            row(factory, 4, document=""),
        ]
        with pytest.raises(BatchRefused) as caught:
            record_entries(rows, by=make_user(Role.EDITOR), today=TODAY)
        assert [number for number, _error in caught.value.rows] == [1, 2, 3, 4]
        assert isinstance(caught.value.rows[2][1], Duplicate)
        assert not LedgerEntry.objects.exists()

    def test_the_same_request_twice_gives_the_first_entries(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        first, second = (record_entries([row(factory, n) for n in range(2)], by=editor, today=TODAY, request_key=key) for _ in range(2))
        assert first == second
        assert LedgerEntry.objects.count() == 2

    def test_each_row_asks_whether_the_person_may(self, factory: Factory) -> None:
        with pytest.raises(BatchRefused) as caught:
            record_entries([row(factory, 1)], by=make_user(Role.CONTROLLER), today=TODAY)
        assert isinstance(caught.value.rows[0][1], Forbidden)


@pytest.mark.django_db
class TestReversing:
    def test_the_reversal_names_the_entry_and_takes_all_of_it_back(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        entry = record(factory, editor)
        reversal: Any = reverse(entry, editor)
        assert (reversal.amount_rub, reversal.reverses, reversal.note) == (-entry.amount_rub, entry, "typed twice")
        assert sum(e.amount_rub for e in LedgerEntry.objects.all()) == 0
        assert reversal.history.get().pgh_context.metadata["reason"] == "typed twice"

    def test_a_double_click_reverses_once(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        entry = record(factory, editor)
        assert reverse(entry, editor, request_key=key).pk == reverse(entry, editor, request_key=key).pk

    def test_an_entry_is_reversed_once(self, factory: Factory) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        entry = record(factory, editor)
        reverse(entry, editor, request_key=key)
        assert refused(reverse, entry, editor).code == "already_reversed"
        # Who goes back and sends the form with another reason is told of the entry, not of the form.
        assert refused(reverse, entry, editor, request_key=key, note="on second thoughts").code == "already_reversed"

    def test_a_reversal_is_not_reversed(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        assert refused(reverse, reverse(record(factory, editor), editor), editor).code == "reversal_of_reversal"

    @pytest.mark.parametrize("day", [date(2026, 2, 26), date(2026, 3, 3)])
    def test_its_date_lies_between_the_entry_and_today(self, factory: Factory, day: date) -> None:
        editor = make_user(Role.EDITOR)
        assert refused(reverse, record(factory, editor), editor, date=day).field == "date"

    def test_it_says_why(self, factory: Factory) -> None:
        editor = make_user(Role.EDITOR)
        assert refused(reverse, record(factory, editor), editor, note="  ").field == "note"

    def test_who_may_not_pay_may_not_reverse(self, factory: Factory) -> None:
        entry = record(factory, make_user(Role.EDITOR))
        assert isinstance(refused(reverse, entry, make_user(Role.CONTROLLER)), Forbidden)
        assert isinstance(refused(reverse, entry, make_user()), NotFound)


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_a_double_click_records_one_entry(self) -> None:
        factory, editor, key = make_factory(), make_user(Role.EDITOR), uuid.uuid4()
        results = at_once(*[lambda: record(factory, editor, request_key=key)] * 4)
        assert len({getattr(result, "pk", result) for result in results}) == 1
        assert LedgerEntry.objects.count() == 1

    def test_two_people_with_one_invoice_record_it_once_even_at_two_plants(self) -> None:
        factory, editor = make_factory(), make_user(Role.EDITOR)
        other = make_factory(factory.contract)
        results = at_once(lambda: record(factory, editor), lambda: record(other, editor))
        assert sorted(type(result).__name__ for result in results) == ["Duplicate", "LedgerEntry"]

    def test_two_people_reverse_an_entry_once(self) -> None:
        editor = make_user(Role.EDITOR)
        entry = record(make_factory(), editor)
        results = at_once(lambda: reverse(entry, editor), lambda: reverse(entry, editor, note="wrong plant"))
        assert sorted(type(result).__name__ for result in results) == ["DomainError", "LedgerEntry"]
        assert LedgerEntry.objects.filter(reverses=entry).count() == 1
