"""The slip ledger: what counts as a slip, sums that equal their rows, what rebaselining cannot hide, who sees names, files, the API."""

import csv
import io
import re
from datetime import date
from typing import Any

import pytest

from cluster.domain.dates import DateWindow
from cluster.domain.slips import SlipSum, slip_days, sums_by
from cluster.models import Baseline, ForecastRevision, Milestone
from cluster.queries.slips import SlipLedger, slip_ledger
from tests.cluster.api.world import BASE, token_client
from tests.cluster.web.place import WHO_ASKS, Place, make_place, words
from tests.factories import approve, make_milestone, make_user, promise

AS_OF = date(2026, 6, 30)


def revise(milestone: Milestone, window: str, on: str, reason: str = "contractor") -> ForecastRevision:
    row = ForecastRevision(milestone=milestone, reason=reason)
    row.new, row.announced = DateWindow.parse(window), DateWindow.parse(on)
    if reason == "confirmed":
        row.old = row.new
    row.save()
    return row


@pytest.fixture
def place(db: None) -> Place:
    """F01-OPEN, promised for 2023, promised anew for 2024: +182 days under the first, -31 days under the second baseline, one confirmation.

    F02-OPEN, promised for 2025: +31 days. ALL was never promised.
    """
    place = make_place()
    place.milestone.responsible = make_user(username="petrova", first_name="Anna", last_name="Petrova")
    place.milestone.save()
    anew = Baseline.objects.create(contract=place.contract, name_ru="План 2", name_en="Plan 2")
    promise(place.milestone, "2024", baseline=anew)
    approve(anew, "2024-03-01")
    revise(place.milestone, "2024-06-30", "2023-03-01", "contractor")
    revise(place.milestone, "2024-05-30", "2024-04-01", "earlier")
    revise(place.milestone, "2024-05-30", "2024-05-01", "confirmed")
    other = make_milestone(place.other, code="F02-OPEN", name_en="Seat plant opens")
    promise(other, "2025", announced="2024-01-01")
    revise(other, "2026-01-31", "2024-04-15", "sanctions")
    whole = make_milestone(contract=place.contract, code="ALL", name_en="All plants opened")
    revise(whole, "2030", "2024-04-15", "scope")
    return place


def ledger(place: Place, who: str = "editor", as_of: date = AS_OF) -> SlipLedger:
    return slip_ledger(reader=place.person(who), contract_code="alpha", as_of=as_of)


def days(found: SlipLedger) -> dict[tuple[str, str], int | None]:
    return {(slip.revision.milestone.code, slip.on.isoformat()): slip.days for slip in found.rows}


def page(place: Place, query: str = "", who: str = "editor") -> Any:
    return place.client(who).get(place.base + "schedule/slips/" + query)


def test_days_are_lost_won_or_not_defined() -> None:
    assert slip_days(date(2024, 1, 31), date(2024, 3, 1)) == 30
    assert slip_days(date(2024, 3, 1), date(2024, 1, 31)) == -30
    assert slip_days(None, date(2024, 1, 31)) is None


def test_sums_begin_with_what_lost_most_and_add_up() -> None:
    found = sums_by([("a", 5), ("b", 40), ("a", -2), ("b", None)])
    assert found == {"b": SlipSum(2, 40, 0), "a": SlipSum(2, 5, 2)}
    assert list(found) == ["b", "a"]
    assert sum(found.values(), SlipSum()) == SlipSum(4, 45, 2)


class TestLedger:
    def test_the_first_forecast_counts_against_the_due_date_of_its_day_and_later_ones_against_the_one_before(self, place: Place) -> None:
        assert days(ledger(place)) == {
            ("F01-OPEN", "2023-03-01"): (date(2024, 6, 30) - date(2023, 12, 31)).days,
            ("F01-OPEN", "2024-04-01"): -31,
            ("F02-OPEN", "2024-04-15"): 31,
            ("ALL", "2024-04-15"): None,
        }
        assert {slip.on.isoformat() for slip in ledger(place).rows if slip.is_first} == {"2023-03-01", "2024-04-15"}

    def test_the_first_forecast_after_a_new_baseline_counts_against_that_one(self, place: Place) -> None:
        anew = Baseline.objects.create(contract=place.contract, name_ru="План 3", name_en="Plan 3")
        late = make_milestone(place.factory, code="F01-X")
        promise(late, "2023", announced="2022-01-01")
        promise(late, "2026-01", baseline=anew)
        approve(anew, "2025-01-01")
        revise(late, "2026-03-31", "2025-06-01")
        assert days(ledger(place))["F01-X", "2025-06-01"] == 59

    def test_a_confirmation_is_no_slip_but_is_counted(self, place: Place) -> None:
        assert ledger(place).confirmed == 1
        assert "confirmed" not in {slip.revision.reason for slip in ledger(place).rows}

    def test_a_past_day_knows_only_what_had_been_announced(self, place: Place) -> None:
        assert days(ledger(place, as_of=date(2023, 12, 31))) == {("F01-OPEN", "2023-03-01"): 182}
        late_told = revise(place.milestone, "2023-11-30", "2022-12-01")
        assert days(ledger(place, as_of=date(2023, 12, 31))) == {("F01-OPEN", "2023-03-01"): 213, ("F01-OPEN", "2022-12-01"): -31}
        assert late_told.pk

    def test_a_plant_manager_sees_the_own_factory(self, place: Place) -> None:
        assert {code for code, _on in days(ledger(place, "own"))} == {"F01-OPEN"}
        assert {code for code, _on in days(ledger(place, "foreign"))} == {"F02-OPEN"}

    def test_it_takes_two_statements(self, place: Place, django_assert_num_queries: Any) -> None:
        reader = place.person("editor")
        assert reader.scope
        with django_assert_num_queries(2):
            slip_ledger(reader=reader, contract_code="alpha", as_of=AS_OF)


class TestPage:
    def test_every_table_of_sums_adds_up_to_the_total(self, place: Place) -> None:
        context = page(place).context
        assert (context["total"].count, context["total"].lost, context["total"].won, context["total"].net) == (4, 213, 31, 182)
        assert [table.key for table in context["sums"]] == ["reason", "factory", "month", "responsible"]
        for table in context["sums"]:
            assert sum((part.sum for part in table.parts), SlipSum()) == context["total"]

    def test_a_sum_leads_to_its_rows(self, place: Place) -> None:
        for table in page(place).context["sums"]:
            for part in table.parts:
                behind = place.client().get(part.url).context["total"]
                assert behind == part.sum, (table.key, part.label)

    @pytest.mark.parametrize(
        ("query", "count"),
        [("?factory=F01", 2), ("?factory=-", 1), ("?reason=sanctions", 1), ("?month=2024-04", 3), ("?q=seat", 1), ("?q=nothing", 0)],
    )
    def test_filters_leave_what_fits(self, place: Place, query: str, count: int) -> None:
        response = page(place, query)
        assert len(response.context["asked"].rows) == count
        assert ("No revision fits" in words(response)) == (count == 0)

    def test_rows_are_sorted_by_the_address(self, place: Place) -> None:
        assert [slip.days for slip in page(place, "?sort=-days").context["shown"]] == [182, 31, -31, None]
        assert [slip.days for slip in page(place, "?sort=days").context["shown"]] == [-31, 31, 182, None]

    def test_rebaselining_hides_nothing(self, place: Place) -> None:
        text = words(page(place, "?view=promises&as_of=2024-12-31"))
        assert "Plan 2" in text
        row = re.search(r"Press plant opens F01-OPEN (\S+) (\S+) (.*?) — — \+366", text)
        assert row is not None, text
        assert (row[1], row[2], row[3]) == ("2023", "2024", "May 30, 2024")

    def test_names_are_shown_to_those_who_answer_for_the_record_alone(self, place: Place) -> None:
        assert "Anna Petrova" in words(page(place))
        hidden = page(place, who="controller")
        assert "Petrova" not in hidden.content.decode()
        assert "By responsible" not in words(hidden)
        everybody = page(place, f"?responsible={place.milestone.responsible_id}", who="controller")
        assert len(everybody.context["asked"].rows) == 4

    @pytest.mark.parametrize(
        "query", ["?reason=nonsense", "?month=2024", "?month=x", "?month=2024-04..2024-06", "?sort=drop", "?view=x", "?q=%00"]
    )
    def test_nonsense_in_the_address_is_refused(self, place: Place, query: str) -> None:
        response = page(place, query)
        assert response.status_code == 400

    def test_what_is_typed_is_never_markup(self, place: Place) -> None:
        html = page(place, "?factory=%3Cscript%3E&q=%3Cscript%3E&responsible=%3Cscript%3E").content.decode()
        assert "<script>" not in html

    def test_without_revisions_it_says_how_the_ledger_begins(self, db: None) -> None:
        place = make_place()
        assert "No forecast has moved" in words(page(place))

    @pytest.mark.parametrize(("who", "status"), [("own", 200), ("outsider", 404), ("anonymous", 302)])
    def test_outsiders_find_nothing(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, "schedule/slips/") == status

    @pytest.mark.parametrize("query", ["", "?view=promises"])
    def test_it_takes_few_statements(self, place: Place, query: str, django_assert_max_num_queries: Any) -> None:
        client = place.client()
        with django_assert_max_num_queries(11 + WHO_ASKS):
            assert client.get(place.base + "schedule/slips/" + query).status_code == 200


class TestFile:
    def rows(self, place: Place, query: str = "", who: str = "editor") -> list[dict[str, str]]:
        response = place.client(who).get(place.base + "schedule/slips.csv" + query)
        assert response.status_code == 200
        return list(csv.DictReader(io.StringIO(response.content.decode().removeprefix("\ufeff"))))

    def test_it_has_the_rows_that_the_filters_leave(self, place: Place) -> None:
        (row,) = self.rows(place, "?reason=earlier")
        assert (row["Milestone"], row["Days lost or won"], row["From"], row["To"]) == ("F01-OPEN", "-31", "2024-06-30", "2024-05-30")
        assert row["Responsible"] == "Anna Petrova"
        assert len(self.rows(place)) == 4

    def test_names_are_left_out_for_those_who_may_not_see_them(self, place: Place) -> None:
        assert "Responsible" not in self.rows(place, who="controller")[0]


class TestApi:
    def get(self, place: Place, who: str = "editor", **query: str) -> Any:
        return token_client(place.person(who)).get(f"{BASE}contracts/alpha/slips/", {"as_of": AS_OF.isoformat()} | query)

    def test_it_gives_the_rows_and_sums_that_add_up(self, place: Place) -> None:
        found = self.get(place).json()
        assert found["total"] == {"count": 4, "lost": 213, "won": 31, "net": 182}
        for group in ("by_reason", "by_factory", "by_month", "by_responsible"):
            assert sum(one["net"] for one in found[group]) == 182, group
        assert found["slips"][0]["announced_on"] == "2024-04-15"
        assert {slip["days"] for slip in found["slips"]} == {182, -31, 31, None}

    def test_one_factory_can_be_asked_for(self, place: Place) -> None:
        assert [slip["milestone"]["code"] for slip in self.get(place, factory="F02").json()["slips"]] == ["F02-OPEN"]

    def test_a_plant_manager_gets_the_own_factory_and_no_names(self, place: Place) -> None:
        found = self.get(place, "own").json()
        assert {slip["factory"]["code"] for slip in found["slips"]} == {"F01"}
        assert [one["responsible"]["name"] for one in found["by_responsible"]] == [None]

    def test_outsiders_get_404(self, place: Place) -> None:
        assert self.get(place, "outsider").status_code == 404
