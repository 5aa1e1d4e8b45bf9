"""The forms of brands, models, plans and capacity: who may, what is refused, revisions, corrections, and two people who meet."""

import re
import uuid
from datetime import date
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from production.models import Brand, Capacity, Output, PlanRevision, VehicleModel
from production.queries.output import yearly
from tests.cluster.web.place import BUDGET, Place, make_place, title, words
from tests.cluster.web.test_forecast_form import boxes

BASE = "/production/c/alpha/"
NEXT = localdate().year + 1


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def brand(place: Place) -> Brand:
    return Brand.objects.create(contract=place.contract, code="kia", name_ru="Киа", name_en="Kia", segment="passenger")


def a_plan(place: Place, low: int | None, high: int | None, announced: str, **fields: Any) -> PlanRevision:
    plan = PlanRevision(contract=place.contract, source=place.source, year=NEXT, low=low, high=high, **{"in_use": True} | fields)
    plan.announced = DateWindow.parse(announced)
    plan.save()
    return plan


def a_capacity(place: Place, low: int, **fields: Any) -> Capacity:
    capacity = Capacity(contract=place.contract, source=place.source, low=low, **{"in_use": True} | fields)
    capacity.effective, capacity.announced = DateWindow.parse("2024"), DateWindow.parse("2024-02")
    capacity.save()
    return capacity


def typed(place: Place, **changes: Any) -> dict[str, Any]:
    """A plan for the next year as a browser sends it."""
    return {
        "request_key": str(uuid.uuid4()), "version": "", "reason": "", "year": str(NEXT), "low": "80 000", "high": "100 000",
        "qualifier": "exact", "announced_date": "2026-02", "announced_precision": "month", "source": str(place.source.pk), "document": "",
        "confidence": "high", "note_ru": "сказано с осторожностью", "note_en": "", "in_use": "on", "reason_ru": "", "reason_en": "",
    } | changes  # fmt: skip


class TestBrands:
    def test_a_brand_and_its_model_are_added_once_however_often_they_are_sent(self, place: Place) -> None:
        client = place.client()
        data = {
            "code": "kia",
            "name_ru": " Киа ",
            "name_en": "Kia",
            "segment": "passenger",
            "started_date": "1996",
            "started_precision": "year",
        }
        for _ in range(2):
            answer = client.post(BASE + "new/brand/", data)
            assert answer["Location"] == BASE + "brands/kia/"
        found = Brand.objects.get()
        assert (found.contract, found.name_ru, str(found.started)) == (place.contract, "Киа", "1996")
        for _ in range(2):
            assert client.post(BASE + "brands/kia/models/new/", {"name": "Rio", "segment": "passenger"})["Location"] == BASE + "brands/kia/"
        model = VehicleModel.objects.get()
        client.post(f"{BASE}models/{model.pk}/edit/", boxes(client.get(f"{BASE}models/{model.pk}/edit/")) | {"name": "Rio X"})
        text = words(client.get(BASE + "brands/kia/"))
        assert "Rio X" in text
        assert "built since 1996" in text

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"name_ru": ""}, "id_name_ru", "Fill in “Name in Russian”."),
            ({"code": "not a slug"}, "id_code", "Enter a valid “slug”"),
            ({"code": "lada"}, "id_code", "There is already a brand of this code."),
            ({"started_date": "1066"}, "id_started_0", "Give a date from 1990 to 2100."),
            ({"name_en": "a\u202eb"}, "id_name_en", "control characters"),
            ({"source": "9" * 30}, "id_source", "Select a valid choice."),
        ],
    )
    def test_what_is_refused_stands_above_and_at_the_box(self, place: Place, changes: dict[str, str], box: str, sentence: str) -> None:
        Brand.objects.create(contract=place.contract, code="lada", name_ru="Лада", segment="passenger")
        data = {"code": "kia", "name_ru": "Киа", "segment": "passenger", "started_date": "", "note_ru": "написано с трудом"} | changes
        answer = place.client().post(BASE + "new/brand/", data)
        assert (answer.status_code, title(answer).split()[0]) == (422, "Error:")
        assert f'href="#{box}"' in answer.content.decode()
        assert words(answer).count(sentence) >= 2
        assert "написано с трудом" in answer.content.decode()
        assert Brand.objects.count() == 1

    def test_two_people_change_one_brand(self, place: Place, brand: Brand) -> None:
        path = f"{BASE}brands/kia/edit/"
        mine, theirs = (boxes(place.client().get(path)) for _ in range(2))
        assert place.client().post(path, theirs | {"name_en": "KIA", "note_en": "theirs"}).status_code == 302
        answer = place.client().post(path, mine | {"name_en": "Kia Motors", "segment": "commercial", "reason": "renamed"})
        assert (answer.status_code, title(answer).split()[0]) == (409, "Conflict:")
        assert "Name in English Kia KIA Kia Motors what the form says (yours) theirs" in words(answer)
        merged = boxes(answer)
        assert (merged["note_en"], merged["segment"], merged["reason"]) == ("theirs", "commercial", "renamed")
        assert place.client().post(path, merged | {"take_name_en": "theirs"}).status_code == 302
        brand.refresh_from_db()
        assert (brand.name_en, brand.segment, brand.note_en) == ("KIA", "commercial", "theirs")

    def test_the_page_of_a_brand_tells_its_output_and_the_way_to_correct_it(
        self, place: Place, brand: Brand, django_assert_max_num_queries: Any
    ) -> None:
        place.client().post(
            BASE + "output/",
            {
                "year": "2024",
                "quantity": "12 500",
                "unit": "vehicles",
                "brand": brand.pk,
                "document": "report",
                "announced_date": "2025-01",
            },
        )
        client = place.client()
        client.get(BASE)
        with django_assert_max_num_queries(BUDGET):
            text = words(client.get(BASE + "brands/kia/"))
        assert "12,500 vehicles" in text
        figure = Output.objects.get()
        data = boxes(client.get(f"{BASE}output/?of={figure.pk}"))
        assert (data["quantity"].replace("\u00a0", ""), data["brand"], data["replaces_version"]) == ("12500", str(brand.pk), "1")
        assert client.post(BASE + "output/", data | {"quantity": "12 600", "document": "act 2"}).status_code == 302
        assert list(Output.objects.filter(in_use=True).values_list("quantity", flat=True)) == [12600]
        assert boxes(client.get(f"{BASE}output/?of={'9' * 40}"))["quantity"] == ""


class TestPlans:
    def test_a_revised_plan_is_a_new_one_and_the_old_one_stays(self, place: Place) -> None:
        first = a_plan(place, 100_000, 130_000, "2025-03")
        answer = place.client().post(BASE + "plans/new/", typed(place))
        assert answer["Location"] == BASE
        (year,) = yearly(place.person("editor"), place.contract.pk, localdate())
        assert [(plan.low, plan.high) for plan in year.plans] == [(100_000, 130_000), (80_000, 100_000)]
        assert year.plan == (80_000, 100_000)
        newest = PlanRevision.objects.exclude(pk=first.pk).get()
        assert (newest.source, str(newest.announced), newest.recorded_by) == (place.source, "2026-02", place.person("editor"))
        text = words(place.client().get(BASE))
        assert "80,000–100,000" in text
        assert "100,000–130,000" in text

    def test_a_form_sent_twice_is_one_plan(self, place: Place) -> None:
        data = typed(place, source="", document="letter 7", announced_date="")
        assert [place.client().post(BASE + "plans/new/", data).status_code for _ in range(2)] == [302, 302]
        plan = PlanRevision.objects.get()
        assert (plan.source.document, plan.announced) == ("letter 7", DateWindow.day(localdate()))

    @pytest.mark.parametrize(("low", "high", "bounds"), [("70 000", "", (70_000, 70_000)), ("", "90000", (90_000, 90_000))])
    def test_a_single_number_is_a_plan_too(self, place: Place, low: str, high: str, bounds: tuple[int, int]) -> None:
        assert place.client().post(BASE + "plans/new/", typed(place, low=low, high=high)).status_code == 302
        assert yearly(place.person("editor"), place.contract.pk, localdate())[0].plan == bounds

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"low": "", "high": ""}, "id_low", "Give at least one bound."),
            ({"low": "100 001"}, "id_high", "The low bound lies above the high one."),
            ({"low": "80,000"}, "id_low", "Write a whole number"),
            ({"high": "1e400"}, "id_high", "Write a whole number"),
            ({"year": "20027"}, "id_year", "Write the year in four digits"),
            ({"year": "٢٠٢٧"}, "id_year", "Write the year in four digits"),
            ({"year": "1066"}, "id_year", "greater than or equal to 1990"),
            ({"announced_date": "2099"}, "id_announced_0", "This day has not come"),
            ({"announced_date": "1066"}, "id_announced_0", "Give a date from 1990 to 2100."),
            ({"source": ""}, "id_source", "Name a source or a document"),
            ({"confidence": "total"}, "id_confidence", "Select a valid choice."),
        ],
    )
    def test_what_is_refused_stands_above_and_at_the_box(self, place: Place, changes: dict[str, str], box: str, sentence: str) -> None:
        answer = place.client().post(BASE + "plans/new/", typed(place, **changes))
        assert (answer.status_code, title(answer).split()[0]) == (422, "Error:")
        assert re.search(rf'href="#{box}"', answer.content.decode())
        assert words(answer).count(sentence) >= 2
        assert "сказано с осторожностью" in answer.content.decode()
        assert not PlanRevision.objects.exists()

    def test_errors_are_told_in_the_language_of_the_reader(self, place: Place) -> None:
        assert title(place.client(language="ru").post(BASE + "plans/new/", typed(place, year=""))).startswith("Ошибка: ")

    def test_a_correction_needs_a_reason_and_is_kept_in_the_history(self, place: Place) -> None:
        plan = a_plan(place, 100_000, 130_000, "2025-03")
        path = f"{BASE}plans/{plan.pk}/"
        data = boxes(place.client().get(path)) | {"high": "140 000", "in_use": "on"}
        refused = place.client().post(path, data)
        assert refused.status_code == 422
        assert 'href="#id_reason"' in refused.content.decode()
        assert place.client().post(path, data | {"reason": "a slip of the pen"}).status_code == 302
        plan.refresh_from_db()
        assert (plan.high, str(plan.announced)) == (140_000, "2025-03")
        event = plan.history.order_by("-pgh_id").first()  # type: ignore[attr-defined]
        assert (event.high, event.pgh_context.metadata["reason"]) == (140_000, "a slip of the pen")

    def test_two_people_correct_one_plan(self, place: Place) -> None:
        plan = a_plan(place, 100_000, 130_000, "2025-03")
        path = f"{BASE}plans/{plan.pk}/"
        mine = boxes(place.client().get(path)) | {"in_use": "on", "reason": "mine"}
        place.client().post(path, mine | {"high": "140 000", "reason": "theirs"})
        answer = place.client().post(path, mine | {"low": "90 000"})
        assert answer.status_code == 409
        assert boxes(answer)["high"].replace("\u00a0", "") == "140000"
        assert PlanRevision.objects.get().low == 100_000
        assert place.client().post(path, boxes(answer) | {"in_use": "on"}).status_code == 302
        plan.refresh_from_db()
        assert (plan.low, plan.high) == (90_000, 140_000)


class TestCapacity:
    def filled(self, place: Place, **changes: Any) -> dict[str, Any]:
        data = typed(place, low="300 000", high="", effective_date="2024", effective_precision="year", **changes)
        return {name: value for name, value in data.items() if name != "year"}

    def test_a_claim_in_use_takes_the_place_of_the_one_that_was(self, place: Place) -> None:
        before = a_capacity(place, 250_000)
        assert [place.client().post(BASE + "capacity/new/", self.filled(place)).status_code for _ in range(2)] == [302, 302]
        assert list(Capacity.objects.order_by("pk").values_list("low", "in_use")) == [(250_000, False), (300_000, True)]
        path = f"{BASE}capacity/{before.pk}/"
        data = boxes(place.client().get(path)) | {"reason": "the ministry confirmed it", "in_use": "on"}
        assert place.client().post(path, data).status_code == 302
        assert list(Capacity.objects.order_by("pk").values_list("low", "in_use")) == [(250_000, True), (300_000, False)]

    def test_it_needs_a_number_and_a_range_in_its_order(self, place: Place) -> None:
        answer = place.client().post(BASE + "capacity/new/", self.filled(place) | {"low": ""})
        assert 'href="#id_low"' in answer.content.decode()
        answer = place.client().post(BASE + "capacity/new/", self.filled(place) | {"high": "1"})
        assert 'href="#id_high"' in answer.content.decode()
        assert not Capacity.objects.exists()


class TestWhoMay:
    @pytest.mark.parametrize(
        ("who", "status"),
        [("editor", 200), ("own", 403), ("controller", 403), ("auditor", 403), ("admin", 403), ("outsider", 404), ("anonymous", 302)],
    )
    def test_the_forms_are_for_editors(self, place: Place, brand: Brand, who: str, status: int) -> None:
        plan, capacity = a_plan(place, 1, 2, "2025"), a_capacity(place, 1)
        client = place.client(who)
        paths = ("new/brand/", "brands/kia/edit/", "brands/kia/models/new/", "plans/new/", f"plans/{plan.pk}/", "capacity/new/")
        for path in (*paths, f"capacity/{capacity.pk}/"):
            assert client.get(BASE + path).status_code == status, path
        assert client.post(BASE + "plans/new/", typed(place)).status_code == (302 if status == 200 else status)
        assert PlanRevision.objects.count() == (2 if status == 200 else 1)
        assert ("Add a plan" in words(client.get(BASE))) is (who == "editor")

    def test_what_belongs_elsewhere_is_not_found_and_a_past_day_is_read_only(self, place: Place, brand: Brand) -> None:
        client = place.client()
        for path in ("brands/lada/", "brands/lada/edit/", "plans/0/", f"plans/{10**30}/", "capacity/7/", "models/7/edit/"):
            assert client.get(BASE + path).status_code == 404, path
        assert client.get(f"{BASE}new/brand/?as_of={date(2025, 1, 1)}").status_code == 403
        assert "Change the brand" not in words(client.get(f"{BASE}brands/kia/?as_of=2025-01-01"))
