"""Simulations: asked for, worked off, cancelled, taken up again, repeated; and what they leave behind."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.domain.plan_risk import Assumptions
from cluster.gateways import broker
from cluster.models import JobRun, Milestone, RiskResult, RiskRun, Standing, User
from cluster.queries.risk import plan_risk
from cluster.services import jobs, simulation
from cluster.services.risk import cancel_run, request_run
from tests.factories import make_contract, make_user
from tests.plan import Plan, make_plan

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUICK = Assumptions(iterations=300)
Status = JobRun.Status


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ids: list[int] = []
    monkeypatch.setattr(broker, "wake", ids.extend)
    monkeypatch.setattr(broker, "wake_soon", ids.extend)
    return ids


@pytest.fixture
def plan() -> Plan:
    return make_plan()


@pytest.fixture
def editor(plan: Plan) -> User:
    return make_user(Role.EDITOR, contract=plan.contract)


def work(run: RiskRun, now: datetime = NOW) -> RiskRun:
    assert run.job_run_id is not None
    jobs.execute(run.job_run_id, now=now)
    run.refresh_from_db()
    return run


def test_a_simulation_is_a_row_with_its_assumptions_and_its_work_waits(
    plan: Plan, editor: User, woken: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    asked = Assumptions(
        iterations=500, seed=7, in_factory=Decimal("0.4"), uplift_percent=Decimal(15), uplift_reason=" Mott MacDonald 2002 "
    )
    with django_capture_on_commit_callbacks(execute=True):
        run = request_run(contract_id=plan.contract.pk, assumptions=asked, by=editor, now=NOW)
    assert (run.iterations, run.seed, run.in_factory, run.uplift_reason) == (500, 7, Decimal("0.4"), "Mott MacDonald 2002")
    assert (run.as_of.isoformat(), run.finished_at, run.requested_by) == ("2026-03-02", None, editor)
    assert run.job_run is not None
    assert (run.job_run.name, run.job_run.params, run.job_run.requested_by) == ("simulate_risk", {"risk_run": run.pk}, editor)
    assert woken == [run.job_run.pk]


def test_what_comes_of_it_is_stored_for_the_contract_and_each_milestone(
    plan: Plan, editor: User, django_capture_on_commit_callbacks: Any
) -> None:
    run = request_run(contract_id=plan.contract.pk, assumptions=Assumptions(iterations=2000), by=editor, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        work(run)
    assert run.job_run is not None
    run.job_run.refresh_from_db()
    assert (run.job_run.status, run.job_run.progress_done) == (Status.SUCCEEDED, 2000)
    assert run.job_run.figures == {"iterations": 2000, "milestones": 6, "estimated": 2}
    assert run.p10 is not None and run.p50 is not None and run.p80 is not None and run.p95 is not None  # noqa: PT018
    assert run.p10 < run.p50 < run.p80 < run.p95
    assert sum(count for _day, count in run.curve) == 2000
    assert (run.chance, run.chance_of_all, run.estimated) == (1, 1, 2)
    results = {result.milestone_id: result for result in run.results.all()}
    assert set(results) == set(Milestone.objects.values_list("pk", flat=True))
    assert results[plan.works[1].pk].sensitivity == 0
    assert results[plan.works[0].pk].chance is None
    p80 = dict(Standing.objects.values_list("milestone_id", "p80"))
    assert p80 == {pk: result.p80 for pk, result in results.items()}
    assert JobRun.objects.filter(name=JobRun.Name.FLAG_DELAYS).count() == 1


def test_the_chance_of_all_is_less_than_that_of_each_and_more_than_their_product_where_they_share_a_cause(editor: User, plan: Plan) -> None:
    run = work(request_run(contract_id=plan.contract.pk, assumptions=Assumptions(iterations=4000), by=editor, now=NOW))
    day = run.results.get(milestone=plan.openings[0]).p50
    due = make_plan(due=day.isoformat())
    again = request_run(contract_id=due.contract.pk, assumptions=Assumptions(iterations=4000), by=make_user(Role.EDITOR), now=NOW)
    work(again)
    first, second = (again.results.get(milestone=opening).chance for opening in due.openings)
    assert first is not None and second is not None and again.chance_of_all is not None  # noqa: PT018
    assert first * second + 0.02 < again.chance_of_all < min(first, second)


def test_what_is_reached_is_not_simulated(plan: Plan, editor: User) -> None:
    Milestone.objects.filter(pk=plan.works[0].pk).update(
        actual_earliest="2026-02-01", actual_latest="2026-02-01", actual_precision="day", actual_announced_on="2026-02-01"
    )
    run = work(request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW))
    assert run.estimated == 1
    assert not run.results.filter(milestone=plan.works[0]).exists()
    opening = run.results.get(milestone=plan.openings[0])
    assert opening.p10 == opening.p95


def test_a_contract_whose_milestones_are_all_reached_ends_where_it_ended(plan: Plan, editor: User) -> None:
    Milestone.objects.update(
        actual_earliest="2026-02-02", actual_latest="2026-02-02", actual_precision="day", actual_announced_on="2026-02-02"
    )
    run = work(request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW))
    assert str(run.p10) == str(run.p95) == "2026-02-02"
    assert (run.chance, run.chance_of_all, run.estimated, run.results.count()) == (1, None, 0, 0)


def test_the_same_key_gives_the_same_simulation(plan: Plan, editor: User) -> None:
    key = uuid.uuid4()
    runs = [request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW, request_key=key) for _ in range(2)]
    assert runs[0] == runs[1]
    assert JobRun.objects.count() == 1


def test_a_key_that_asked_for_something_else_is_refused(plan: Plan) -> None:
    key, editor = uuid.uuid4(), make_user(Role.EDITOR)
    request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW, request_key=key)
    others = [
        (plan.contract, replace(QUICK, seed=9), editor),
        (plan.contract, QUICK, make_user(Role.EDITOR, contract=plan.contract)),
        (make_contract(), QUICK, editor),
    ]
    for contract, assumed, by in others:
        with pytest.raises(DomainError) as refusal:
            request_run(contract_id=contract.pk, assumptions=assumed, by=by, now=NOW, request_key=key)
        assert refusal.value.code == "request_reused"
    assert JobRun.objects.count() == 1


def test_the_same_seed_gives_the_same_results(plan: Plan, editor: User) -> None:
    runs = [work(request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW + timedelta(seconds=n))) for n in range(2)]
    assert runs[0].curve == runs[1].curve
    columns = ("milestone", "p10", "p50", "p80", "p95", "chance", "criticality", "sensitivity")
    assert list(runs[0].results.values_list(*columns)) == list(runs[1].results.values_list(*columns))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"iterations": 0}, "iterations"),
        ({"iterations": 1_000_001}, "iterations"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"in_factory": Decimal("-0.1")}, "in_factory"),
        ({"in_cause": Decimal("1.1")}, "in_cause"),
        ({"overall": Decimal("0.6")}, "overall"),
        ({"overall": Decimal("NaN")}, "overall"),
        ({"uplift_percent": Decimal(10)}, "uplift_reason"),
        ({"uplift_percent": Decimal(10), "uplift_reason": "  "}, "uplift_reason"),
        ({"uplift_percent": Decimal(10), "uplift_reason": "x" * 301}, "uplift_reason"),
        ({"uplift_percent": Decimal(-5), "uplift_reason": "x"}, "uplift_percent"),
        ({"uplift_percent": Decimal("Infinity"), "uplift_reason": "x"}, "uplift_percent"),
    ],
)
def test_assumptions_that_make_no_sense_are_refused_at_their_field(changed: dict[str, Any], field: str, plan: Plan, editor: User) -> None:
    with pytest.raises(DomainError) as told:
        request_run(contract_id=plan.contract.pk, assumptions=Assumptions(**changed), by=editor, now=NOW)
    assert told.value.field == field
    assert not RiskRun.objects.exists()


def test_a_contract_without_milestones_has_nothing_to_simulate() -> None:
    with pytest.raises(DomainError, match="no milestone"):
        request_run(contract_id=make_contract().pk, assumptions=QUICK, by=make_user(Role.EDITOR), now=NOW)


def test_only_who_edits_the_contract_asks_and_others_do_not_see_it(plan: Plan) -> None:
    with pytest.raises(Forbidden):
        request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=make_user(Role.AUDITOR), now=NOW)
    with pytest.raises(NotFound):
        request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=make_user(Role.EDITOR, contract=make_contract()), now=NOW)
    with pytest.raises(Forbidden):
        request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=make_user(Role.MANAGER, factory=plan.works[0].factory), now=NOW)


class TestCancelling:
    def test_one_that_waits_ends_at_once_and_is_not_worked_off(self, plan: Plan, editor: User) -> None:
        run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)
        cancelled = cancel_run(risk_run_id=run.pk, by=editor)
        assert cancelled.job_run is not None
        assert (cancelled.job_run.status, cancelled.job_run.cancelled_by) == (Status.CANCELLED, editor)
        assert work(run).finished_at is None

    def test_one_that_works_stops_where_it_next_tells_its_progress_and_leaves_nothing(
        self, plan: Plan, editor: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)

        def cancelled_meanwhile(*args: Any, **options: Any) -> Any:
            cancel_run(risk_run_id=run.pk, by=editor)
            return plan_risk(*args, **options)

        monkeypatch.setattr(simulation, "plan_risk", cancelled_meanwhile)
        work(run)
        assert run.job_run is not None
        run.job_run.refresh_from_db()
        assert (run.job_run.status, run.job_run.attempts, run.job_run.lease_token) == (Status.CANCELLED, 1, None)
        assert (run.finished_at, RiskResult.objects.count()) == (None, 0)
        jobs.sweep(NOW + timedelta(hours=1))
        assert work(run).finished_at is None

    def test_one_whose_worker_was_lost_is_not_tried_again(self, plan: Plan, editor: User) -> None:
        run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)
        past = timezone.now() - timedelta(minutes=1)
        JobRun.objects.update(status=Status.RUNNING, lease_token=uuid.uuid4(), lease_until=past, attempts=1)
        cancel_run(risk_run_id=run.pk, by=editor)
        jobs.sweep(NOW)
        assert JobRun.objects.get(risk_run=run).status == Status.CANCELLED

    def test_one_that_has_ended_cannot_be_cancelled(self, plan: Plan, editor: User) -> None:
        run = work(request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW))
        with pytest.raises(Conflict):
            cancel_run(risk_run_id=run.pk, by=editor)

    def test_editors_of_the_contract_and_who_runs_jobs_may_and_others_may_not(self, plan: Plan, editor: User) -> None:
        for by in (make_user(Role.EDITOR, contract=plan.contract), make_user(Role.ADMIN)):
            run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)
            assert run.job_run_id is not None
            assert jobs.cancel(run.job_run_id, by=by).status == Status.CANCELLED
        run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)
        assert run.job_run_id is not None
        for outsider, error in (
            (make_user(Role.AUDITOR), Forbidden),
            (make_user(Role.EDITOR, contract=make_contract()), NotFound),
            (make_user(), NotFound),
        ):
            with pytest.raises(error):
                jobs.cancel(run.job_run_id, by=outsider)


def test_a_worker_that_dies_after_the_results_are_stored_leaves_them_once(plan: Plan, editor: User) -> None:
    run = work(request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW))
    finished = run.finished_at
    JobRun.objects.filter(risk_run=run).update(status=Status.QUEUED)
    work(run)
    assert run.finished_at == finished
    assert run.results.count() == 6
    assert JobRun.objects.get(risk_run=run).status == Status.SUCCEEDED


def test_a_plan_that_leaves_its_years_ends_the_run_in_words_and_is_not_tried_again(plan: Plan, editor: User) -> None:
    run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)
    Milestone.objects.filter(pk=plan.works[0].pk).update(duration_days=60_000, pessimistic_days=60_000, optimistic_days=60_000)
    work(run)
    assert run.job_run is not None
    run.job_run.refresh_from_db()
    assert run.job_run.status == Status.DEAD
    assert "2100" in run.job_run.error or "working days" in run.job_run.error


def test_p80_stays_with_the_newest_data_date(plan: Plan, editor: User) -> None:
    older = request_run(contract_id=plan.contract.pk, assumptions=Assumptions(iterations=300, seed=9), by=editor, now=NOW)
    newer = work(request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW + timedelta(days=40)))
    before = dict(Standing.objects.values_list("milestone_id", "p80"))
    work(older)
    assert older.finished_at is not None
    assert dict(Standing.objects.values_list("milestone_id", "p80")) == before
    assert before[plan.works[0].pk] == newer.results.get(milestone=plan.works[0]).p80


def test_the_night_repeats_the_newest_simulation_of_a_contract_with_the_same_assumptions(plan: Plan, editor: User) -> None:
    first = work(
        request_run(
            contract_id=plan.contract.pk,
            assumptions=Assumptions(iterations=300, seed=5, uplift_percent=Decimal(10), uplift_reason="Why"),
            by=editor,
            now=NOW,
        )
    )
    make_plan()
    assert jobs.run_here("simulate_risk", now=NOW + timedelta(minutes=5)).figures == {"due": 0}
    seen = [first.pk]
    for night in (1, 2):
        now = NOW + timedelta(days=night)
        assert jobs.run_here("simulate_risk", now=now).figures == {"due": 1}
        assert jobs.run_here("simulate_risk", now=now + timedelta(minutes=1)).figures == {"due": 0}
        again = RiskRun.objects.exclude(pk__in=seen).get()
        seen.append(again.pk)
        work(again, now)
        assert (again.seed, again.uplift_reason, again.requested_by) == (5, "Why", None)
        assert again.as_of == NOW.date() + timedelta(days=night)
    # Of the machine's own repeats the newest alone keeps its milestones; what a person asked for stays whole.
    assert [RiskResult.objects.filter(run=pk).count() for pk in seen] == [6, 0, 6]


def test_simulating_takes_few_statements(plan: Plan, editor: User, django_assert_max_num_queries: Any) -> None:
    run = request_run(contract_id=plan.contract.pk, assumptions=QUICK, by=editor, now=NOW)
    with django_assert_max_num_queries(22):
        simulation.simulate_run(run.pk, progress=lambda _done, _total: None)
