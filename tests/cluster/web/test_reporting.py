"""The calendar of reporting: the page, saying that a report is submitted, who owes what, and what My work asks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError
from cluster.domain.reporting import State, Terms, period_of, periods, state_of
from cluster.models import ForecastRevision, Notice, ReportingDuty, Submission, Subscription
from cluster.queries.reporting import duties_of, reports_of, span_of
from cluster.services.notices import make_due
from cluster.services.reporting import submit_report
from cluster.services.reporting_notices import REPORT_DUE, REPORT_MISSING
from tests.cluster.web.place import Place, hidden, make_place, words
from tests.factories import make_milestone, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def place() -> Place:
    return make_place()


def make_duty(place: Place, kind: str = "spend", **fields: Any) -> ReportingDuty:
    given = {"owed_by": place.person("own"), "starts_on": date(2026, 1, 15), "factory": place.factory} | fields
    return ReportingDuty.objects.create(contract=place.contract, kind=kind, **given)


def tell(place: Place, day: date, factory: Any = None) -> None:
    revision = ForecastRevision(milestone=make_milestone(factory or place.factory), reason="other")
    revision.new, revision.announced = DateWindow.day(date(2027, 1, 1)), DateWindow.day(day)
    revision.save()


def states(duty: ReportingDuty, day: date) -> dict[date, State]:
    return {one.period.first: one.state for one in reports_of([duty], as_of=day)}


class TestReports:
    @pytest.mark.parametrize("kind", ReportingDuty.Kind.values)
    @pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 3, 2), date(2026, 4, 10), date(2027, 1, 9)])
    def test_the_database_finds_the_periods_of_the_rule(self, place: Place, kind: str, day: date) -> None:
        duty = make_duty(place, kind, ends_on=date(2026, 3, 31))
        span = span_of(duty)
        moot = period_of(span, day).first - timedelta(days=1)
        expected = {
            one.first: state_of(one, Terms(3, 3), submitted_on=None, today=day, superseded=span == "week" and one.last < moot)
            for one in periods(span, duty.starts_on, duty.ends_on, until=day)
            if span != "week" or one.first >= period_of(span, day).first - timedelta(weeks=26)
        }
        assert states(duty, day) == expected
        assert expected or day.year == 2027

    def test_a_month_is_submitted_when_somebody_says_so_in_time_or_late(self, place: Place) -> None:
        duty = make_duty(place, starts_on=date(2026, 9, 1))
        for month, said in ((9, date(2026, 10, 2)), (10, date(2026, 11, 5))):
            done = Submission.objects.create(duty=duty, period=date(2026, month, 1), by=place.person("own"))
            Submission.objects.filter(pk=done.pk).update(at=datetime(said.year, said.month, said.day, 12, tzinfo=UTC))
        day = date(2026, 11, 23)
        assert states(duty, day) == {
            date(2026, 9, 1): State.SUBMITTED,
            date(2026, 10, 1): State.SUBMITTED_LATE,
            date(2026, 11, 1): State.RUNNING,
        }
        assert states(duty, date(2026, 10, 1))[date(2026, 9, 1)] is State.OPEN

    def test_the_day_of_a_submission_is_that_of_the_site(self, place: Place) -> None:
        duty = make_duty(place, starts_on=date(2026, 9, 1))
        done = Submission.objects.create(duty=duty, period=date(2026, 9, 1), by=place.person("own"))
        # Half an hour past midnight in Kaliningrad, the day before in UTC.
        Submission.objects.filter(pk=done.pk).update(at=datetime(2026, 10, 3, 22, 30, tzinfo=UTC))
        assert states(duty, date(2026, 10, 10))[date(2026, 9, 1)] is State.SUBMITTED_LATE
        Submission.objects.filter(pk=done.pk).update(at=datetime(2026, 10, 3, 21, 30, tzinfo=UTC))
        assert states(duty, date(2026, 10, 10))[date(2026, 9, 1)] is State.SUBMITTED

    def test_forecasts_of_a_week_count_when_one_was_told_in_time(self, place: Place) -> None:
        duty = make_duty(place, "forecasts", starts_on=date(2026, 11, 2))
        tell(place, date(2026, 11, 25))
        tell(place, date(2026, 11, 9), factory=place.other)
        found = states(duty, date(2026, 11, 30))
        # The 25th lies in the week of the 23rd, and within three days of the end of the week before.
        assert found[date(2026, 11, 16)] is State.SUBMITTED
        assert found[date(2026, 11, 23)] is State.SUBMITTED
        assert found[date(2026, 11, 9)] is State.MISSED
        whole = make_duty(place, "forecasts", factory=None, starts_on=date(2026, 11, 9))
        assert states(whole, date(2026, 11, 30))[date(2026, 11, 9)] is State.SUBMITTED

    def test_the_page_reads_in_three_statements(self, place: Place, django_assert_num_queries: Any) -> None:
        for kind in ReportingDuty.Kind.values:
            duty = make_duty(place, kind)
        Submission.objects.create(duty=duty, period=date(2026, 1, 1), by=place.person("own"))
        reader = place.person("editor")
        assert reader.scope
        with django_assert_num_queries(3):
            assert len(duties_of(reader, place.contract, as_of=date(2027, 2, 1))) == 3


class TestPage:
    def test_a_manager_submits_what_is_owed_and_it_is_asked_no_more(self, place: Place) -> None:
        today = timezone.localdate()
        last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
        duty = make_duty(place, starts_on=last_month, days_to_report=0)
        client = place.client("own")
        assert "A report is owed: spend of the month" in words(client.get("/my/"))
        assert "1 report is owed" in words(client.get(f"{place.base}reporting/"))
        address = f"{place.base}reporting/{duty.pk}/submit/"
        for _twice in range(2):
            answer = client.post(address, {"period": last_month.isoformat()}, follow=True)
            assert "submitted for" in words(answer)
        done = Submission.objects.get()
        assert (done.duty, done.period, done.by) == (duty, last_month, place.person("own"))
        assert "A report is owed" not in words(client.get("/my/"))
        assert "1 report is owed" not in words(client.get(f"{place.base}reporting/"))

    def test_a_report_taken_back_is_owed_again(self, place: Place) -> None:
        duty = make_duty(place)
        done = Submission.objects.create(duty=duty, period=date(2026, 1, 1), by=place.person("own"))
        address = f"{place.base}reporting/submitted/{done.pk}/take-back/"
        client = place.client("own")
        version = client.get(address).context["form"].initial["version"]
        assert client.post(address, {"version": version, "reason": "wrong month"}).status_code == 302
        assert not Submission.objects.exists()
        assert place.client("foreign").get(address).status_code == 404

    @pytest.mark.parametrize(
        ("period", "says"),
        [("2099-01-01", "This period ends on"), ("2020-01-01", "No report is owed"), ("nonsense", "Write the date as")],
    )
    def test_what_is_not_owed_is_refused_in_words(self, place: Place, period: str, says: str) -> None:
        duty = make_duty(place)
        answer = place.client("own").post(f"{place.base}reporting/{duty.pk}/submit/", {"period": period, "note": "A word"})
        assert answer.status_code == 422
        assert says in words(answer)
        assert (hidden(answer, "note"), hidden(answer, "period")) == ("A word", period)
        assert not Submission.objects.exists()

    def test_a_period_is_submitted_from_the_day_after_it_to_the_end_of_the_duty(self, place: Place) -> None:
        duty = make_duty(place, starts_on=date(2026, 9, 15), ends_on=date(2026, 10, 15))
        by = place.person("own")
        with pytest.raises(DomainError, match="ends on"):
            submit_report(duty_id=duty.pk, period=date(2026, 9, 1), by=by, today=date(2026, 9, 30))
        assert submit_report(duty_id=duty.pk, period=date(2026, 9, 1), by=by, today=date(2026, 10, 1)).period == date(2026, 9, 1)
        assert submit_report(duty_id=duty.pk, period=date(2026, 10, 31), by=by, today=date(2026, 12, 1)).period == date(2026, 10, 1)
        for day in (date(2026, 11, 1), date(2026, 8, 31)):
            with pytest.raises(DomainError, match="No report is owed"):
                submit_report(duty_id=duty.pk, period=day, by=by, today=date(2026, 12, 31))

    def test_only_who_owes_it_and_editors_submit(self, place: Place) -> None:
        duty = make_duty(place)
        address, body = f"{place.base}reporting/{duty.pk}/submit/", {"period": "2026-01-01"}
        answers = {who: place.client(who).post(address, body).status_code for who in ("controller", "foreign", "outsider", "editor")}
        assert answers == {"controller": 403, "foreign": 404, "outsider": 404, "editor": 302}

    def test_an_editor_enters_a_duty_and_changes_it(self, place: Place) -> None:
        client = place.client("editor")
        given = {
            "kind": "spend", "factory": place.factory.pk, "starts_on": "01.11.2026", "owed_by": place.person("own").pk,
            "days_to_report": "5", "escalates_to": place.person("editor").pk, "escalate_after": "2",
        }  # fmt: skip
        assert client.post(f"{place.base}reporting/new/", given).status_code == 302
        duty = ReportingDuty.objects.get()
        assert (duty.owed_by, duty.days_to_report, duty.starts_on) == (place.person("own"), 5, date(2026, 11, 1))
        address = f"{place.base}reporting/{duty.pk}/"
        version = client.get(address).context["form"].initial["version"]
        change = {name: given[name] for name in ("owed_by", "escalate_after")} | {"days_to_report": "9", "version": version}
        assert client.post(address, change).status_code == 302
        assert client.post(address, change | {"days_to_report": "10"}).status_code == 409
        duty.refresh_from_db()
        assert (duty.days_to_report, duty.escalates_to) == (9, None)
        assert place.client("controller").get(address).status_code == 403

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"kind": "forecasts", "days_to_report": "6"}, "replaced by that of the next week"),
            ({"owed_by": "foreign"}, "no role here"),
            ({"days_to_report": "999"}, "180"),
            ({"starts_on": ""}, "Owed from"),
        ],
    )
    def test_a_duty_that_cannot_hold_is_refused_at_its_field(self, place: Place, change: dict[str, str], says: str) -> None:
        stranger = make_user(Role.MANAGER, factory=place.other)
        given = {
            "kind": "spend", "factory": place.factory.pk, "starts_on": "2026-11-01", "owed_by": place.person("own").pk,
            "days_to_report": "3", "escalate_after": "3",
        } | change  # fmt: skip
        if given["owed_by"] == "foreign":
            given["owed_by"] = stranger.pk
        answer = place.client("editor").post(f"{place.base}reporting/new/", given)
        assert answer.status_code == 422
        assert says in words(answer) or "choose" in words(answer).lower()
        assert not ReportingDuty.objects.exists()

    def test_names_are_kept_from_those_who_see_none(self, place: Place) -> None:
        person = place.person("own")
        person.first_name, person.last_name = "Anna", "Smirnova"
        person.save()
        make_duty(place)
        assert "Anna Smirnova" in words(place.client("editor").get(f"{place.base}reporting/"))
        assert "Anna Smirnova" not in words(place.client("controller").get(f"{place.base}reporting/"))


class TestNotices:
    """Reminders and escalations, as the immediate notices find them."""

    def noted(self, moment: datetime) -> list[tuple[str, Any, str]]:
        make_due(moment)
        return list(Notice.objects.order_by("pk").values_list("kind", "user", "key"))

    def test_the_person_is_reminded_on_the_day_and_the_manager_told_later(self, place: Place) -> None:
        boss = place.person("editor")
        duty = make_duty(place, starts_on=date(2026, 10, 1), escalates_to=boss)
        make_duty(place, starts_on=date(2026, 10, 1), factory=place.other, owed_by=boss, ends_on=date(2026, 10, 1))
        Submission.objects.create(duty=ReportingDuty.objects.get(factory=place.other), period=date(2026, 10, 1), by=boss)
        for person in (duty.owed_by, boss):
            Subscription.objects.create(user=person)
        Subscription.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
        Submission.objects.update(at=datetime(2026, 11, 1, tzinfo=UTC))
        assert self.noted(datetime(2026, 11, 3, 6, 59, tzinfo=UTC)) == []
        due = ("report_due", duty.owed_by_id, f"report_due:{duty.pk}:2026-10-01:2026-11-03")
        assert self.noted(datetime(2026, 11, 3, 7, 0, tzinfo=UTC)) == [due]
        missing = ("report_missing", boss.pk, f"report_missing:{duty.pk}:2026-10-01:2026-11-06")
        assert self.noted(datetime(2026, 11, 6, 8, 0, tzinfo=UTC)) == [due, missing]
        assert self.noted(datetime(2026, 11, 6, 9, 0, tzinfo=UTC)) == [due, missing]
        told = REPORT_MISSING.told(boss, [duty.pk], date(2026, 11, 6))
        assert list(told) == [duty.pk]
        assert "October 2026, due by November 3, 2026" in told[duty.pk].text
        submit_report(duty_id=duty.pk, period=date(2026, 10, 15), by=duty.owed_by, today=timezone.localdate())
        assert REPORT_DUE.told(duty.owed_by, [duty.pk], timezone.localdate()) == {}


class TestApi:
    def test_the_calendar_is_read_and_a_report_submitted(self, place: Place) -> None:
        duty = make_duty(place, starts_on=date(2026, 9, 1))
        client = place.client("own")
        answer = client.get(f"/api/v1/contracts/{place.contract.pk}/reporting/?as_of=2026-10-02").json()
        assert answer["duties"][0]["reports"][-1] == {
            "first": "2026-09-01", "last": "2026-09-30", "due_on": "2026-10-03", "state": "open", "submitted_on": None,
        }  # fmt: skip
        body = {"duty": duty.pk, "period": "2026-09-17", "note": "all of it"}
        first, second = (client.post("/api/v1/submissions/", body, content_type="application/json") for _twice in range(2))
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["period"] == second.json()["period"] == "2026-09-01"
        assert place.client("foreign").post("/api/v1/submissions/", body, content_type="application/json").status_code == 404
        early = client.post("/api/v1/submissions/", body | {"period": "2099-01-01"}, content_type="application/json")
        assert (early.status_code, early.json()["errors"][0]["field"]) == (400, "period")

    def test_my_work_tells_what_the_page_asks(self, place: Place) -> None:
        today = timezone.localdate()
        make_duty(place, starts_on=(today.replace(day=1) - timedelta(days=1)), days_to_report=0)
        found = place.client("own").get("/api/v1/my-work/").json()
        assert (found["counts"]["reports"], found["reports"][0]["kind"]) == (1, "spend")
        assert place.client("outsider").get("/api/v1/my-work/").json()["reports"] == []
        assert place.client("own").get("/api/v1/my-work/?x=1").status_code == 400
