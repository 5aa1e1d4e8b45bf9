"""The page of delays: stored flags today, computed ones for a past day, the export, and acknowledging."""

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate, now

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Contract, DelayEvent, DelayFlag, Dependency, Milestone, RiskResult, RiskRun
from cluster.services import public_record
from cluster.services.delays import flag_delays
from cluster.services.forecasts import revise_forecast
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, title, words
from tests.factories import make_milestone, make_user, promise


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def flag() -> None:
    flag_delays(as_of=localdate(), progress=lambda done, total: None)


def rows(place: Place, query: str = "", who: str = "editor") -> list[tuple[str, str]]:
    """Milestone and kind of each row, open ones first."""
    context = place.client(who).get(place.base + "delays/" + query).context
    subjects = [*context["open_subjects"], *context["closed_subjects"]]
    return [(subject.code, str(row.kind)) for subject in subjects for row in subject.rows]


def late_and_over(place: Place) -> None:
    """F02 opened 60 days after its promise."""
    done = make_milestone(place.other, code="F02-OPEN", name_en="Seat plant opens")
    promise(done, "2024", announced="2023-01-01")
    done.actual, done.actual_announced_on = DateWindow.parse("2025-03-01"), date(2025, 3, 1)
    done.save()


class TestToday:
    def test_days_run_on_and_the_promise_names_who_made_it(self, place: Place) -> None:
        flag()
        late = (localdate() - date(2023, 12, 31)).days
        text = words(place.client().get(place.base + "delays/"))
        assert f"+{late:,} days Press plant opens F01-OPEN" in text
        assert re.search(r"critical overdue: Press plant opens Acknowledge: .{0,200}? 2023 V\. Ivanov", text)
        assert "The first promise, Gazette" in text

    def test_what_was_completed_late_is_closed_and_measured_to_its_day(self, place: Place) -> None:
        late_and_over(place)
        flag()
        text = words(place.client().get(place.base + "delays/?state=closed"))
        assert "+60 days Seat plant opens" in text
        assert "moderate completed late" in text

    def test_no_flag_yet_says_what_to_do(self, place: Place) -> None:
        place.people["editor of everything"] = make_user(Role.EDITOR)
        assert "run the job that flags them" in words(place.client("editor of everything").get(place.base + "delays/"))
        assert "the nightly run has not looked yet" in words(place.client("own").get(place.base + "delays/"))

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", [("F01-OPEN", "overdue"), ("F02-OPEN", "completed_late")]),
            ("?state=open", [("F01-OPEN", "overdue")]),
            ("?state=closed", [("F02-OPEN", "completed_late")]),
            ("?kind=completed_late", [("F02-OPEN", "completed_late")]),
            ("?severity=critical", [("F01-OPEN", "overdue")]),
            ("?severity=minor", []),
            ("?factory=F02", [("F02-OPEN", "completed_late")]),
            ("?factory=-", []),
            ("?factory=F01&severity=critical&kind=overdue&state=open", [("F01-OPEN", "overdue")]),
        ],
    )
    def test_the_address_filters(self, place: Place, query: str, expected: list[tuple[str, str]]) -> None:
        late_and_over(place)
        flag()
        assert rows(place, query) == expected

    def test_promises_of_the_contract_as_a_whole_can_be_picked(self, place: Place) -> None:
        promise(make_milestone(contract=place.contract, code="P01"), "2024", announced="2023-01-01")
        flag()
        assert rows(place, "?factory=-") == [("P01", "overdue")]

    @pytest.mark.parametrize("query", ["?kind=x", "?severity=%00", "?state=late", "?as_of=foo", "?as_of=2999-01-01", "?as_of=2025-02-30"])
    def test_nonsense_is_answered_with_a_sentence(self, place: Place, query: str) -> None:
        assert place.status("editor", "delays/" + query) == 400
        assert place.status("editor", "delays.csv" + query) == 400


class TestAPastDay:
    def test_it_is_computed_from_what_had_been_announced_and_stores_nothing(self, place: Place) -> None:
        late_and_over(place)
        text = words(place.client().get(place.base + "delays/?as_of=2025-02-01"))
        assert "What was late on February 1, 2025" in text
        assert "As of February 1, 2025" in text
        assert "+32 days Seat plant opens" in text
        assert "Acknowledge" not in text
        assert not DelayFlag.objects.exists()

    def test_today_s_flags_do_not_leak_into_it(self, place: Place) -> None:
        flag()
        assert rows(place, "?as_of=2023-12-31") == []
        assert rows(place, "?as_of=2024-01-01") == [("F01-OPEN", "overdue")]

    def test_what_was_reached_late_by_then_is_over(self, place: Place) -> None:
        late_and_over(place)
        assert rows(place, "?as_of=2025-03-01&state=closed") == [("F02-OPEN", "completed_late")]


class TestWhoSees:
    @pytest.mark.parametrize(("who", "expected"), [("controller", 2), ("auditor", 2), ("own", 1), ("foreign", 1)])
    def test_everybody_sees_the_own_part(self, place: Place, who: str, expected: int) -> None:
        late_and_over(place)
        flag()
        assert len(rows(place, who=who)) == expected
        assert len(rows(place, "?as_of=2025-06-30", who=who)) == expected

    @pytest.mark.parametrize(("who", "status"), [("outsider", 404), ("nobody", 404), ("anonymous", 302)])
    @pytest.mark.parametrize("path", ["delays/", "delays.csv"])
    def test_strangers_see_nothing(self, place: Place, who: str, status: int, path: str) -> None:
        assert place.status(who, path) == status

    def test_an_export_cannot_be_posted_to(self, place: Place) -> None:
        assert place.status("editor", "delays/", {}) == 405


class TestExport:
    def table(self, place: Place, query: str = "", language: str = "en") -> list[list[str]]:
        answer = place.client(language=language).get(place.base + "delays.csv" + query)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        text = answer.content.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter="," if language == "en" else ";"))

    def test_it_holds_what_is_shown(self, place: Place) -> None:
        late_and_over(place)
        flag()
        late = str((localdate() - date(2023, 12, 31)).days)
        table = self.table(place, "?state=open")
        assert len(table) == 2
        assert table[1][:8] == ["F01", "F01-OPEN", "Press plant opens", "overdue", "critical", late, "2023", ""]
        assert table[1][10:13] == ["V. Ivanov", "Gazette: The first promise", "https://gazette.example/1"]
        assert len(self.table(place, "?as_of=2025-02-01", "ru")) == 3

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_a_cell_never_becomes_a_formula(self, place: Place, start: str) -> None:
        place.milestone.name_en = start + 'HYPERLINK("https://evil.example")'
        place.milestone.save()
        assert self.table(place, "?as_of=2025-02-01")[1][2].startswith("'" + start)


class TestAcknowledging:
    def flagged(self, place: Place) -> DelayFlag:
        flag()
        return DelayFlag.objects.get(milestone=place.milestone)

    def test_who_and_why_stand_at_the_delay(self, place: Place) -> None:
        path = f"delays/{self.flagged(place).pk}/acknowledge/"
        until = localdate() + timedelta(days=30)
        answer = place.client("own").post(place.base + path, {"reason": "the press is coming", "until": f"{until:%d.%m.%Y}"})
        assert answer.status_code == 302
        found = DelayFlag.objects.get()
        assert (found.acknowledged_by, found.acknowledged_until, found.acknowledged_reason) == (
            place.person("own"),
            until,
            "the press is coming",
        )
        assert DelayEvent.objects.filter(flag=found, kind="acknowledged").count() == 1
        assert "the press is coming" in words(place.client("controller").get(place.base + "delays/"))

    @pytest.mark.parametrize(
        ("data", "box"),
        [
            ({"reason": "", "until": "2099-01-01"}, "id_reason"),
            ({"reason": "why", "until": "2020-01-01"}, "id_until"),
            ({"reason": "why", "until": "soon"}, "id_until"),
            ({"reason": "a\x00b", "until": "2099-01-01"}, "id_reason"),
            ({"reason": "x" * 5000, "until": "2099-01-01"}, "id_reason"),
        ],
    )
    def test_a_wrong_input_is_named_above_and_at_the_box(self, place: Place, data: dict[str, str], box: str) -> None:
        answer = place.client().post(f"{place.base}delays/{self.flagged(place).pk}/acknowledge/", data)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert title(answer).startswith("Error:")
        assert f'href="#{box}"' in page
        assert DelayFlag.objects.get().acknowledged_by is None

    @pytest.mark.parametrize(
        ("who", "status"),
        [("controller", 403), ("auditor", 403), ("admin", 403), ("foreign", 404), ("outsider", 404), ("nobody", 404), ("anonymous", 302)],
    )
    def test_who_may_not_is_told_so_before_anything_is_typed(self, place: Place, who: str, status: int) -> None:
        path = f"delays/{self.flagged(place).pk}/acknowledge/"
        assert place.status(who, path) == status
        assert place.status(who, path, {"reason": "x", "until": "2099-01-01"}) == status
        assert DelayFlag.objects.get().acknowledged_by is None

    def test_what_is_closed_or_not_there_cannot_be_acknowledged(self, place: Place) -> None:
        found = self.flagged(place)
        DelayFlag.objects.update(closed_on=localdate())
        answer = place.client().post(f"{place.base}delays/{found.pk}/acknowledge/", {"reason": "x", "until": "2099-01-01"})
        assert "This delay is closed." in words(answer)
        assert place.status("editor", f"delays/{10**30}/acknowledge/") == 404


@pytest.mark.django_db
class TestThePublicRecord:
    def test_the_missed_promises_stand_with_their_days_and_sources(self) -> None:
        public_record.load()
        flag()
        place = make_place()
        place.contract = Contract.objects.get(code="avtotor")
        text = words(place.client("auditor").get("/c/avtotor/delays/"))
        for code, days in (("P01", 761), ("P05", 305), ("F01-OPEN", 241), ("F02-OPEN", 395)):
            row = re.search(rf"\+{days} days? .{{0,120}}?{code} .{{0,400}}?Where from\?.{{0,200}}?, \S", text)
            assert row, code
        past = words(place.client("auditor").get("/c/avtotor/delays/?as_of=2025-06-30"))
        assert re.search(r"\+547 days .{0,80}P01", past)


def test_the_number_of_statements_does_not_depend_on_the_number_of_delays(place: Place, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        each = make_milestone(place.factory, code=f"M-{number}")
        promise(each, "2024", announced="2023-01-01")
        revise_forecast(
            milestone_id=each.pk,
            window=DateWindow.parse("2025"),
            reason="design",
            by=place.person("editor"),
            version=1,
            today=date(2024, 1, 1),
        )
    flag()
    client = place.client()
    for query in ("", "?as_of=2025-06-30"):
        with django_assert_max_num_queries(BUDGET):
            client.get(place.base + "delays/" + query)


def test_the_form_shows_what_was_said_before(place: Place) -> None:
    flag()
    found = DelayFlag.objects.get()
    place.client().post(f"{place.base}delays/{found.pk}/acknowledge/", {"reason": "known", "until": "2099-12-31"})
    assert hidden(place.client().get(f"{place.base}delays/{found.pk}/acknowledge/"), "until") == "31.12.2099"


def knocked_on(place: Place) -> None:
    """A supplier is 49 days late; the opening of F02 waits for it, ten days later."""
    supplier = make_milestone(place.factory, code="F01-EQ", name_en="Presses delivered", duration_days=0)
    opening = make_milestone(place.other, code="F02-OPEN", name_en="Seat plant opens", duration_days=0)
    promise(supplier, "2030-03-01", announced="2023-01-01")
    promise(opening, "2030-03-11", announced="2023-01-01")
    Dependency.objects.create(predecessor=supplier, successor=opening)
    revise_forecast(
        milestone_id=supplier.pk,
        window=DateWindow.parse("2030-04-19"),
        reason="equipment_delivery",
        document="letter 5",
        announced=DateWindow.parse("2025-01-01"),
        by=place.person("editor"),
        version=1,
        today=localdate(),
    )


def flag_of_factory(place: Place, **fields: Any) -> DelayFlag:
    """F01 costs 12 million roubles more than its budget."""
    return DelayFlag.objects.create(
        **{
            "contract": place.contract, "factory": place.factory, "subject_id": place.factory.pk, "kind": "over_budget",
            "severity": "major", "since": date(2026, 1, 1), "opened_on": date(2026, 1, 2), "amount": 12_000_000,
        }
        | fields
    )  # fmt: skip


class TestOneStory:
    def test_the_flags_of_one_milestone_are_one_row_the_gravest_first(self, place: Place) -> None:
        revise_forecast(
            milestone_id=place.milestone.pk,
            window=DateWindow.parse(str(localdate().year + 1)),
            reason="design",
            by=place.person("editor"),
            version=1,
            today=localdate(),
        )
        flag()
        subjects = place.client().get(place.base + "delays/").context["open_subjects"]
        assert [[str(row.kind) for row in subject.rows] for subject in subjects] == [["forecast_late", "overdue"]]

    def test_of_the_same_gravity_milestones_stand_before_the_rest(self, place: Place) -> None:
        flag()
        severity = DelayFlag.objects.get(milestone=place.milestone).severity
        flag_of_factory(place, since=date(2000, 1, 1), severity=severity)
        subjects = place.client().get(place.base + "delays/").context["open_subjects"]
        assert [subject.code for subject in subjects] == [place.milestone.code, place.factory.code]

    def test_a_row_says_why_with_the_reason_of_who_lost_the_days(self, place: Place) -> None:
        knocked_on(place)
        flag()
        text = words(place.client().get(place.base + "delays/?factory=F02"))
        assert "+39 days because F01-EQ Presses delivered +49 days, 10 days absorbed by float equipment delivery · letter 5" in text

    def test_of_another_factory_a_manager_learns_the_code_alone(self, place: Place) -> None:
        knocked_on(place)
        flag()
        text = words(place.client("foreign").get(place.base + "delays/"))
        assert "+39 days because F01-EQ of another factory +39 days" in text
        assert "Presses delivered" not in text
        assert "letter 5" not in text
        assert "equipment delivery" not in text

    def test_a_past_day_knows_the_knock_on_of_that_day(self, place: Place) -> None:
        knocked_on(place)
        assert rows(place, "?as_of=2024-12-31&factory=F02") == []
        assert rows(place, "?as_of=2025-01-01&factory=F02") == [("F02-OPEN", "knock_on_late")]

    def test_a_past_day_knows_the_newest_simulation_of_a_data_date_until_then(self, place: Place) -> None:
        knocked_on(place)
        opening = Milestone.objects.get(code="F02-OPEN")
        for as_of, p80 in (("2024-01-01", "2030-05-01"), ("2024-06-01", "2030-03-11"), ("2024-09-01", "2030-06-01")):
            run = RiskRun.objects.create(contract=place.contract, as_of=date.fromisoformat(as_of), finished_at=now())
            RiskResult.objects.create(run=run, milestone=opening, p10=p80, p50=p80, p80=p80, p95=p80, criticality=0.5, sensitivity=0.5)
        assert rows(place, "?as_of=2024-03-01&factory=F02") == [("F02-OPEN", "at_risk")]
        assert rows(place, "?as_of=2024-07-01&factory=F02") == []
        assert rows(place, "?as_of=2024-10-01&factory=F02") == [("F02-OPEN", "at_risk")]

    def test_the_export_says_why(self, place: Place) -> None:
        knocked_on(place)
        flag()
        table = TestExport().table(place, "?factory=F02")
        assert table[0][-1] == "Why late"
        assert table[1][-1].replace("\u00a0", " ") == "39 days because F01-EQ Presses delivered +49 days, 10 days absorbed by float"


class TestOtherSubjects:
    def test_a_factory_stands_with_its_roubles(self, place: Place) -> None:
        flag_of_factory(place)
        text = words(place.client().get(place.base + "delays/?kind=over_budget"))
        assert "₽12m Press plant F01" in text
        assert "major over budget: Press plant Acknowledge" in text.replace(" :", ":")

    def test_it_is_exported_with_its_amount(self, place: Place) -> None:
        flag_of_factory(place)
        (row,) = TestExport().table(place, "?kind=over_budget")[1:]
        assert (row[0], row[1], row[2], row[5], row[14]) == ("F01", "", "Press plant", "", "12000000.00")

    def test_who_answers_for_the_factory_takes_note_of_it_and_others_may_not(self, place: Place) -> None:
        path = f"delays/{flag_of_factory(place).pk}/acknowledge/"
        data = {"reason": "known", "until": "2099-12-31"}
        assert place.status("foreign", path, data) == 404
        assert place.status("controller", path, data) == 403
        assert place.status("own", path, data) == 302
        assert DelayFlag.objects.get().acknowledged_by == place.person("own")

    def test_a_kind_whose_rule_is_gone_still_stands(self, place: Place) -> None:
        flag_of_factory(place, kind="forgotten")
        flag_of_factory(place, kind="of_nothing", factory=None, subject_id=10**9)
        text = words(place.client().get(place.base + "delays/"))
        assert "forgotten" in text
        assert "of_nothing" in text


class TestNoted:
    def noted(self, place: Place, until: date) -> DelayFlag:
        flag()
        DelayFlag.objects.update(acknowledged_by=place.person("own"), acknowledged_until=until, acknowledged_reason="known")
        return DelayFlag.objects.get()

    def test_what_is_noted_comes_after_what_is_not(self, place: Place) -> None:
        self.noted(place, localdate())
        late = make_milestone(place.other, code="F02-OPEN")
        promise(late, (localdate() - timedelta(days=3)).isoformat(), announced="2023-01-01")
        flag()
        assert rows(place) == [("F02-OPEN", "overdue"), ("F01-OPEN", "overdue")]
        assert rows(place, "?noted=yes") == [("F01-OPEN", "overdue")]
        assert rows(place, "?noted=no") == [("F02-OPEN", "overdue")]

    def test_a_note_that_ran_out_counts_no_more(self, place: Place) -> None:
        self.noted(place, localdate() - timedelta(days=1))
        assert rows(place, "?noted=yes") == []
        assert "noted, run out" in words(place.client().get(place.base + "delays/?noted=no"))

    def test_nonsense_is_refused(self, place: Place) -> None:
        assert place.status("editor", "delays/?noted=perhaps") == 400


class TestLife:
    def test_it_tells_what_happened_by_whom_until_when_and_why(self, place: Place) -> None:
        flag()
        found = DelayFlag.objects.get()
        place.client("own").post(f"{place.base}delays/{found.pk}/acknowledge/", {"reason": "the press is coming", "until": "2099-12-31"})
        text = words(place.client("auditor").get(f"{place.base}delays/{found.pk}/"))
        assert re.search(r"What happened to it .{0,40} opened critical .*acknowledged critical", text)
        assert f"acknowledged until December 31, 2099: the press is coming {place.person('own').username}" in text
        masked = words(place.client("controller").get(f"{place.base}delays/{found.pk}/"))
        assert "the press is coming a member of staff" in masked
        assert place.person("own").username not in masked

    def test_what_was_withdrawn_is_told_of_there_alone(self, place: Place) -> None:
        late_and_over(place)
        flag()
        DelayFlag.objects.filter(kind="completed_late").update(withdrawn_on=localdate())
        assert rows(place) == [("F01-OPEN", "overdue")]
        found = DelayFlag.objects.get(kind="completed_late")
        assert "turned out never to have been" in words(place.client().get(f"{place.base}delays/{found.pk}/"))

    @pytest.mark.parametrize(("who", "status"), [("foreign", 404), ("outsider", 404), ("nobody", 404), ("anonymous", 302), ("own", 200)])
    def test_who_sees_it(self, place: Place, who: str, status: int) -> None:
        flag()
        assert place.status(who, f"delays/{DelayFlag.objects.get().pk}/") == status

    def test_what_is_not_there_is_not_found(self, place: Place) -> None:
        assert place.status("editor", f"delays/{10**30}/") == 404
        assert place.status("editor", "delays/0/") == 404

    def test_what_is_measured_in_roubles_is_told_in_roubles(self, place: Place) -> None:
        found = flag_of_factory(place)
        DelayEvent.objects.create(flag=found, kind="opened", on_date=date(2026, 1, 2), days=0, amount=12_000_000, severity="major")
        assert re.search(r"opened major ₽12m", words(place.client().get(f"{place.base}delays/{found.pk}/")))
