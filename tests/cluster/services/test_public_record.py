"""The public record: what it says once loaded, and that a person's value is never overwritten."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal

import pytest

from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BudgetLine, Claim, Contract, ExchangeRate, Factory, Figure, ForecastRevision, Milestone, Party, Source
from cluster.queries.contracts import Overview, overview
from cluster.queries.milestones import DatedMilestone, dated_milestones
from cluster.services import public_record
from production.models import Brand, Output, PlanRevision
from production.services import public_record as production_record
from tests.factories import make_user

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture
def _record() -> None:
    public_record.load()
    production_record.load()


def _overview(as_of: date = TODAY) -> Overview:
    return overview(reader=make_user(is_superuser=True), contract_code="avtotor", as_of=as_of)


def _dated(code: str, as_of: date = TODAY) -> DatedMilestone:
    (milestone,) = dated_milestones(reader=make_user(is_superuser=True), as_of=as_of, codes=[code])
    return milestone


@pytest.mark.usefixtures("_record")
def test_twelve_factories_seven_opened_and_seventy_billion() -> None:
    state = _overview()
    assert len(state.rows) == state.planned_factories == 12
    assert state.opened_factories == 7
    assert state.commitment is not None
    assert (state.commitment.value, state.commitment.qualifier) == (Decimal(70_000_000_000), "more_than")
    assert state.commitment.quoted_usd == Decimal(757_000_000)
    assert state.allocated_rub == Decimal("12870000000.00")
    assert state.not_allocated_rub == Decimal(57_130_000_000)


@pytest.mark.usefixtures("_record")
@pytest.mark.parametrize(("code", "days"), [("P01", 761), ("P05", 305), ("F01-OPEN", 241), ("F02-OPEN", 395)])
def test_the_missed_promises_are_late_by_their_days_and_name_their_sources(code: str, days: int) -> None:
    milestone = _dated(code)
    assert (milestone.late_days, milestone.late_days_original) == (days, days)
    assert milestone.original is not None
    assert milestone.original.source is not None
    assert milestone.original.source.url.startswith("http")


@pytest.mark.usefixtures("_record")
def test_the_commitment_grew_from_twelve_over_thirty_two_to_seventy() -> None:
    history = _overview().figures.history(Figure.COMMITMENT)
    assert [int(claim.value or 0) // 10**9 for claim in history] == [70, 32, 12]


@pytest.mark.usefixtures("_record")
def test_the_disagreeing_sums_invested_all_stay_and_one_is_in_use_with_a_reason() -> None:
    (dispute,) = [d for d in _overview().figures.disputes() if d.figure == Figure.INVESTED_TO_DATE]
    values = {claim.value for claim in [dispute.in_use, *dispute.others] if claim}
    assert values == {Decimal(28_000_000_000), Decimal(28_500_000_000), Decimal(30_000_000_000)}
    assert dispute.in_use is not None
    assert dispute.in_use.reason_ru
    assert dispute.in_use.reason_en


@pytest.mark.usefixtures("_record")
def test_what_was_not_published_is_empty_and_two_factories_have_no_public_name() -> None:
    rows = {row.factory.code: row for row in _overview().rows}
    assert rows["F03"].budget_rub is None
    assert rows["F03"].capacity is None
    assert [code for code, row in rows.items() if row.factory.membership == "placeholder"] == ["F11", "F12"]
    assert rows["F10"].factory.membership == "candidate"


@pytest.mark.usefixtures("_record")
def test_as_of_a_past_day_only_what_had_been_announced_is_known() -> None:
    assert _overview(date(2024, 8, 27)).opened_factories == 0
    assert _overview(date(2024, 8, 28)).opened_factories == 1
    assert _dated("P01", date(2022, 6, 30)).due is None
    assert _dated("P01", date(2025, 6, 30)).late_days == 547
    commitment = _overview(date(2022, 12, 31)).commitment
    assert commitment is not None
    assert commitment.value == Decimal(32_000_000_000)


@pytest.mark.usefixtures("_record")
def test_the_electric_car_plant_shows_its_chain_of_promises() -> None:
    revisions = ForecastRevision.objects.filter(milestone__code="F02-OPEN").order_by("id")
    assert [(str(r.old), str(r.new)) for r in revisions] == [("2024", "2025"), ("2025", "2025-Q2..2025-Q3")]
    assert all(r.source is not None for r in revisions)


@pytest.mark.usefixtures("_record")
def test_the_plan_of_2024_was_revised_twice_and_38000_cars_were_built_in_2023() -> None:
    plans = PlanRevision.objects.filter(year=2024, in_use=True).order_by("announced_latest", "id")
    assert [(plan.low, plan.high) for plan in plans][-3:] == [(100000, 130000), (80000, 100000), (70000, 70000)]
    assert Output.objects.get(year=2023, in_use=True, brand=None, segment="").quantity == 38_000


@pytest.mark.usefixtures("_record")
def test_every_claim_plan_and_output_names_a_source_and_both_languages_are_complete() -> None:
    for model in (Claim, PlanRevision, Output):
        assert not model.objects.filter(note_en="").exclude(note_ru="").exists()
        assert not model.objects.filter(note_ru="").exclude(note_en="").exists()
        assert not model.objects.filter(reason_en="").exclude(reason_ru="").exists()
    assert not Claim.objects.filter(text_en="").exclude(text_ru="").exists()
    assert not Source.objects.filter(title_en="").exists()


@pytest.mark.usefixtures("_record")
def test_loading_again_adds_nothing_and_writes_nothing(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    with django_assert_max_num_queries(80):
        assert not any(public_record.load().values())
    assert not any(production_record.load().values())
    assert not Claim.history.rel.related_model.objects.filter(pgh_label="update").exists()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_record")
def test_a_value_that_a_person_changed_stays_and_the_records_becomes_a_claim_beside_it() -> None:
    claim = Claim.objects.get(figure="commitment", in_use=True, value=70_000_000_000)
    Claim.objects.filter(pk=claim.pk).update(value=71_000_000_000)
    added = public_record.load()
    assert added["claims"] == 1
    claim.refresh_from_db()
    assert (claim.value, claim.in_use) == (Decimal(71_000_000_000), True)
    given_back = Claim.objects.get(figure="commitment", value=70_000_000_000, source=claim.source, valid_earliest=claim.valid_earliest)
    assert not given_back.in_use
    assert not any(public_record.load().values())


@pytest.mark.usefixtures("_record")
def test_the_choice_of_another_claim_stays() -> None:
    Claim.objects.filter(figure="invested_to_date", in_use=True, value=28_500_000_000).update(in_use=False)
    chosen = Claim.objects.filter(figure="invested_to_date", value=30_000_000_000).first()
    assert chosen is not None
    Claim.objects.filter(pk=chosen.pk).update(in_use=True)
    public_record.load()
    assert Claim.objects.get(figure="invested_to_date", in_use=True, valid_earliest=chosen.valid_earliest).pk == chosen.pk


@pytest.mark.usefixtures("_record")
def test_what_a_person_renamed_or_removed_is_not_brought_back() -> None:
    Factory.objects.filter(code="F01").update(name_ru="Завод моторов")
    Party.objects.filter(name_ru="BMW").delete()
    Claim.objects.filter(figure="staff").delete()
    Brand.objects.filter(code="soueast").update(code="soueast-auto")
    added = public_record.load()
    production_record.load()
    assert Factory.objects.get(code="F01").name_ru == "Завод моторов"
    assert Claim.objects.get(figure="name", factory__code="F01").text_ru == "Завод тяговых электродвигателей"
    assert (added["claims"], added["parties"]) == (1, 0)
    assert not Claim.objects.filter(figure="staff").exists()
    assert not Brand.objects.filter(code="soueast").exists()


@pytest.mark.usefixtures("_record")
def test_an_actual_date_set_by_a_person_stands_and_the_records_is_a_claim() -> None:
    milestone = Milestone.objects.get(code="F01-OPEN")
    milestone.actual = DateWindow.parse("2024-09-01")
    milestone.save()
    public_record.load()
    public_record.load()
    milestone.refresh_from_db()
    assert milestone.actual == DateWindow.parse("2024-09-01")
    assert [str(c.date) for c in Claim.objects.filter(milestone=milestone, figure="actual_date", source__key="tass_2024_08_a")] == [
        "2024-08-28"
    ]


@pytest.mark.usefixtures("_record")
def test_published_budgets_are_lines_without_the_detail_that_was_not_published() -> None:
    lines = BudgetLine.objects.order_by("factory__code").values_list("factory__code", "amount_rub", "category", "funding", "month")
    assert list(lines) == [("F01", Decimal("8900000000.00"), "", "", None), ("F02", Decimal("3970000000.00"), "", "", None)]


@pytest.mark.usefixtures("_record")
def test_the_rates_of_the_record_name_the_bank() -> None:
    assert ExchangeRate.objects.get(date=date(2024, 4, 13)).value == Decimal("93.4419")
    assert not ExchangeRate.objects.filter(source_ru="").exists()


@pytest.mark.usefixtures("_record")
def test_the_state_of_a_contract_takes_a_fixed_number_of_statements(
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    reader, code = make_user(is_superuser=True), Contract.objects.get().code
    with django_assert_max_num_queries(8):
        overview(reader=reader, contract_code=code, as_of=TODAY)


@pytest.mark.usefixtures("_record")
def test_what_a_person_gave_another_code_or_kind_is_still_found() -> None:
    Contract.objects.update(code="kaliningrad")
    Factory.objects.filter(code="F01").update(code="MOTORS")
    Source.objects.filter(key="tass_2024_04").update(key="tass")
    Milestone.objects.filter(code="P01").update(code="SEVEN")
    Baseline.objects.update(kind=Baseline.Kind.APPROVED)
    Brand.objects.filter(code="baic").update(code="baic-motor")
    added = public_record.load() | production_record.load()
    assert not any(added.values())
    assert Contract.objects.get().code == "kaliningrad"
    assert Factory.objects.count() == 12
    assert Factory.objects.get(code="MOTORS").claims.filter(figure="budget").exists()


@pytest.mark.usefixtures("_record")
def test_what_hangs_on_something_removed_is_not_brought_back() -> None:
    Factory.objects.filter(code="F09").delete()
    Baseline.objects.all().delete()
    added = public_record.load()
    assert not any(added.values())
    assert not Claim.objects.filter(text_ru__icontains="робот").filter(factory__isnull=False).exists()
