"""What is asked of a person: which forecasts want a word, which delays a note, which decisions wait; of whom, in how many statements."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, Claim, Contract, DelayFlag, Factory, ForecastRevision, JobRun, Milestone, RiskRun, User, Visit
from cluster.queries.my_work import MOST_COUNTED, MOST_FLAGS, MyWork, asked_of, my_work
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise

pytestmark = pytest.mark.django_db


@pytest.fixture
def factory() -> Factory:
    return make_factory(code="F01")


def day(days: int) -> date:
    """So many days from today."""
    return timezone.localdate() + timedelta(days=days)


def work(reader: User) -> MyWork:
    reader = User.objects.get(pk=reader.pk)
    return my_work(reader, today=timezone.localdate(), counts=asked_of(reader, today=timezone.localdate()))


def asked(reader: User) -> list[str]:
    """The milestones whose forecast is asked about."""
    return [one.dated.milestone.code for one in work(reader).forecasts]


def forecast(milestone: Milestone, ends: int, told: int) -> Milestone:
    """A forecast that ends so many days from today, told so many days ago."""
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.day(day(ends)), DateWindow.day(day(-told))
    revision.save()
    return milestone


def make_flag(factory: Factory, **fields: Any) -> DelayFlag:
    row = {"kind": "over_budget", "severity": "major", "since": day(-40), "opened_on": day(-30), "subject_id": factory.pk}
    return DelayFlag.objects.create(contract=factory.contract, factory=factory, **row | fields)


class TestForecasts:
    @pytest.mark.parametrize(
        ("ends", "told", "is_asked"),
        [
            (-1, 0, True),  # it has passed, whoever said so when
            (14, 7, True),  # soon, and nothing told for a week
            (14, 6, False),
            (15, 29, False),  # not soon, and no long silence
            (15, 30, True),
        ],
    )
    def test_a_word_is_due_when_it_passed_or_ends_soon_or_after_long_silence(
        self, factory: Factory, ends: int, told: int, is_asked: bool
    ) -> None:
        forecast(make_milestone(factory, code="M"), ends, told)
        assert asked(make_user(Role.MANAGER, factory=factory)) == (["M"] if is_asked else [])

    def test_the_contract_says_what_silence_is(self, factory: Factory) -> None:
        forecast(make_milestone(factory, code="M"), 90, 10)
        manager = make_user(Role.MANAGER, factory=factory)
        assert asked(manager) == []
        Contract.objects.update(silent_after_days=10)
        assert asked(manager) == ["M"]

    def test_what_is_due_soon_and_has_no_forecast_wants_a_first_one(self, factory: Factory) -> None:
        promise(make_milestone(factory, code="SOON"), day(14).isoformat(), announced="2020")
        promise(make_milestone(factory, code="LATER"), day(15).isoformat(), announced="2020")
        (one,) = work(make_user(Role.MANAGER, factory=factory)).forecasts
        assert (one.dated.milestone.code, one.can_be_confirmed) == ("SOON", False)

    def test_what_has_passed_cannot_be_confirmed(self, factory: Factory) -> None:
        forecast(make_milestone(factory, code="PAST"), -1, 0)
        forecast(make_milestone(factory, code="NEAR"), 0, 7)
        found = work(make_user(Role.MANAGER, factory=factory)).forecasts
        assert [(one.dated.milestone.code, one.can_be_confirmed) for one in found] == [("PAST", False), ("NEAR", True)]

    def test_what_was_reached_or_is_not_judged_is_not_asked_about(self, factory: Factory) -> None:
        reached = forecast(make_milestone(factory), 1, 40)
        reached.actual, reached.actual_announced_on = DateWindow.day(day(-1)), day(-1)
        reached.save()
        forecast(make_milestone(factory, scored=False, not_scored_ru="туманно"), 1, 40)
        assert asked(make_user(Role.MANAGER, factory=factory)) == []

    def test_it_is_asked_of_who_is_responsible_or_manages_the_factory(self, factory: Factory) -> None:
        responsible, named = make_user(Role.EDITOR, contract=factory.contract), make_user(Role.EDITOR)
        forecast(make_milestone(factory, code="M", responsible=responsible), 1, 40)
        Factory.objects.filter(pk=factory.pk).update(manager=named)
        for person in (responsible, named, make_user(Role.MANAGER, factory=factory), make_user(Role.MANAGER, contract=factory.contract)):
            assert asked(person) == ["M"]

    def test_it_is_not_asked_of_others_nor_of_who_may_not_tell_it(self, factory: Factory) -> None:
        controller = make_user(Role.CONTROLLER, contract=factory.contract)
        forecast(make_milestone(factory, responsible=controller), 1, 40)
        others = [
            controller,
            make_user(Role.EDITOR, contract=factory.contract),
            make_user(Role.MANAGER, factory=make_factory(factory.contract)),
            make_user(Role.MANAGER, factory=make_factory()),
            make_user(),
        ]
        assert [asked(person) for person in others] == [[]] * 5


class TestFlags:
    def test_the_gravest_and_longest_stand_first(self, factory: Factory) -> None:
        for severity, since in (("minor", -300), ("critical", -5), ("major", -40), ("critical", -50)):
            make_flag(factory, kind=f"k{since}", severity=severity, since=day(since))
        found = work(make_user(Role.EDITOR, contract=factory.contract)).flags
        assert [one.row.kind for one in found] == ["k-50", "k-5", "k-40", "k-300"]

    def test_what_is_noted_closed_or_withdrawn_is_not_asked_about(self, factory: Factory) -> None:
        reader = make_user(Role.EDITOR)
        note = {"acknowledged_by": reader, "acknowledged_reason": "known"}
        make_flag(factory, kind="noted", acknowledged_until=day(0), **note)
        make_flag(factory, kind="run_out", acknowledged_until=day(-1), **note)
        make_flag(factory, kind="closed", closed_on=day(-1))
        make_flag(factory, kind="completed_late", closed_on=day(-1), withdrawn_on=day(0))
        assert [one.row.kind for one in work(reader).flags] == ["run_out"]

    def test_each_role_is_asked_about_its_own(self, factory: Factory) -> None:
        make_flag(factory)
        make_flag(make_factory(factory.contract))
        make_flag(make_factory())
        people = {
            make_user(Role.MANAGER, factory=factory): 1,
            make_user(Role.EDITOR, contract=factory.contract): 2,
            make_user(Role.EDITOR): 3,
            make_user(Role.ADMIN): 0,
            make_user(Role.AUDITOR): 0,
            make_user(Role.CONTROLLER): 0,
        }
        assert [len(work(person).flags) for person in people] == list(people.values())

    def test_of_an_example_only_those_are_asked_who_have_a_role_in_it(self) -> None:
        example = make_factory(make_contract(is_example=True))
        make_flag(example)
        assert not work(make_user(Role.EDITOR)).flags
        assert len(work(make_user(Role.EDITOR, contract=example.contract)).flags) == 1

    def test_the_list_and_the_count_are_bounded(self, factory: Factory) -> None:
        for number in range(MOST_COUNTED + 5):
            make_flag(factory, kind=f"k{number}")
        found = work(make_user(Role.EDITOR))
        assert (len(found.flags), found.counts.total, found.counts.is_cut) == (MOST_FLAGS, MOST_COUNTED, True)


class TestDecisions:
    def claim(self, contract: Contract, value: str, **fields: Any) -> Claim:
        row = {"figure": "commitment", "unit": "RUB", "source": make_source(), "in_use": False}
        claim = Claim(contract=contract, value=Decimal(value), **row | fields)
        claim.valid = DateWindow.parse("2024")
        claim.save()
        return claim

    def test_a_rate_in_quarantine_waits_for_editors_of_everything(self, factory: Factory) -> None:
        make_rate("2024-01-10", "90", status="quarantined")
        assert work(make_user(Role.EDITOR)).counts.of["rates"] == 1
        assert work(make_user(Role.EDITOR, contract=factory.contract)).counts.total == 0
        assert work(make_user(Role.ADMIN)).counts.total == 0

    def test_a_proposed_baseline_waits_for_those_who_approve_it(self, factory: Factory) -> None:
        draft = Baseline.objects.create(contract=factory.contract, name_ru="План")
        Baseline.objects.create(contract=factory.contract, name_ru="Принятый", kind="approved", in_force_from=day(0))
        assert work(make_user(Role.EDITOR, contract=factory.contract)).baselines == [draft]
        assert work(make_user(Role.MANAGER, factory=factory)).counts.total == 0
        assert work(make_user(Role.EDITOR, contract=make_contract())).counts.total == 0

    def test_contradictions_wait_until_one_of_the_claims_is_in_use(self, factory: Factory) -> None:
        reader, contract = make_user(Role.EDITOR, contract=factory.contract), factory.contract
        first = self.claim(contract, "10")
        assert work(reader).contradictions == []
        self.claim(contract, "10")
        assert work(reader).contradictions == []  # they agree
        self.claim(contract, "12")
        (one,) = work(reader).contradictions
        assert (one.contract, one.count) == (contract, 1)
        assert work(make_user(Role.AUDITOR)).contradictions == []
        Claim.objects.filter(pk=first.pk).update(in_use=True)
        assert work(reader).contradictions == []

    def test_what_may_be_true_at_once_is_no_contradiction(self, factory: Factory) -> None:
        for value in ("10", "12"):
            self.claim(factory.contract, value, figure="quotation")
        assert work(make_user(Role.EDITOR)).contradictions == []

    def test_a_run_that_was_given_up_waits_until_a_later_one_succeeds(self) -> None:
        now = timezone.now()
        dead = JobRun.objects.create(name="convert", status="dead", scheduled_for=now)
        admin = make_user(Role.ADMIN)
        assert work(admin).jobs == [dead]
        assert work(make_user(Role.AUDITOR)).jobs == []
        JobRun.objects.create(name="flag_delays", status="succeeded", scheduled_for=now + timedelta(hours=1))
        assert work(admin).jobs == [dead]
        JobRun.objects.create(name="convert", status="succeeded", scheduled_for=now + timedelta(hours=1))
        assert work(admin).jobs == []

    def test_a_finished_simulation_waits_for_who_asked_until_the_contract_is_looked_at(self, factory: Factory) -> None:
        reader, now = make_user(Role.EDITOR, contract=factory.contract), timezone.now()
        run = RiskRun.objects.create(contract=factory.contract, as_of=day(0), requested_by=reader, finished_at=now)
        RiskRun.objects.create(contract=factory.contract, as_of=day(0), requested_by=reader)
        visit = Visit.objects.create(user=reader, contract=factory.contract, seen_at=now - timedelta(hours=1))
        assert work(reader).simulations == [run]
        assert work(make_user(Role.EDITOR)).simulations == []
        Visit.objects.filter(pk=visit.pk).update(seen_at=now + timedelta(seconds=1))
        assert work(reader).simulations == []


@pytest.mark.parametrize("role", list(Role))
def test_the_count_costs_one_statement(factory: Factory, role: Role, django_assert_num_queries: Any) -> None:
    make_flag(factory)
    reader = make_user(role)
    assert reader.scope
    with django_assert_num_queries(1):
        asked_of(reader, today=timezone.localdate())
