"""Recording output: every rule, every refusal, replacing a figure, and two people at once."""

import uuid
from datetime import date
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.models import Contract, Source, User
from production.models import Brand, Output, VehicleModel
from production.services.output import record_output
from tests.cluster.services.test_forecasts import at_once
from tests.factories import make_contract, make_factory, make_source, make_user

TODAY = date(2026, 3, 2)


@pytest.fixture
def contract() -> Contract:
    return make_contract()


def record(contract: Contract, by: User, **changes: Any) -> Output:
    usual: dict[str, Any] = {
        "contract_id": contract.pk, "year": 2025, "quantity": 12500, "document": "report 4", "by": by, "today": TODAY,
    }  # fmt: skip
    return record_output(**usual | changes)


def refusal(contract: Contract, by: User, **changes: Any) -> DomainError:
    before = list(Output.objects.order_by("pk").values_list("pk", "in_use", "version")), Source.objects.count()
    with pytest.raises(DomainError) as caught:
        record(contract, by, **changes)
    assert (list(Output.objects.order_by("pk").values_list("pk", "in_use", "version")), Source.objects.count()) == before
    return caught.value


def make_brand(contract: Contract, code: str = "kia") -> Brand:
    return Brand.objects.create(contract=contract, code=code, name_ru=code, segment="passenger")


@pytest.mark.django_db
class TestRecording:
    def test_the_figure_is_in_use_with_its_source(self, contract: Contract) -> None:
        editor, source = make_user(Role.EDITOR), make_source()
        output = record(contract, editor, source_id=source.pk, document="", note="first half", announced=DateWindow.parse("2026-01"))
        assert (output.in_use, output.source, output.version, output.recorded_by) == (True, source, 1, editor)
        assert (output.announced, output.note) == (DateWindow.parse("2026-01"), "first half")

    def test_a_document_becomes_a_source_once(self, contract: Contract) -> None:
        editor = make_user(Role.EDITOR)
        first = record(contract, editor, month=1)
        assert record(contract, editor, month=2).source == first.source
        assert (first.source.document, first.announced) == ("report 4", DateWindow.day(TODAY))

    def test_the_one_it_replaces_stays_out_of_use(self, contract: Contract) -> None:
        editor = make_user(Role.EDITOR)
        old = record(contract, editor)
        new = record(contract, editor, quantity=13000, replaces_version=1)
        old.refresh_from_db()
        assert (old.in_use, old.quantity, new.in_use, new.version) == (False, 12500, True, 2)

    def test_months_brands_units_and_factories_are_figures_of_their_own(self, contract: Contract) -> None:
        editor, factory, brand = make_user(Role.EDITOR), make_factory(contract), make_brand(contract)
        model = VehicleModel.objects.create(brand=brand, name="Rio", segment="passenger")
        different: list[dict[str, Any]] = [
            {}, {"month": 3}, {"unit": "motors"}, {"factory_id": factory.pk}, {"brand_id": brand.pk},
            {"brand_id": brand.pk, "vehicle_model_id": model.pk}, {"segment": "electric"},
        ]  # fmt: skip
        for subject in different:
            record(contract, editor, **subject)
        assert Output.objects.filter(in_use=True).count() == len(different)

    def test_a_manager_records_the_output_of_the_own_factory(self, contract: Contract) -> None:
        factory = make_factory(contract)
        assert record(contract, make_user(Role.MANAGER, factory=factory), factory_id=factory.pk).factory == factory

    def test_the_same_request_twice_gives_the_first_figure(self, contract: Contract) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        assert record(contract, editor, request_key=key).pk == record(contract, editor, request_key=key).pk
        assert Output.objects.count() == 1

    def test_none_built_is_a_figure(self, contract: Contract) -> None:
        assert record(contract, make_user(Role.EDITOR), quantity=0).quantity == 0


@pytest.mark.django_db
class TestRefusals:
    def test_a_stranger_cannot_tell_that_the_contract_exists(self, contract: Contract) -> None:
        assert isinstance(refusal(contract, make_user()), NotFound)

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.CONTROLLER, Role.AUDITOR])
    def test_who_only_reads_may_not(self, contract: Contract, role: Role) -> None:
        assert isinstance(refusal(contract, make_user(role)), Forbidden)

    def test_a_manager_may_not_speak_for_the_contract_or_another_factory(self, contract: Contract) -> None:
        manager = make_user(Role.MANAGER, factory=make_factory(contract))
        assert isinstance(refusal(contract, manager), Forbidden)
        assert isinstance(refusal(contract, manager, factory_id=make_factory(contract).pk), Forbidden)

    def test_a_figure_in_use_is_not_replaced_unseen(self, contract: Contract) -> None:
        editor = make_user(Role.EDITOR)
        first = record(contract, editor)
        error = refusal(contract, editor, quantity=1)
        assert isinstance(error, Conflict)
        assert error.current == first

    @pytest.mark.parametrize("seen", [1, 3])
    def test_nor_with_another_version_in_mind(self, contract: Contract, seen: int) -> None:
        editor = make_user(Role.EDITOR)
        record(contract, editor)
        record(contract, editor, quantity=13000, replaces_version=1)
        assert isinstance(refusal(contract, editor, quantity=1, replaces_version=seen), Conflict)

    def test_what_is_to_be_replaced_must_be_there(self, contract: Contract) -> None:
        error = refusal(contract, make_user(Role.EDITOR), replaces_version=1)
        assert isinstance(error, Conflict)
        assert error.current is None

    @pytest.mark.parametrize(
        "changes",
        [{"note": "other"}, {"document": "report 5"}, {"unit": "motors"}, {"segment": "bus"}, {"announced": DateWindow.parse("2026-02")}],
    )
    def test_a_request_key_serves_the_same_words_only(self, contract: Contract, changes: dict[str, Any]) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        record(contract, editor, request_key=key)
        assert refusal(contract, editor, request_key=key, **changes).code == "request_reused"
        other = {"source_id": make_source().pk, "brand_id": make_brand(contract).pk, "factory_id": make_factory(contract).pk}
        for name, pk in other.items():
            assert refusal(contract, editor, request_key=key, **{name: pk}).code == "request_reused"

    def test_an_announcement_before_the_period_begins_is_refused(self, contract: Contract) -> None:
        editor = make_user(Role.EDITOR)
        error = refusal(contract, editor, month=4, announced=DateWindow.parse("2025-03"))
        assert (error.field, error.code) == ("announced", "too_early")
        assert refusal(contract, editor, announced=DateWindow.parse("2024")).code == "too_early"
        assert record(contract, editor, month=4, announced=DateWindow.parse("2025-04-01")).pk

    def test_an_announcement_far_from_ours_is_refused_at_its_field(self, contract: Contract) -> None:
        error = refusal(contract, make_user(Role.EDITOR), announced=DateWindow.parse("0001"))
        assert (error.field, error.code) == ("announced", "date_range")

    def test_a_request_key_serves_one_figure_only(self, contract: Contract) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        record(contract, editor, request_key=key)
        assert refusal(contract, editor, request_key=key, quantity=1).code == "request_reused"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"year": 1989}, "year"),
            ({"year": 2027}, "year"),
            ({"year": 2026, "month": 4}, "month"),
            ({"month": 0}, "month"),
            ({"month": 13}, "month"),
            ({"factory_id": 10**9}, "factory"),
            ({"brand_id": 10**9}, "brand"),
            ({"document": "  "}, "source"),
            ({"source_id": 10**9}, "source"),
        ],
    )
    def test_a_wrong_input_is_refused_at_its_field(self, contract: Contract, changes: dict[str, Any], field: str) -> None:
        assert refusal(contract, make_user(Role.EDITOR), **changes).field == field

    def test_brand_and_model_belong_to_the_contract_and_to_each_other(self, contract: Contract) -> None:
        editor, brand, foreign = make_user(Role.EDITOR), make_brand(contract), make_brand(make_contract(), "bmw")
        model = VehicleModel.objects.create(brand=make_brand(contract, "hyundai"), name="Solaris", segment="passenger")
        assert refusal(contract, editor, brand_id=foreign.pk).field == "brand"
        assert refusal(contract, editor, brand_id=brand.pk, vehicle_model_id=model.pk).field == "vehicle_model"
        assert refusal(contract, editor, vehicle_model_id=model.pk).field == "vehicle_model"


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_one_figure_is_recorded_and_the_other_person_meets_it(self) -> None:
        contract, editor = make_contract(), make_user(Role.EDITOR)
        results = at_once(lambda: record(contract, editor), lambda: record(contract, editor, quantity=9, document="report 5"))
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "Output"]
        assert Output.objects.count() == 1

    def test_a_double_click_records_one_figure(self) -> None:
        contract, editor, key = make_contract(), make_user(Role.EDITOR), uuid.uuid4()
        results = at_once(*[lambda: record(contract, editor, request_key=key)] * 4)
        assert len({getattr(result, "pk", result) for result in results}) == 1
        assert Output.objects.count() == 1
