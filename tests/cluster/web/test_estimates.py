"""The pages of estimates and of a pasted schedule: who may, what is shown before it is saved, what two people see."""

import re
from datetime import date
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from cluster.domain.dates import DateWindow
from cluster.domain.estimates import Estimate, EstimateRow
from cluster.models import Dependency, ForecastRevision, Milestone
from cluster.services.estimates import save_estimates
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, words
from tests.factories import make_milestone

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    place = make_place()
    Milestone.objects.filter(pk=place.milestone.pk).update(duration_days=10)
    place.milestone.refresh_from_db()
    return place


def boxes(milestone: Milestone, *values: str, version: int | None = None) -> dict[str, Any]:
    names = ("optimistic_days", "duration_days", "pessimistic_days", "risk_cause")
    typed = {f"{name}-{milestone.pk}": value for name, value in zip(names, values, strict=True)}
    return typed | {"row": milestone.pk, f"version-{milestone.pk}": milestone.version if version is None else version}


@pytest.mark.parametrize("who", ["editor", "controller", "auditor", "admin", "own", "outsider", "nobody", "anonymous"])
def test_who_may_open_which_page(place: Place, who: str) -> None:
    status = {"outsider": 404, "nobody": 404, "anonymous": 302}.get(who, 200)
    expected = dict.fromkeys(("estimates/", "estimates.csv", "schedule/paste/", "schedule/table.csv"), status)
    if status == 200 and who != "editor":
        expected["schedule/paste/"] = 403
    assert {path: place.status(who, path) for path in expected} == expected


class TestEstimates:
    def url(self, place: Place, query: str = "") -> str:
        return f"{place.base}estimates/{query}"

    def test_an_editor_sees_boxes_and_a_controller_figures(self, place: Place) -> None:
        page = place.client().get(self.url(place))
        assert hidden(page, f"duration_days-{place.milestone.pk}") == "10"
        assert hidden(page, f"version-{place.milestone.pk}") == "1"
        other = place.client("controller").get(self.url(place))
        assert b"duration_days-" not in other.content
        assert "F01-OPEN" in words(other)

    def test_a_manager_sees_the_own_factory_alone(self, place: Place) -> None:
        make_milestone(place.other, code="F02-OPEN")
        text = words(place.client("own").get(self.url(place)))
        assert "F01-OPEN" in text
        assert "F02-OPEN" not in text
        assert "F02" not in place.client("own").get(f"{place.base}schedule/table.csv").content.decode()

    def test_what_was_reached_is_not_in_the_table_and_the_factory_narrows_it(self, place: Place) -> None:
        done, other = make_milestone(place.factory, code="F01-DONE"), make_milestone(place.other, code="F02-OPEN")
        done.actual, done.actual_announced_on = DateWindow.parse("2025-01"), date(2025, 2, 1)
        done.save()
        text = words(place.client().get(self.url(place, "?factory=F01")))
        assert "F01-OPEN" in text
        assert done.code not in text
        assert other.code not in text

    def test_all_rows_are_saved_together(self, place: Place) -> None:
        second = make_milestone(place.other, code="F02-OPEN")
        data = boxes(place.milestone, "5", "12 d", "30 дн", "Supplier A")
        both = data | boxes(second, "", "7", "", "") | {"row": [place.milestone.pk, second.pk]}
        answer = place.client().post(self.url(place), both, follow=True)
        assert "2 estimates are saved." in words(answer)
        place.milestone.refresh_from_db()
        assert (place.milestone.optimistic_days, place.milestone.duration_days, place.milestone.pessimistic_days) == (5, 12, 30)
        assert place.milestone.risk_cause == "Supplier A"
        assert Milestone.objects.get(pk=second.pk).duration_days == 7

    def test_an_estimate_out_of_order_is_refused_at_its_box_and_nothing_is_saved(self, place: Place) -> None:
        second = make_milestone(place.other, code="F02-OPEN")
        data = boxes(place.milestone, "20", "12", "30", "") | boxes(second, "", "7", "", "") | {"row": [place.milestone.pk, second.pk]}
        answer = place.client().post(self.url(place), data)
        assert answer.status_code == 422
        assert "F01-OPEN · Optimistic: The optimistic duration (20) is longer than the likely one (12)" in words(answer)
        box = re.search(rf'<input[^>]*id="optimistic_days-{place.milestone.pk}"[^>]*>', answer.content.decode())
        assert box is not None
        assert 'aria-invalid="true"' in box[0]
        assert 'value="20"' in box[0]
        assert Milestone.objects.get(pk=second.pk).duration_days is None

    @pytest.mark.parametrize("typed", ["1e400", "-3", "=1+1", "a\x00b", "\u202e12", "9" * 10**5])
    def test_hostile_cells_are_refused_at_their_box(self, place: Place, typed: str) -> None:
        answer = place.client().post(self.url(place), boxes(place.milestone, typed, "12", "30", "x\x00"))
        assert answer.status_code == 422
        assert Milestone.objects.get(pk=place.milestone.pk).duration_days == 10

    def test_a_row_that_somebody_changed_says_what_stands_there_and_saving_again_writes_it(self, place: Place) -> None:
        client = place.client()
        theirs = EstimateRow(0, place.milestone.pk, Estimate(11, 10, 12, "Theirs"), 1)
        save_estimates(contract_id=place.contract.pk, rows=[theirs], by=place.person("editor"))
        answer = client.post(self.url(place), boxes(place.milestone, "5", "13", "30", "Mine", version=1))
        assert answer.status_code == 409
        assert "There now: 10 / 11 / 12 · Theirs" in words(answer)
        seen = int(hidden(answer, f"version-{place.milestone.pk}"))
        assert client.post(self.url(place), boxes(place.milestone, "5", "13", "30", "Mine", version=seen)).status_code == 302
        assert Milestone.objects.get(pk=place.milestone.pk).risk_cause == "Mine"

    @pytest.mark.parametrize("who", ["controller", "own", "auditor"])
    def test_who_may_not_edit_writes_nothing(self, place: Place, who: str) -> None:
        assert place.status(who, "estimates/", boxes(place.milestone, "5", "12", "30", "")) == 403
        assert Milestone.objects.get(pk=place.milestone.pk).optimistic_days is None

    def test_a_milestone_of_another_contract_is_left_alone(self, place: Place) -> None:
        stranger = make_milestone()
        place.client().post(self.url(place), boxes(stranger, "5", "12", "30", ""))
        assert Milestone.objects.get(pk=stranger.pk).optimistic_days is None

    def test_a_past_day_is_read_only(self, place: Place) -> None:
        assert b"duration_days-" not in place.client().get(self.url(place, "?as_of=2024-01-01")).content
        assert place.client().post(self.url(place, "?as_of=2024-01-01"), boxes(place.milestone, "5", "12", "30", "")).status_code == 403

    def test_an_empty_table_says_what_to_do(self, place: Place) -> None:
        place.promised.delete()
        place.milestone.delete()
        assert "Nothing to estimate" in words(place.client().get(self.url(place)))

    def test_many_milestones_cost_as_many_statements_as_few(self, place: Place, django_assert_max_num_queries: Any) -> None:
        for _ in range(30):
            make_milestone(place.factory)
        client = place.client()
        with django_assert_max_num_queries(BUDGET):
            client.get(self.url(place))


class TestPasting:
    def post(self, place: Place, table: str, client: Client | None = None, **more: Any) -> Any:
        return (client or place.client()).post(f"{place.base}schedule/paste/", {"table": table} | more)

    def test_a_preview_saves_nothing_and_a_confirmation_saves_all(self, place: Place) -> None:
        table = (
            "code;factory;kind;name;duration;predecessors\nF01-OPEN;F01;opening;Открытие;15;N-1FS+2d\nN-1;Seat plant;Design;Новая веха;5;"
        )
        preview = self.post(place, table)
        text = words(preview)
        assert preview.status_code == 200
        assert "New milestones 1" in text
        assert "Most likely: 10 → 15" in text
        assert "Predecessors: empty → N-1FS+2d" in text
        assert not Milestone.objects.filter(code="N-1").exists()
        done = self.post(place, table, confirm="1", version=hidden(preview, "version"))
        assert done.status_code == 302
        new = Milestone.objects.get(code="N-1")
        assert (new.factory, new.kind, new.duration_days) == (place.other, "design", 5)
        link = Dependency.objects.get()
        assert (link.predecessor, link.successor, link.lag_days) == (new, place.milestone, 2)

    def test_each_bad_cell_is_marked_and_nothing_can_be_confirmed(self, place: Place) -> None:
        table = "code;duration;optimistic;kind\nF01-OPEN;10;20;opening\nN-1;5;1;party"
        answer = self.post(place, table, confirm="1")
        text = words(answer)
        assert answer.status_code == 422
        assert "Nothing is saved" in text
        assert "Row 2 · Optimistic" in text
        assert "Row 3 · Kind" in text
        assert b"bad-cell" in answer.content
        assert b'name="confirm"' not in answer.content
        assert Milestone.objects.count() == 1

    def test_a_circle_is_named_with_its_members(self, place: Place) -> None:
        make_milestone(place.factory, code="F01-2")
        text = words(self.post(place, "code;predecessors\nF01-OPEN;F01-2\nF01-2;F01-OPEN"))
        assert "in a circle: F01-2 → F01-OPEN → F01-2" in text or "in a circle: F01-OPEN → F01-2 → F01-OPEN" in text

    def test_a_chain_that_leads_beyond_2100_is_refused_in_the_preview(self, place: Place) -> None:
        rows = "".join(f"N-{n};Design;N;5000;{f'N-{n - 1}' if n else ''}\n" for n in range(6))
        response = self.post(place, "code;kind;name;duration;predecessors\n" + rows)
        assert response.status_code == 422
        assert re.search(r"N-\d would be driven out of the years 1990 to 2100", words(response))

    def test_thousands_of_milestones_are_counted_as_in_the_preview(self, place: Place) -> None:
        table = "code;kind;name\n" + "".join(f"N-{n};Design;N\n" for n in range(1000))
        version = hidden(self.post(place, table), "version")
        done = self.post(place, table, confirm="1", version=version)
        assert done.status_code == 302
        [message] = get_messages(done.wsgi_request)
        assert str(message) == "1,000 milestones are added, 0 changed, 0 unchanged."

    def test_what_changed_since_the_preview_is_shown_again(self, place: Place) -> None:
        table = "code;duration\nF01-OPEN;15"
        seen = hidden(self.post(place, table), "version")
        row = EstimateRow(0, place.milestone.pk, Estimate(12))
        save_estimates(contract_id=place.contract.pk, rows=[row], by=place.person("editor"))
        answer = self.post(place, table, confirm="1", version=seen)
        assert answer.status_code == 409
        assert "Somebody changed the schedule since the preview" in words(answer)
        assert "Most likely: 12 → 15" in words(answer)
        assert self.post(place, table, confirm="1", version=hidden(answer, "version")).status_code == 302
        # The same confirmation sent once more finds its own rows.
        assert self.post(place, table, confirm="1", version=hidden(answer, "version")).status_code == 302

    @pytest.mark.parametrize("language", ["en", "ru"])
    def test_the_sites_own_file_pasted_back_changes_nothing(self, place: Place, language: str) -> None:
        person = place.person("own")
        second = make_milestone(
            place.factory, code="F01-2", name_ru="=Веха; «вторая», \"часть\"", duration_days=20, optimistic_days=5, pessimistic_days=90,
            risk_cause="-1", responsible=person,
        )  # fmt: skip
        make_milestone(contract=place.contract, code="ALL", name_en="")
        Dependency.objects.create(predecessor=place.milestone, successor=second, type="FF", lag_days=-3)
        place.contract.is_example = True
        place.contract.save()
        client = place.client(language=language)
        for name in ("schedule/table.csv", "estimates.csv"):
            file = client.get(place.base + name)
            assert file.status_code == 200
            answer = self.post(place, file.content.decode(), client)
            assert answer.status_code == 200
            assert b'name="confirm"' not in answer.content

    def test_a_table_beyond_measure_is_refused(self, place: Place) -> None:
        assert self.post(place, "code;name\n" + "x" * 2_000_001).status_code == 422
        answer = self.post(place, "code;name;kind\nN-1;" + "x" * 10**5 + ";opening")
        assert answer.status_code == 422
        assert len(answer.content) < 400_000

    def test_a_file_keeps_user_names_to_those_who_see_people(self, place: Place) -> None:
        Milestone.objects.filter(pk=place.milestone.pk).update(responsible=place.person("foreign"))
        name = place.person("foreign").username
        assert name in place.client("auditor").get(f"{place.base}schedule/table.csv").content.decode()
        assert name not in place.client("controller").get(f"{place.base}schedule/table.csv").content.decode()


class TestConfirming:
    def test_ticked_forecasts_are_confirmed_and_the_page_says_when(self, place: Place) -> None:
        revision = ForecastRevision(milestone=place.milestone, reason="permit")
        revision.new, revision.announced = DateWindow.parse("2099"), DateWindow.parse("2024-01")
        revision.save()
        client = place.client("own")
        page = words(client.get(f"{place.base}factories/F01/"))
        assert "Confirm forecasts that still hold" in page
        answer = client.post(f"{place.base}factories/F01/confirm/", {"milestone": ["F01-OPEN"]}, follow=True)
        text = words(answer)
        assert "1 forecast is confirmed." in text
        assert "Confirmed unchanged on" in text
        assert text.count("permit") == page.count("permit")
        assert ForecastRevision.objects.filter(reason="confirmed").count() == 1

    @pytest.mark.parametrize(("who", "status"), [("foreign", 404), ("controller", 403), ("outsider", 404)])
    def test_who_may_not_revise_confirms_nothing(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, "factories/F01/confirm/", {"milestone": ["F01-OPEN"]}) == status

    def test_nothing_ticked_and_what_has_no_forecast_say_so(self, place: Place) -> None:
        client = place.client()
        at = f"{place.base}factories/F01/confirm/"
        assert "Tick the milestones" in words(client.post(at, {}, follow=True))
        assert "has no forecast to confirm" in words(client.post(at, {"milestone": ["F01-OPEN"]}, follow=True))
        assert not ForecastRevision.objects.exists()

    def test_confirmed_is_not_offered_as_a_reason_of_a_move(self, place: Place) -> None:
        page = place.client().get(f"{place.base}milestones/F01-OPEN/forecast/").content.decode()
        assert 'value="permit"' in page
        assert 'value="confirmed"' not in page
