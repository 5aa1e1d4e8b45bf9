"""Revising a forecast: every rule, every refusal, and two people at once."""

import threading
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import BatchRefused, Conflict, DomainError, Forbidden, NotFound
from cluster.models import ForecastRevision, Milestone, User
from cluster.queries.factories import stories
from cluster.queries.milestones import with_dates
from cluster.services.forecasts import confirm_forecasts, revise_forecast
from tests.factories import make_factory, make_milestone, make_source, make_user, promise

TODAY = date(2026, 3, 2)
SPRING = DateWindow.parse("2026-Q2")


@pytest.fixture
def milestone() -> Milestone:
    found = make_milestone()
    promise(found, "2025", announced="2024-01-10")
    return found


def revise(milestone: Milestone, by: User, **changes: Any) -> ForecastRevision:
    usual: dict[str, Any] = {
        "milestone_id": milestone.pk,
        "window": SPRING,
        "reason": "contractor",
        "by": by,
        "version": Milestone.objects.get(pk=milestone.pk).version,
        "today": TODAY,
    }
    return revise_forecast(**usual | changes)


def refusal(milestone: Milestone, by: User, **changes: Any) -> DomainError:
    before = ForecastRevision.objects.count(), Milestone.objects.get(pk=milestone.pk).version
    with pytest.raises(DomainError) as caught:
        revise(milestone, by, **changes)
    assert (ForecastRevision.objects.count(), Milestone.objects.get(pk=milestone.pk).version) == before
    return caught.value


@pytest.mark.django_db
class TestRevising:
    def test_the_chain_keeps_old_and_new_and_the_version_rises(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        first = revise(milestone, editor, note="the press is late")
        second = revise(milestone, editor, window=DateWindow.parse("2026-12"), reason="financing")
        assert first.old is None
        assert first.new == SPRING
        assert (second.old, second.new) == (SPRING, DateWindow.parse("2026-12"))
        assert (first.recorded_by, first.note) == (editor, "the press is late")
        milestone.refresh_from_db()
        assert milestone.version == 3

    def test_an_announcement_that_is_not_given_is_of_today(self, milestone: Milestone) -> None:
        assert revise(milestone, make_user(Role.EDITOR)).announced == DateWindow.day(TODAY)

    def test_an_announcement_and_a_source_are_kept(self, milestone: Milestone) -> None:
        source = make_source()
        said = DateWindow.parse("2026-02")
        done = revise(milestone, make_user(Role.EDITOR), announced=said, source_id=source.pk, document="minutes 4")
        assert (done.announced, done.source, done.document) == (said, source, "minutes 4")

    def test_the_history_knows_the_reason(self, milestone: Milestone) -> None:
        done: Any = revise(milestone, make_user(Role.EDITOR), reason="sanctions")
        assert done.history.get().pgh_context.metadata["reason"] == "sanctions"

    def test_the_manager_of_the_factory_may(self, milestone: Milestone) -> None:
        assert revise(milestone, make_user(Role.MANAGER, factory=milestone.factory)).new == SPRING

    def test_the_same_request_twice_gives_the_first_revision(self, milestone: Milestone) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        first = revise(milestone, editor, request_key=key)
        again = revise(milestone, editor, request_key=key, version=1)
        assert again.pk == first.pk
        assert ForecastRevision.objects.count() == 1


@pytest.mark.django_db
class TestRefusals:
    def test_a_stranger_cannot_tell_that_it_exists(self, milestone: Milestone) -> None:
        assert isinstance(refusal(milestone, make_user()), NotFound)

    def test_nor_can_the_manager_of_another_factory(self, milestone: Milestone) -> None:
        assert isinstance(refusal(milestone, make_user(Role.MANAGER, factory=make_factory(milestone.contract))), NotFound)

    @pytest.mark.parametrize("role", [Role.CONTROLLER, Role.AUDITOR, Role.ADMIN])
    def test_who_only_reads_may_not(self, milestone: Milestone, role: Role) -> None:
        assert isinstance(refusal(milestone, make_user(role)), Forbidden)

    def test_a_manager_may_not_touch_a_promise_of_the_whole_contract(self, milestone: Milestone) -> None:
        whole = make_milestone(contract=milestone.contract)
        assert isinstance(refusal(whole, make_user(Role.MANAGER, factory=milestone.factory)), NotFound)

    def test_a_stale_version_meets_the_milestone_as_it_stands(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        revise(milestone, editor)
        error = refusal(milestone, editor, version=1, window=DateWindow.parse("2027"))
        assert isinstance(error, Conflict)
        assert isinstance(error.current, Milestone)
        assert error.current.version == 2

    def test_a_request_key_serves_one_milestone_only(self, milestone: Milestone) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        revise(milestone, editor, request_key=key)
        assert refusal(make_milestone(milestone.factory), editor, request_key=key).code == "request_reused"

    @pytest.mark.parametrize(
        "changes",
        [
            {"window": DateWindow.parse("2027")}, {"reason": "financing"}, {"note": "other"}, {"document": "letter 5"},
            {"announced": DateWindow.parse("2026-02")},
        ],
    )  # fmt: skip
    def test_a_request_key_serves_one_forecast_only(self, milestone: Milestone, changes: dict[str, Any]) -> None:
        editor, key = make_user(Role.EDITOR), uuid.uuid4()
        revise(milestone, editor, request_key=key)
        assert refusal(milestone, editor, request_key=key, **changes).code == "request_reused"
        assert refusal(milestone, editor, request_key=key, source_id=make_source().pk).code == "request_reused"

    @pytest.mark.parametrize(("field", "text"), [("window", "9999"), ("window", "2101"), ("announced", "0001"), ("announced", "1989")])
    def test_a_date_far_from_ours_is_refused_at_its_field(self, milestone: Milestone, field: str, text: str) -> None:
        error = refusal(milestone, make_user(Role.EDITOR), **{field: DateWindow.parse(text)})
        assert (error.field, error.code) == (field, "date_range")

    def test_what_is_reached_has_no_forecast(self, milestone: Milestone) -> None:
        milestone.actual, milestone.actual_announced_on = DateWindow.day(date(2026, 1, 30)), date(2026, 1, 30)
        milestone.save()
        assert refusal(milestone, make_user(Role.EDITOR)).code == "reached"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"reason": "weather"}, "reason"),
            ({"reason": ""}, "reason"),
            ({"window": DateWindow.parse("2026-02")}, "window"),
            ({"announced": DateWindow.parse("2026-03-03")}, "announced"),
            ({"source_id": 10**9}, "source"),
        ],
    )
    def test_a_wrong_input_is_refused_at_its_field(self, milestone: Milestone, changes: dict[str, Any], field: str) -> None:
        assert refusal(milestone, make_user(Role.EDITOR), **changes).field == field

    def test_a_window_that_ends_today_is_not_past(self, milestone: Milestone) -> None:
        assert revise(milestone, make_user(Role.EDITOR), window=DateWindow.day(TODAY)).new == DateWindow.day(TODAY)

    def test_a_forecast_that_changes_nothing_is_refused(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        revise(milestone, editor)
        assert refusal(milestone, editor).code == "unchanged"
        confirm_forecasts(milestone_ids=[milestone.pk], by=editor, today=TODAY)
        assert refusal(milestone, editor).code == "unchanged"

    def test_the_same_date_is_recorded_with_another_reason_or_a_note(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        revise(milestone, editor)
        assert revise(milestone, editor, reason="financing").old == SPRING
        assert revise(milestone, editor, reason="financing", note="The bank waits.").new == SPRING
        assert refusal(milestone, editor, reason="financing", note="The bank waits.").code == "unchanged"


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; their results, or what they raised."""
    gate = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(n: int, call: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=10)
            results[n] = call()
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, call)) for n, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_one_is_recorded_and_the_other_meets_it(self) -> None:
        milestone, editor = make_milestone(), make_user(Role.EDITOR)
        results = at_once(
            lambda: revise(milestone, editor, version=1),
            lambda: revise(milestone, editor, version=1, window=DateWindow.parse("2027")),
        )
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "ForecastRevision"]
        assert ForecastRevision.objects.count() == 1

    def test_a_double_click_records_one_revision(self) -> None:
        milestone, editor, key = make_milestone(), make_user(Role.EDITOR), uuid.uuid4()
        results = at_once(*[lambda: revise(milestone, editor, version=1, request_key=key)] * 2)
        assert len({result.pk for result in results}) == 1
        assert ForecastRevision.objects.count() == 1


@pytest.mark.django_db
class TestConfirming:
    def confirmable(self, editor: User, count: int = 3) -> list[Milestone]:
        factory = make_factory()
        found = [make_milestone(factory) for _ in range(count)]
        for milestone in found:
            revise(milestone, editor)
        return found

    def test_a_confirmation_is_a_revision_that_moves_nothing(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        revise(milestone, editor)
        version = Milestone.objects.get(pk=milestone.pk).version
        (done,) = confirm_forecasts(milestone_ids=[milestone.pk], by=editor, today=TODAY)
        assert (done.reason, done.old, done.new, done.recorded_by) == ("confirmed", SPRING, SPRING, editor)
        assert done.announced == DateWindow.day(TODAY)
        assert Milestone.objects.get(pk=milestone.pk).version == version

    def test_a_confirmation_counts_as_no_move_but_is_the_newest_word(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        first = revise(milestone, editor, announced=DateWindow.parse("2026-01"))
        (done,) = confirm_forecasts(milestone_ids=[milestone.pk], by=editor, today=TODAY)
        (story,) = stories(with_dates(Milestone.objects.filter(pk=milestone.pk), as_of=TODAY), as_of=TODAY)
        assert story.revisions == [first]
        assert story.confirmed == done
        assert milestone.standing.told_on == TODAY

    def test_a_move_ends_the_confirmation_before_it(self, milestone: Milestone) -> None:
        editor = make_user(Role.EDITOR)
        revise(milestone, editor)
        confirm_forecasts(milestone_ids=[milestone.pk], by=editor, today=TODAY)
        revise(milestone, editor, window=DateWindow.parse("2026-12"))
        (story,) = stories(with_dates(Milestone.objects.filter(pk=milestone.pk), as_of=TODAY), as_of=TODAY)
        assert (len(story.revisions), story.confirmed) == (2, None)

    def test_the_same_confirmation_twice_a_day_is_one(self) -> None:
        editor = make_user(Role.EDITOR)
        found = self.confirmable(editor)
        first = confirm_forecasts(milestone_ids=[m.pk for m in found[:2]], by=editor, today=TODAY)
        again = confirm_forecasts(milestone_ids=[m.pk for m in found], by=editor, today=TODAY)
        assert set(first) < set(again)
        assert ForecastRevision.objects.filter(reason="confirmed").count() == 3

    def test_all_are_confirmed_or_none_and_each_refusal_is_named(self) -> None:
        editor = make_user(Role.EDITOR)
        good, past, reached = self.confirmable(editor)
        never = make_milestone(good.factory)
        ForecastRevision.objects.bulk_create([_dated_revision(past, "2026-02")])
        reached.actual, reached.actual_announced_on = DateWindow.parse("2026-02"), TODAY
        reached.save()
        stranger = make_milestone()
        keys = [good.pk, past.pk, reached.pk, never.pk, stranger.pk, 10**9]
        manager = make_user(Role.MANAGER, factory=good.factory)
        with pytest.raises(BatchRefused) as caught:
            confirm_forecasts(milestone_ids=keys, by=manager, today=TODAY)
        assert [(number, getattr(error, "code", "")) for number, error in caught.value.rows] == [
            (1, "past"), (2, "reached"), (3, "no_forecast"), (4, "not_found"), (5, "not_found")
        ]  # fmt: skip
        assert not ForecastRevision.objects.filter(reason="confirmed").exists()

    def test_who_may_not_revise_may_not_confirm(self) -> None:
        (one,) = self.confirmable(make_user(Role.EDITOR), 1)
        with pytest.raises(BatchRefused) as caught:
            confirm_forecasts(milestone_ids=[one.pk], by=make_user(Role.CONTROLLER, factory=one.factory), today=TODAY)
        assert isinstance(caught.value.rows[0][1], Forbidden)

    @pytest.mark.parametrize("count", [1, 40])
    def test_any_number_costs_the_same_statements(self, count: int, django_assert_max_num_queries: Any) -> None:
        editor = make_user(Role.EDITOR)
        found = self.confirmable(editor, count)
        editor = User.objects.get(pk=editor.pk)
        with django_assert_max_num_queries(8):
            confirm_forecasts(milestone_ids=[m.pk for m in found], by=editor, today=TODAY)

    def test_confirmed_is_no_reason_of_a_move(self, milestone: Milestone) -> None:
        error = refusal(milestone, make_user(Role.EDITOR), reason="confirmed")
        assert (error.field, error.code) == ("reason", "choice")


def _dated_revision(milestone: Milestone, window: str) -> ForecastRevision:
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.parse(window), DateWindow.day(TODAY)
    return revision
