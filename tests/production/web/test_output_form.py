"""The form that records output: what is refused, the question before replacing, and two people who meet."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.timezone import localdate

from production.models import Brand, Output, VehicleModel
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, title, words
from tests.cluster.web.test_forecast_form import boxes
from tests.factories import make_source

PATH = "/production/c/alpha/output/"
LAST = localdate().year - 1


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def filled(**changes: Any) -> dict[str, Any]:
    return {
        "request_key": str(uuid.uuid4()), "year": str(LAST), "month": "", "quantity": "12 500", "unit": "vehicles",
        "factory": "", "brand": "", "vehicle_model": "", "segment": "", "source": "", "document": "report 4",
        "announced_date": "", "announced_precision": "day", "note": "", "replaces_version": "", "seen": "",
    } | changes  # fmt: skip


def post(place: Place, data: dict[str, Any], who: str = "editor", language: str = "en") -> Any:
    return place.client(who, language).post(PATH, data)


class TestSaving:
    def test_the_figure_is_recorded_and_in_use(self, place: Place) -> None:
        source = make_source()
        answer = post(place, filled(month="3", source=source.pk, document="", note="first quarter", announced_date=f"{LAST}-04"))
        assert answer["Location"] == "/production/c/alpha/"
        output = Output.objects.get()
        assert (output.year, output.month, output.quantity, output.unit, output.source) == (LAST, 3, 12500, "vehicles", source)
        assert (output.in_use, output.note, str(output.announced), output.recorded_by) == (
            True,
            "first quarter",
            f"{LAST}-04",
            place.person("editor"),
        )

    @pytest.mark.parametrize("typed", ["12500", "12 500", "12\u00a0500", "12\u202f500", " 12500 "])
    def test_a_count_may_be_grouped(self, place: Place, typed: str) -> None:
        post(place, filled(quantity=typed))
        assert Output.objects.get().quantity == 12500

    def test_a_brand_a_model_and_a_segment_are_kept(self, place: Place) -> None:
        brand = Brand.objects.create(contract=place.contract, code="kia", name_ru="Kia", segment="passenger")
        model = VehicleModel.objects.create(brand=brand, name="Rio", segment="passenger")
        post(place, filled(brand=brand.pk, vehicle_model=model.pk, segment="passenger"))
        output = Output.objects.get()
        assert (output.brand, output.vehicle_model, output.segment) == (brand, model, "passenger")

    def test_a_double_submit_records_one_figure(self, place: Place) -> None:
        data = filled()
        assert [post(place, data).status_code, post(place, data).status_code] == [302, 302]
        assert Output.objects.count() == 1

    def test_a_manager_finds_the_own_factory_chosen_and_is_led_back_to_it(self, place: Place) -> None:
        data = boxes(place.client("own").get(PATH))
        assert (data["factory"], data["year"]) == ("F01", str(localdate().year))
        answer = post(place, data | {"quantity": "7", "document": "report 4", "unit": "units"}, "own")
        assert answer["Location"] == "/c/alpha/factories/F01/"
        assert "7 units" in words(place.client("own").get("/c/alpha/factories/F01/"))

    def test_the_link_of_a_factory_chooses_it(self, place: Place) -> None:
        assert boxes(place.client().get(PATH + "?factory=F02"))["factory"] == "F02"
        assert boxes(place.client().get(PATH + "?factory=nothing"))["factory"] == ""


class TestRefusing:
    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"quantity": ""}, "id_quantity", "Fill in “"),
            ({"quantity": "12.500"}, "id_quantity", "Write a whole number"),
            ({"quantity": "12,500"}, "id_quantity", "Write a whole number"),
            ({"quantity": "-1"}, "id_quantity", "Write a whole number"),
            ({"quantity": "1e400"}, "id_quantity", "Write a whole number"),
            ({"quantity": "1 2500"}, "id_quantity", "Write a whole number"),
            ({"quantity": "١٢"}, "id_quantity", "Write a whole number"),
            ({"quantity": "1" + "0" * 500}, "id_quantity", "Write a whole number"),
            ({"quantity": "9999999999"}, "id_quantity", "This is more than anybody builds"),
            ({"quantity": "1\x00"}, "id_quantity", "Write a whole number"),
            ({"year": ""}, "id_year", "Fill in “"),
            ({"year": "1066"}, "id_year", "Output is recorded for 1990 to"),
            ({"year": "1" + "0" * 30}, "id_year", "Output is recorded for 1990 to"),
            ({"year": "1" + "0" * 5000}, "id_year", "Enter a whole number."),
            ({"month": "13"}, "id_month", "Select a valid choice."),
            ({"unit": "dozens"}, "id_unit", "Select a valid choice."),
            ({"factory": "F99"}, "id_factory", "Select a valid choice."),
            ({"factory": "F\x00"}, "id_factory", "Null characters are not allowed."),
            ({"brand": "9" * 40}, "id_brand", "Select a valid choice."),
            ({"segment": "x"}, "id_segment", "Select a valid choice."),
            ({"document": ""}, "id_source", "Name a source or a document"),
            ({"announced_date": "soon"}, "id_announced_0", "is not a date"),
        ],
    )
    def test_the_error_stands_above_and_at_the_box_and_what_was_typed_stays(
        self, place: Place, changes: dict[str, str], box: str, sentence: str
    ) -> None:
        answer = post(place, filled(note="typed with care") | changes)
        assert answer.status_code == 422
        assert title(answer).startswith("Error: ")
        assert re.search(rf'href="#{box}"', answer.content.decode())
        assert words(answer).count(sentence) >= 2
        assert "typed with care" in answer.content.decode()
        assert not Output.objects.exists()

    def test_a_month_that_has_not_begun_is_refused(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(LAST + 1, 6, 15, tzinfo=UTC))
        assert "This month has not begun" in words(post(place, filled(year=str(LAST + 1), month="7")))
        assert post(place, filled(year=str(LAST + 1), month="6")).status_code == 302

    def test_a_model_of_another_brand_is_refused(self, place: Place) -> None:
        kia, bmw = (Brand.objects.create(contract=place.contract, code=c, name_ru=c, segment="passenger") for c in ("kia", "bmw"))
        model = VehicleModel.objects.create(brand=kia, name="Rio", segment="passenger")
        assert "This model does not belong to the brand." in words(post(place, filled(brand=bmw.pk, vehicle_model=model.pk)))

    @pytest.mark.parametrize("field", ["replaces_version", "seen", "request_key"])
    @pytest.mark.parametrize("value", ["x", "-1", "0", "1" + "0" * 400, "\x00"])
    def test_garbled_hidden_boxes_are_no_server_error(self, place: Place, field: str, value: str) -> None:
        assert post(place, filled(take_quantity="theirs") | {field: value}).status_code in (302, 409, 422)

    def test_errors_are_told_in_the_language_of_the_reader(self, place: Place) -> None:
        assert title(post(place, filled(quantity=""), language="ru")).startswith("Ошибка: ")


class TestReplacing:
    def test_a_figure_in_use_is_shown_and_asked_about(self, place: Place) -> None:
        post(place, filled())
        answer = post(place, filled(quantity="13 000", document="report 5"))
        assert answer.status_code == 409
        text = words(answer)
        assert "A figure is already in use for this period 12,500 vehicles — report 4" in text
        assert "Replace the figure in use" in text
        assert boxes(answer)["quantity"].replace("\u00a0", "") == "13000"
        assert Output.objects.count() == 1

    def test_saving_again_replaces_it_and_keeps_it_in_the_record(self, place: Place) -> None:
        post(place, filled())
        asked = post(place, filled(quantity="13 000", document="report 5", month=""))
        assert post(place, boxes(asked)).status_code == 302
        assert list(Output.objects.order_by("pk").values_list("quantity", "in_use", "version")) == [(12500, False, 2), (13000, True, 2)]

    def test_another_month_asks_nothing(self, place: Place) -> None:
        post(place, filled(month="1"))
        assert post(place, filled(month="2")).status_code == 302

    def test_when_the_figure_asked_about_is_gone_the_form_says_so(self, place: Place) -> None:
        answer = post(place, filled(replaces_version="1"))
        assert answer.status_code == 409
        assert "is no longer in use" in words(answer)
        assert post(place, boxes(answer)).status_code == 302


class TestTwoPeople:
    def meet(self, place: Place, mine: dict[str, Any], theirs: dict[str, Any]) -> Any:
        """Both saw 12 500 in use; they replace it first."""
        post(place, filled())
        my_form, their_form = boxes(post(place, filled(**mine))), boxes(post(place, filled(**theirs)))
        assert post(place, their_form).status_code == 302
        return post(place, my_form)

    def test_the_second_one_sees_theirs_yours_and_what_stood_there(self, place: Place) -> None:
        answer = self.meet(place, {"quantity": "13 000"}, {"quantity": "14 000"})
        assert answer.status_code == 409
        assert title(answer).startswith("Conflict: ")
        assert "Quantity 12,500 14,000 13,000 what the form says (yours) theirs" in words(answer)
        assert Output.objects.count() == 2

    def test_what_only_one_side_touched_is_merged_already(self, place: Place) -> None:
        answer = self.meet(place, {"quantity": "12 500", "note": "mine"}, {"quantity": "14 000"})
        merged = boxes(answer)
        assert merged["quantity"].replace("\u00a0", "") == "14000"
        assert merged["note"] == "mine"

    def test_saving_again_or_choosing_theirs_goes_on_from_their_figure(self, place: Place) -> None:
        answer = self.meet(place, {"quantity": "13 000", "note": "mine"}, {"quantity": "14 000", "note": "theirs"})
        assert post(place, boxes(answer) | {"take_note": "theirs"}).status_code == 302
        newest = Output.objects.get(in_use=True)
        assert (newest.quantity, newest.note, newest.version) == (13000, "theirs", 3)


class TestWhoMay:
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("editor", 200), ("own", 200), ("foreign", 200), ("controller", 403), ("auditor", 403), ("admin", 403),
            ("outsider", 404), ("nobody", 404), ("anonymous", 302),
        ],
    )  # fmt: skip
    def test_the_form_opens_to_those_who_may_record_something(self, place: Place, who: str, status: int) -> None:
        client = place.client(who)
        assert client.get(PATH).status_code == status
        factory = "F02" if who == "foreign" else "F01"
        assert client.post(PATH, filled(factory=factory)).status_code == (302 if status == 200 else status)
        assert Output.objects.exists() == (status == 200)

    def test_a_manager_speaks_only_for_the_own_factory(self, place: Place) -> None:
        offered = words(place.client("own").get(PATH))
        assert "all vehicles of the contract" not in offered
        assert "all vehicles of the contract" in words(place.client("editor").get(PATH))
        whole = post(place, filled(), "own")
        assert whole.status_code == 422
        assert "Fill in “Factory”." in words(whole)
        assert post(place, filled(factory="F02"), "own").status_code == 422
        assert not Output.objects.exists()

    def test_a_past_day_is_read_only(self, place: Place) -> None:
        assert place.client().post(PATH + "?as_of=2025-06-30", filled()).status_code == 403


def test_the_number_of_statements_is_bounded(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client()
    with django_assert_max_num_queries(BUDGET):
        client.get(PATH)
    assert hidden(client.get(PATH), "request_key")
