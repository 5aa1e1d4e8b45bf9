"""The pages of the dates and weights of a proposal: the table, pasting, what is warned of before an approval."""

from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.baseline_dates import DateRow
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BaselineMilestone, Milestone
from cluster.queries.budgets import baseline_version
from cluster.services.baseline_dates import save_dates
from cluster.services.budgets import propose_baseline, save_line
from tests.cluster.web.place import Place, hidden, make_place, words
from tests.factories import make_milestone

pytestmark = pytest.mark.django_db


class Proposal(Place):
    """The place with a proposal and a second milestone of F01."""

    draft: Baseline
    second: Milestone

    @property
    def root(self) -> str:
        return f"{self.base}budgets/{self.draft.pk}/"

    def held(self) -> dict[str, tuple[str, Decimal | None, str]]:
        rows = BaselineMilestone.objects.filter(baseline=self.draft).select_related("milestone")
        return {row.milestone.code: (str(row.due), row.weight, row.note_ru) for row in rows}

    def put(self, *rows: tuple[Milestone, dict[str, Any]]) -> None:
        given = [DateRow(number, milestone.pk, values) for number, (milestone, values) in enumerate(rows)]
        save_dates(baseline_id=self.draft.pk, rows=given, by=self.person("editor"))

    def boxes(self, *rows: tuple[Milestone, str, str, str]) -> dict[str, Any]:
        data: dict[str, Any] = {"row": [milestone.pk for milestone, *_rest in rows], "version": baseline_version(self.draft.pk)}
        for milestone, due, weight, note in rows:
            data |= {f"due-{milestone.pk}": due, f"weight-{milestone.pk}": weight, f"note-{milestone.pk}": note}
        return data


@pytest.fixture
def place(db: None) -> Proposal:
    plain = make_place()
    place = Proposal(**{name: getattr(plain, name) for name in ("contract", "factory", "other", "milestone", "promised", "source")})
    place.second = make_milestone(place.factory, code="F01-2")
    place.draft = propose_baseline(
        contract_id=place.contract.pk, name_ru="Первый", name_en="First plan", reason="start", by=place.person("editor")
    )
    return place


DUE = DateWindow.parse("2027-Q2")


@pytest.mark.parametrize("who", ["editor", "controller", "auditor", "own", "outsider", "anonymous"])
def test_who_may_open_which_page(place: Proposal, who: str) -> None:
    others = {"outsider": 404, "anonymous": 302}
    tails = ("dates/", "dates/paste/", "dates.csv")
    expected = {tail: others.get(who, 200 if tail == "dates.csv" or who == "editor" else 403) for tail in tails}
    assert {tail: place.status(who, f"budgets/{place.draft.pk}/{tail}") for tail in tails} == expected


class TestTable:
    def test_milestones_without_a_date_get_one_and_an_emptied_row_loses_it(self, place: Proposal) -> None:
        client = place.client()
        page = client.get(f"{place.root}dates/")
        assert hidden(page, f"due-{place.milestone.pk}") == ""
        data = place.boxes((place.milestone, "15.04.2027", "0,4", "as agreed"), (place.second, "2028-H1", "60 %", ""))
        answer = client.post(f"{place.root}dates/", data, follow=True)
        assert "2 dates are saved" in words(answer)
        assert place.held() == {"F01-OPEN": ("2027-04-15", Decimal("0.4"), "as agreed"), "F01-2": ("2028-H1", Decimal("0.6"), "")}
        client.post(f"{place.root}dates/", place.boxes((place.milestone, "", "", ""), (place.second, "2028-H1", "0.6", "")))
        assert set(place.held()) == {"F01-2"}

    def test_a_bad_cell_is_refused_at_its_box_and_nothing_is_saved(self, place: Proposal) -> None:
        data = place.boxes((place.milestone, "soon", "2", ""), (place.second, "2028", "", ""))
        answer = place.client().post(f"{place.root}dates/", data)
        text = words(answer)
        assert answer.status_code == 422
        assert "F01-OPEN · Due: “soon” is not a date" in text
        assert "F01-OPEN · Weight: A weight lies between 0 and 1" in text
        assert place.held() == {}

    def test_what_somebody_changed_meanwhile_is_shown_beside_what_was_typed(self, place: Proposal) -> None:
        data = place.boxes((place.milestone, "2028", "", ""))
        place.put((place.milestone, {"due": DUE}))
        client = place.client()
        answer = client.post(f"{place.root}dates/", data)
        assert answer.status_code == 409
        assert "There now: 2027-Q2" in words(answer)
        client.post(f"{place.root}dates/", data | {"version": hidden(answer, "version")})
        assert place.held()["F01-OPEN"][0] == "2028"

    def test_weights_that_do_not_make_one_are_warned_of_here_and_on_the_approval(self, place: Proposal) -> None:
        save_line(baseline_id=place.draft.pk, factory_id=place.factory.pk, amount_rub=Decimal(5), by=place.person("editor"))
        place.put((place.milestone, {"due": DUE, "weight": Decimal("0.5")}), (place.second, {"due": DUE, "weight": Decimal("0.45")}))
        client = place.client()
        sentence = "The weights of F01 make 0.95, not 1"
        assert sentence in words(client.get(f"{place.root}dates/"))
        assert sentence in words(client.get(f"{place.root}approve/"))
        refused = client.post(
            f"{place.root}approve/", {"in_force_from": "01.02.2026", "version": baseline_version(place.draft.pk), "seen_no_dates": "on"}
        )
        assert refused.status_code == 422
        place.put((place.second, {"weight": Decimal("0.5")}))
        assert sentence not in words(client.get(f"{place.root}approve/"))

    def test_a_proposal_that_was_withdrawn_says_so(self, place: Proposal) -> None:
        client, root = place.client(), place.root
        client.post(f"{root}discard/", {"version": baseline_version(place.draft.pk)})
        assert client.get(f"{root}dates/").status_code == 409

    def test_the_comparison_shows_weights(self, place: Proposal) -> None:
        place.put((place.milestone, {"due": DUE, "weight": Decimal(1)}))
        text = words(place.client().get(place.root))
        assert "Weight after" in text
        assert "1.000000" in text


class TestPasting:
    def post(self, place: Proposal, table: str, **more: Any) -> Any:
        return place.client().post(f"{place.root}dates/paste/", {"table": table, "mode": "merge"} | more)

    def test_a_preview_saves_nothing_and_a_confirmation_saves_all(self, place: Proposal) -> None:
        table = "code;due;weight;why\nF01-OPEN;2027-Q2;50 %;as agreed\nF01-2;04.2028;0,4;"
        preview = self.post(place, table)
        text = words(preview)
        assert "New dates 2" in text
        assert "The weights of F01 make 0.9, not 1" in text
        assert place.held() == {}
        assert self.post(place, table, confirm="1", version=hidden(preview, "version")).status_code == 302
        assert place.held() == {"F01-OPEN": ("2027-Q2", Decimal("0.5"), "as agreed"), "F01-2": ("2028-04", Decimal("0.4"), "")}
        assert self.post(place, table, confirm="1", version=hidden(preview, "version")).status_code == 302

    @pytest.mark.parametrize(
        ("table", "what"),
        [
            ("code;due\nF01-9;2027", "Row 2 · Code: There is no milestone “F01-9”"),
            ("code;due\nF01-2;2018", "Row 2 · Due: 2018 lies before the signing"),
            ("code;due;weight\nF01-2;2027;1e400", "Row 2 · Weight: “1e400” is not a weight"),
            ("code;due;weight\nF01-2;2027;=1+1", "Row 2 · Weight: “=1+1” is not a weight"),
            ("code;due\nF01-2;2027\nF01-2;2028", "Rows 2 and 3 are about the same milestone"),
            ("code;due;why\nF01-2;2027;\u202eabc", "Row 2 · Why this date: This text has control characters"),
            ("code;due;weight\nF01-2;;0.5", "Row 2 · Due: Write the due date that this is about"),
        ],
    )
    def test_each_bad_cell_is_named_by_row_and_column(self, place: Proposal, table: str, what: str) -> None:
        answer = self.post(place, table, confirm="1")
        assert answer.status_code == 422
        assert what in words(answer)
        assert place.held() == {}

    def test_what_changed_since_the_preview_is_shown_again(self, place: Proposal) -> None:
        table = "code;due\nF01-2;2028"
        seen = hidden(self.post(place, table), "version")
        place.put((place.second, {"due": DUE}))
        answer = self.post(place, table, confirm="1", version=seen)
        assert answer.status_code == 409
        assert place.held()["F01-2"][0] == "2027-Q2"

    @pytest.mark.parametrize("language", ["en", "ru"])
    def test_the_sites_own_file_pasted_back_changes_nothing(self, place: Proposal, language: str) -> None:
        place.put(
            (place.milestone, {"due": DateWindow.parse("2027-04..2027-06"), "weight": Decimal("0.333333"), "note": "=A1; «почему»"}),
            (place.second, {"due": DateWindow.parse("2028-H2")}),
        )
        client = place.client(language=language)
        file = client.get(f"{place.root}dates.csv").content.decode()
        answer = client.post(f"{place.root}dates/paste/", {"table": file, "mode": "replace"})
        assert answer.status_code == 200
        assert b'name="confirm"' not in answer.content

    def test_a_manager_downloads_the_dates_of_the_own_factory_alone(self, place: Proposal) -> None:
        foreign = make_milestone(place.other, code="F02-OPEN")
        place.put((place.milestone, {"due": DUE}), (foreign, {"due": DUE}))
        text = place.client("own").get(f"{place.root}dates.csv").content.decode()
        assert "F01-OPEN" in text
        assert "F02-OPEN" not in text
