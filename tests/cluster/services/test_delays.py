"""Delay flags: what opens, changes and closes them, that repeating changes nothing, and that a past day is never stored."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import BatchRefused, Conflict, DomainError, Forbidden, NotFound
from cluster.models import Baseline, DelayEvent, DelayFlag, Dependency, ForecastRevision, Milestone, RiskResult, RiskRun
from cluster.queries.delays import late_on
from cluster.services.delays import acknowledge_flag, acknowledge_flags, flag_delays
from tests.factories import approve, make_factory, make_milestone, make_user, promise

pytestmark = pytest.mark.django_db
TODAY = date(2025, 6, 30)


def run(as_of: date = TODAY) -> dict[str, Any]:
    return flag_delays(as_of=as_of, progress=lambda done, total: None)


def forecast(milestone: Milestone, window: str, announced: str = "2024-01-01") -> None:
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.parse(window), DateWindow.parse(announced)
    revision.save()


def reached(milestone: Milestone, on: str, announced: str = "") -> None:
    milestone.actual = DateWindow.parse(on)
    milestone.actual_announced_on = DateWindow.parse(announced or on).latest
    milestone.save()


def flags() -> list[tuple[str, str, str, bool]]:
    return [(f.milestone.code if f.milestone else "", f.kind, f.severity, f.closed_on is None) for f in DelayFlag.objects.order_by("pk")]


def events() -> list[tuple[str, str, int]]:
    return [(e.flag.kind, e.kind, e.days) for e in DelayEvent.objects.order_by("pk")]


def test_a_promise_for_a_quarter_is_late_only_after_its_last_day() -> None:
    promise(make_milestone(code="A"), "2025-Q1", announced="2024-01-01")
    assert run(date(2025, 3, 31))["opened"] == 0
    run(date(2025, 4, 1))
    assert flags() == [("A", "overdue", "minor", True)]
    assert events() == [("overdue", "opened", 1)]


def test_a_forecast_after_the_due_window_is_late_before_the_window_ends() -> None:
    milestone = make_milestone(code="A")
    promise(milestone, "2025-12", announced="2024-01-01")
    forecast(milestone, "2026-03")
    run()
    assert flags() == [("A", "forecast_late", "major", True)]
    assert events() == [("forecast_late", "opened", 90)]


def test_what_was_reached_late_is_found_once_and_closed_at_once() -> None:
    milestone = make_milestone(code="A")
    promise(milestone, "2024", announced="2023-01-01")
    reached(milestone, "2025-03-01")
    run()
    assert flags() == [("A", "completed_late", "moderate", False)]
    assert events() == [("completed_late", "opened", 60)]
    run(TODAY + timedelta(days=30))
    assert len(events()) == 1


def test_running_twice_changes_nothing() -> None:
    for code in "ABC":
        promise(make_milestone(code=code), "2024", announced="2023-01-01")
    forecast(Milestone.objects.get(code="B"), "2026")
    reached(Milestone.objects.get(code="C"), "2025-02-01")
    run()
    before = (list(DelayFlag.objects.values()), list(DelayEvent.objects.values()))
    figures = run()
    assert {name: figures[name] for name in ("opened", "worse", "better", "closed")} == dict.fromkeys(
        ("opened", "worse", "better", "closed"), 0
    )
    assert (list(DelayFlag.objects.values()), list(DelayEvent.objects.values())) == before


def test_days_that_pass_are_no_event_until_they_change_the_severity() -> None:
    promise(make_milestone(), "2025-05-31", announced="2024-01-01")
    run(date(2025, 6, 29))
    assert run(date(2025, 6, 29))["worse"] == 0
    assert run(date(2025, 6, 30))["worse"] == 1
    assert events() == [("overdue", "opened", 29), ("overdue", "worse", 30)]
    assert DelayFlag.objects.get().severity == "moderate"


def test_a_forecast_that_slips_further_is_worse_and_one_that_comes_back_is_better() -> None:
    milestone = make_milestone()
    promise(milestone, "2025-12-31", announced="2024-01-01")
    forecast(milestone, "2026-01-10")
    run()
    forecast(milestone, "2026-01-20", announced="2025-06-01")
    assert run()["worse"] == 1
    forecast(milestone, "2026-01-05", announced="2025-06-02")
    assert run()["better"] == 1
    assert [days for _, _, days in events()] == [10, 20, 5]
    assert DelayFlag.objects.count() == 1


def test_a_flag_closes_by_itself_when_its_cause_is_gone_and_opens_anew_when_it_is_back() -> None:
    milestone = make_milestone()
    promise(milestone, "2025-12-31", announced="2024-01-01")
    forecast(milestone, "2026-01-10")
    run()
    forecast(milestone, "2025-12-01", announced="2025-06-01")
    assert run()["closed"] == 1
    assert DelayFlag.objects.get().closed_on == TODAY
    forecast(milestone, "2026-02-01", announced="2025-06-02")
    run()
    assert [open_ for *_, open_ in flags()] == [False, True]
    assert [kind for _, kind, _ in events()] == ["opened", "closed", "opened"]


def test_an_overdue_milestone_that_is_reached_turns_into_completed_late() -> None:
    milestone = make_milestone(code="A")
    promise(milestone, "2025-05-31", announced="2024-01-01")
    run()
    reached(milestone, "2025-06-20")
    run()
    assert flags() == [("A", "overdue", "moderate", False), ("A", "completed_late", "minor", False)]
    assert sorted(events()[1:]) == [("completed_late", "opened", 20), ("overdue", "closed", 20)]


def test_a_corrected_actual_date_corrects_or_withdraws_the_flag() -> None:
    milestone = make_milestone()
    promise(milestone, "2025-05-31", announced="2024-01-01")
    reached(milestone, "2025-06-20")
    run()
    reached(milestone, "2025-06-10")
    assert run()["better"] == 1
    assert DelayFlag.objects.get().until == date(2025, 6, 10)
    reached(milestone, "2025-05-30")
    assert run()["withdrawn"] == 1
    assert DelayFlag.objects.get().withdrawn_on == TODAY
    assert events()[-1] == ("completed_late", "withdrawn", 10)
    assert run()["withdrawn"] == 0
    reached(milestone, "2025-06-12")
    assert run()["opened"] == 1


def test_rebaselining_moves_the_flag_but_a_milestone_that_is_not_judged_has_none() -> None:
    milestone = make_milestone()
    promise(milestone, "2025-05-31", announced="2024-01-01")
    promise(make_milestone(scored=False, not_scored_ru="слишком расплывчато"), "2020", announced="2019-01-01")
    run()
    later = Baseline.objects.create(contract=milestone.contract, name_ru="Новый план")
    promise(milestone, "2025-06-15", announced="2025-06-01", baseline=later)
    approve(later, "2025-06-01")
    assert run()["better"] == 1
    flag = DelayFlag.objects.get()
    assert (flag.since, flag.severity) == (date(2025, 6, 15), "minor")


def test_severity_follows_the_scale_of_the_contract() -> None:
    milestone = make_milestone()
    type(milestone.contract).objects.update(moderate_days=2, major_days=3, critical_days=4)
    promise(milestone, "2025-06-26", announced="2024-01-01")
    run()
    assert DelayFlag.objects.get().severity == "critical"


def test_a_past_day_knows_what_links_pushed_and_what_was_simulated_by_then() -> None:
    factory = make_factory()
    first, second = make_milestone(factory, code="A"), make_milestone(factory, code="B", duration_days=0)
    promise(first, "2024-04-01", announced="2023-01-01")
    promise(second, "2024-04-02", announced="2023-01-01")
    forecast(first, "2024-06-03", announced="2024-01-10")
    Dependency.objects.create(predecessor=first, successor=second)
    when = {"as_of": date(2024, 2, 1), "finished_at": timezone.now()}
    simulated = RiskRun.objects.create(contract=factory.contract, **when)
    days = dict.fromkeys(("p10", "p50", "p80", "p95"), date(2024, 7, 1))
    RiskResult.objects.create(run=simulated, milestone=second, criticality=1, sensitivity=0, **days)
    told = [("A", "forecast_late"), ("B", "knock_on_late")]
    assert {(late.milestone.code, late.finding.kind) for late in late_on(date(2024, 1, 31))} == set(told)
    assert {(late.milestone.code, late.finding.kind) for late in late_on(date(2024, 2, 1))} == {*told, ("B", "at_risk")}


def test_a_past_day_shows_what_had_been_announced_by_then_and_stores_nothing() -> None:
    milestone = make_milestone(code="A")
    promise(milestone, "2024-Q1", announced="2023-01-01")
    forecast(milestone, "2024-12", announced="2024-05-01")
    reached(milestone, "2025-01-31")
    assert [(late.milestone.code, late.finding.kind, late.days) for late in late_on(date(2024, 4, 30))] == [("A", "overdue", 30)]
    assert [(late.finding.kind, late.days) for late in late_on(date(2024, 5, 1))] == [("forecast_late", 275), ("overdue", 31)]
    assert [(late.finding.kind, late.days) for late in late_on(TODAY)] == [("completed_late", 306)]
    assert not DelayFlag.objects.exists()


def test_the_number_of_statements_does_not_depend_on_the_milestones() -> None:
    def statements(opened: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert run()["opened"] == opened
        return len(captured)

    factory = make_factory()
    promise(make_milestone(factory), "2024", announced="2023-01-01")
    few = statements(1)
    for _ in range(30):
        promise(make_milestone(factory), "2024", announced="2023-01-01")
    assert statements(30) == few


class TestAcknowledging:
    @pytest.fixture
    def flag(self) -> DelayFlag:
        promise(make_milestone(), "2024", announced="2023-01-01")
        run()
        return DelayFlag.objects.get()

    def test_it_notes_who_why_and_until_when_and_leaves_the_flag_open(self, flag: DelayFlag) -> None:
        by = make_user(Role.EDITOR)
        for _ in range(2):
            acknowledge_flag(flag_id=flag.pk, reason="waiting for the line", until=date(2025, 9, 1), by=by, today=TODAY)
        flag.refresh_from_db()
        assert (flag.acknowledged_by, flag.acknowledged_reason, flag.closed_on) == (by, "waiting for the line", None)
        assert [kind for _, kind, _ in events()] == ["opened", "acknowledged"]
        event = DelayEvent.objects.get(kind="acknowledged")
        assert (event.by, event.until, event.reason, event.days) == (by, date(2025, 9, 1), "waiting for the line", 181)
        assert [flag.is_acknowledged(day) for day in (date(2025, 9, 1), date(2025, 9, 2))] == [True, False]
        run()
        flag.refresh_from_db()
        assert flag.acknowledged_by == by

    def test_until_today_is_allowed_and_holds_today_alone(self, flag: DelayFlag) -> None:
        acknowledge_flag(flag_id=flag.pk, reason="known", until=TODAY, by=make_user(Role.EDITOR), today=TODAY)
        flag.refresh_from_db()
        assert [flag.is_acknowledged(day) for day in (TODAY, TODAY + timedelta(days=1))] == [True, False]

    @pytest.mark.usefixtures("in_english")
    @pytest.mark.parametrize(
        ("reason", "until", "field"),
        [
            (" ", TODAY, "reason"),
            ("x" * 2001, TODAY, "reason"),
            ("a\0b", TODAY, "reason"),
            ("x", date(2025, 6, 29), "until"),
            ("x", date.max, "until"),
        ],
    )
    def test_bad_input_names_its_field(self, flag: DelayFlag, reason: str, until: date, field: str) -> None:
        with pytest.raises(DomainError) as caught:
            acknowledge_flag(flag_id=flag.pk, reason=reason, until=until, by=make_user(Role.EDITOR), today=TODAY)
        assert caught.value.field == field

    def test_strangers_do_not_find_it_readers_may_not_and_a_closed_one_cannot_be(self, flag: DelayFlag) -> None:
        given: dict[str, Any] = {"flag_id": flag.pk, "reason": "x", "until": TODAY, "today": TODAY}
        with pytest.raises(NotFound):
            acknowledge_flag(by=make_user(Role.MANAGER, factory=make_factory()), **given)
        with pytest.raises(Forbidden):
            acknowledge_flag(by=make_user(Role.AUDITOR), **given)
        assert flag.milestone is not None
        reached(flag.milestone, "2024-06-01")
        run()
        with pytest.raises(Conflict):
            acknowledge_flag(by=make_user(Role.EDITOR), **given)


class TestAcknowledgingSeveral:
    def opened(self, number: int) -> list[int]:
        factory = make_factory(code="F01")
        for _ in range(number):
            promise(make_milestone(factory), "2024", announced="2023")
        run()
        return list(DelayFlag.objects.order_by("pk").values_list("pk", flat=True))

    def test_all_are_noted_in_the_same_number_of_statements(self, django_assert_num_queries: Any) -> None:
        ids, by = self.opened(12), make_user(Role.EDITOR)
        assert by.scope
        with django_assert_num_queries(5):  # three, and the savepoint of a transaction within another
            done = acknowledge_flags(flag_ids=[*ids, ids[0]], reason=" known ", until=TODAY, by=by, today=TODAY)
        assert [flag.pk for flag in done] == ids
        assert set(DelayFlag.objects.values_list("acknowledged_by", "acknowledged_until", "acknowledged_reason")) == {
            (by.pk, TODAY, "known")
        }
        assert DelayEvent.objects.filter(kind="acknowledged", by=by, on_date=TODAY, until=TODAY, reason="known").count() == 12

    def test_the_same_note_again_is_no_event_and_another_one_is(self) -> None:
        ids, by = self.opened(2), make_user(Role.EDITOR)
        acknowledge_flags(flag_ids=ids[:1], reason="known", until=TODAY, by=by, today=TODAY)
        for _ in range(2):
            acknowledge_flags(flag_ids=ids, reason="known", until=TODAY, by=by, today=TODAY)
        assert DelayEvent.objects.filter(kind="acknowledged").count() == 2
        acknowledge_flags(flag_ids=ids, reason="known", until=TODAY, by=make_user(Role.EDITOR), today=TODAY)
        assert DelayEvent.objects.filter(kind="acknowledged").count() == 4

    def test_one_that_is_refused_refuses_all_by_its_place(self) -> None:
        ids = self.opened(3)
        DelayFlag.objects.filter(pk=ids[2]).update(closed_on=TODAY)
        with pytest.raises(BatchRefused) as refused:
            acknowledge_flags(flag_ids=[ids[0], 0, ids[2]], reason="known", until=TODAY, by=make_user(Role.EDITOR), today=TODAY)
        assert [(number, type(error)) for number, error in refused.value.rows] == [(1, NotFound), (2, Conflict)]
        assert not DelayFlag.objects.filter(acknowledged_by__isnull=False).exists()
        assert not DelayEvent.objects.filter(kind="acknowledged").exists()
