"""Milestones through their service: who may add, change and delete them, tell their progress, and what is refused."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.timezone import localdate

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.models import Baseline, Claim, DelayFlag, Dependency, JobRun, Milestone, User
from cluster.queries.history import record_history
from cluster.queries.people import people_of
from cluster.services.forecasts import revise_forecast
from cluster.services.milestones import add_milestone, change_milestone, delete_milestone, report_progress
from cluster.services.records import save_record
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user, promise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
TODAY = localdate()


@pytest.fixture
def milestone() -> Milestone:
    contract = make_contract()
    contract.signed = DateWindow.parse("2019-07")
    contract.save()
    return make_milestone(make_factory(contract, code="F01"), code="F01-OPEN")


@pytest.fixture
def editor() -> User:
    return make_user(Role.EDITOR)


def manager_of(milestone: Milestone) -> User:
    return make_user(Role.MANAGER, factory=milestone.factory)


def new(milestone: Milestone, **changes: Any) -> dict[str, Any]:
    values = {"code": "F01-EQ", "kind": "equipment", "name_ru": "Поставка", "factory_id": milestone.factory_id, "duration_days": 40}
    return values | changes


class TestAdding:
    def test_a_milestone_is_added_with_its_reason_and_flags_are_asked_for(
        self, milestone: Milestone, editor: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            made = add_milestone(new(milestone), contract_id=milestone.contract_id, by=editor, reason="forgotten")
        stored = Milestone.objects.get(pk=made.pk)
        assert (stored.code, stored.duration_days, stored.version) == ("F01-EQ", 40, 1)
        assert [change.reason for change in record_history(record=stored, limit=5)] == ["forgotten"]
        assert JobRun.objects.filter(name="flag_delays").exists()

    def test_the_same_one_sent_twice_is_one_and_another_of_its_code_is_refused(self, milestone: Milestone, editor: User) -> None:
        first, again = (add_milestone(new(milestone), contract_id=milestone.contract_id, by=editor) for _twice in range(2))
        assert first.pk == again.pk
        with pytest.raises(DomainError) as refusal:
            add_milestone(new(milestone, duration_days=41), contract_id=milestone.contract_id, by=editor)
        assert (refusal.value.field, refusal.value.code) == ("code", "duplicate")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"code": ""}, "code"),
            ({"code": "a b"}, "code"),
            ({"code": "new"}, "code"),
            ({"code": "../A"}, "code"),
            ({"code": "１"}, "code"),
            ({"duration_days": -1}, "duration_days"),
            ({"duration_days": 5001}, "duration_days"),
            ({"factory_id": 2**62}, "factory"),
            ({"responsible_id": 2**62}, "responsible"),
            ({"constraint": "FNLT"}, "constraint_on"),
            ({"constraint_on": date(2030, 1, 1)}, "constraint"),
            ({"constraint": "FNLT", "constraint_on": date(2200, 1, 1)}, "constraint_on"),
            ({"scored": False}, "not_scored_ru"),
            ({"scored": False, "not_scored_ru": "  "}, "not_scored_ru"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(self, milestone: Milestone, editor: User, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(DomainError) as refusal:
            add_milestone(new(milestone, **changes), contract_id=milestone.contract_id, by=editor)
        assert refusal.value.field == field
        assert Milestone.objects.count() == 1

    def test_a_factory_of_another_contract_is_refused(self, milestone: Milestone, editor: User) -> None:
        with pytest.raises(DomainError) as refusal:
            add_milestone(new(milestone, factory_id=make_factory().pk), contract_id=milestone.contract_id, by=editor)
        assert refusal.value.field == "factory"

    def test_who_answers_for_it_has_a_role_that_reaches_it(self, milestone: Milestone, editor: User) -> None:
        own, gone = manager_of(milestone), make_user(Role.EDITOR, is_active=False)
        elsewhere = make_user(Role.MANAGER, factory=make_factory(milestone.contract))
        found = people_of(milestone.contract_id, factory_id=milestone.factory_id)
        assert set(found) == {own, editor}
        assert add_milestone(new(milestone, responsible_id=own.pk), contract_id=milestone.contract_id, by=editor).responsible == own
        for stranger in (elsewhere, gone, make_user()):
            with pytest.raises(DomainError, match="no role in the contract"):
                add_milestone(new(milestone, code="X1", responsible_id=stranger.pk), contract_id=milestone.contract_id, by=editor)

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_only_editors_add_change_and_delete(self, milestone: Milestone, role: Role) -> None:
        person = manager_of(milestone) if role is Role.MANAGER else make_user(role)
        calls: list[Callable[[], object]] = [
            lambda: add_milestone(new(milestone), contract_id=milestone.contract_id, by=person),
            lambda: change_milestone({"name_ru": "x"}, milestone_id=milestone.pk, by=person, version=1),
            lambda: delete_milestone(milestone_id=milestone.pk, by=person, version=1),
        ]
        for call in calls:
            with pytest.raises(Forbidden):
                call()

    def test_outsiders_find_nothing(self, milestone: Milestone) -> None:
        outsider = make_user(Role.EDITOR, contract=make_contract())
        with pytest.raises(NotFound):
            add_milestone(new(milestone), contract_id=milestone.contract_id, by=outsider)
        with pytest.raises(NotFound):
            change_milestone({"name_ru": "x"}, milestone_id=milestone.pk, by=outsider, version=1)


class TestChanging:
    def test_only_what_is_named_changes_and_the_version_rises(self, milestone: Milestone, editor: User) -> None:
        Milestone.objects.filter(pk=milestone.pk).update(duration_days=7)
        change_milestone({"name_ru": " Новое имя "}, milestone_id=milestone.pk, by=editor, version=1, reason="renamed")
        milestone.refresh_from_db()
        assert (milestone.name_ru, milestone.duration_days, milestone.version) == ("Новое имя", 7, 2)
        assert record_history(record=milestone, limit=1)[0].reason == "renamed"

    def test_a_stale_version_is_a_conflict_unless_nothing_would_change(self, milestone: Milestone, editor: User) -> None:
        change_milestone({"name_ru": "Первое"}, milestone_id=milestone.pk, by=editor, version=1)
        assert change_milestone({"name_ru": "Первое"}, milestone_id=milestone.pk, by=editor, version=1).version == 2
        with pytest.raises(Conflict) as conflict:
            change_milestone({"name_ru": "Второе"}, milestone_id=milestone.pk, by=editor, version=1)
        assert conflict.value.current.name_ru == "Первое"  # type: ignore[attr-defined]

    def test_a_duration_beyond_the_pessimistic_one_is_refused(self, milestone: Milestone, editor: User) -> None:
        Milestone.objects.filter(pk=milestone.pk).update(optimistic_days=5, duration_days=7, pessimistic_days=9)
        for changes, field in (({"duration_days": 10}, "pessimistic_days"), ({"duration_days": None}, "duration_days")):
            with pytest.raises(DomainError) as refusal:
                change_milestone(changes, milestone_id=milestone.pk, by=editor, version=1)
            assert refusal.value.field == field


class TestProgress:
    def report(self, milestone: Milestone, by: User, *, reason: str = "", version: int | None = None, **values: Any) -> Milestone:
        if isinstance(values.get("actual"), str):
            values["actual"] = DateWindow.parse(values["actual"])
        version = Milestone.objects.get(pk=milestone.pk).version if version is None else version
        return report_progress(values, milestone_id=milestone.pk, by=by, version=version, today=TODAY, reason=reason)

    def test_the_plant_manager_tells_when_work_began_and_when_it_was_done(self, milestone: Milestone) -> None:
        manager, source = manager_of(milestone), make_source()
        self.report(milestone, manager, started_on=date(2025, 2, 3))
        self.report(milestone, manager, actual="2025-06", actual_source_id=source.pk, actual_note_ru="Акт № 5")
        milestone.refresh_from_db()
        assert (milestone.started_on, milestone.actual, milestone.actual_announced_on) == (
            date(2025, 2, 3),
            DateWindow.parse("2025-06"),
            TODAY,
        )
        assert (milestone.actual_source, milestone.actual_note_ru, milestone.version) == (source, "Акт № 5", 3)

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"actual": f"{TODAY + timedelta(days=1)}"}, "actual"),
            ({"actual": f"{TODAY.year + 1}"}, "actual"),
            ({"actual": "2019-06-30"}, "actual"),
            ({"actual": "1989"}, "actual"),
            ({"started_on": TODAY + timedelta(days=1)}, "started_on"),
            ({"started_on": date(1989, 1, 1)}, "started_on"),
            ({"started_on": date(2025, 7, 1), "actual": "2025-06"}, "started_on"),
            ({"actual": "2025-06", "actual_announced_on": TODAY + timedelta(days=1)}, "actual_announced_on"),
            ({"actual": "2025-06", "actual_announced_on": date(2025, 5, 31)}, "actual_announced_on"),
            ({"actual_note_ru": "?"}, "actual"),
            ({"actual": "2025-06", "actual_source_id": 2**62}, "actual_source"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(self, milestone: Milestone, editor: User, values: dict[str, Any], field: str) -> None:
        with pytest.raises(DomainError) as refusal:
            self.report(milestone, editor, **values)
        assert refusal.value.field == field
        milestone.refresh_from_db()
        assert (milestone.actual, milestone.started_on, milestone.version) == (None, None, 1)

    def test_what_was_told_is_corrected_or_taken_back_only_with_a_reason(self, milestone: Milestone, editor: User) -> None:
        self.report(milestone, editor, started_on=date(2025, 1, 9), actual="2025-06-01", actual_note_ru="Акт")
        changes: list[dict[str, Any]] = [{"actual": "2025-06-02"}, {"actual": None}, {"started_on": None}]
        for values in changes:
            with pytest.raises(DomainError) as refusal:
                self.report(milestone, editor, **values)
            assert refusal.value.field == "reason"
        self.report(milestone, editor, actual=None, reason="the act was withdrawn")
        milestone.refresh_from_db()
        assert (milestone.actual, milestone.actual_announced_on, milestone.actual_note_ru) == (None, None, "")
        assert milestone.started_on == date(2025, 1, 9)
        for language, day in (("ru", "01.06.2025"), ("en", "Jun 1, 2025")):
            with translation.override(language):
                change = record_history(record=milestone, limit=1)[0]
            assert change.reason == "the act was withdrawn"
            assert day in {field.before for field in change.changes}

    def test_the_same_report_sent_twice_is_one_change_and_a_stale_one_a_conflict(self, milestone: Milestone, editor: User) -> None:
        for _twice in range(2):
            assert self.report(milestone, editor, actual="2025-06-01", version=1).version == 2
        with pytest.raises(Conflict):
            self.report(milestone, editor, actual="2025-06-03", reason="x", version=1)

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.CONTROLLER, Role.AUDITOR])
    def test_who_only_reads_tells_nothing(self, milestone: Milestone, role: Role) -> None:
        with pytest.raises(Forbidden):
            self.report(milestone, make_user(role), started_on=date(2025, 1, 9))

    def test_the_manager_of_another_plant_finds_nothing(self, milestone: Milestone) -> None:
        with pytest.raises(NotFound):
            self.report(milestone, make_user(Role.MANAGER, factory=make_factory(milestone.contract)), started_on=date(2025, 1, 9))

    def test_a_hand_edit_obeys_the_same_rules(self, milestone: Milestone, editor: User) -> None:
        milestone.started_on = TODAY + timedelta(days=1)
        with pytest.raises(ValidationError) as refusal:
            save_record(milestone, by=editor)
        assert list(refusal.value.message_dict) == ["started_on"]


class TestDeleting:
    def test_a_milestone_of_which_nothing_was_told_goes_with_its_links_and_stays_in_the_history(
        self, milestone: Milestone, editor: User
    ) -> None:
        Dependency.objects.create(predecessor=make_milestone(milestone.factory), successor=milestone)
        draft = Baseline.objects.create(contract=milestone.contract, kind="draft", name_ru="Проект")
        promise(milestone, "2030", baseline=draft)
        delete_milestone(milestone_id=milestone.pk, by=editor, version=1, reason="entered twice")
        assert not Milestone.objects.filter(code="F01-OPEN").exists()
        assert not Dependency.objects.exists()

    def test_what_was_told_of_it_keeps_it(self, milestone: Milestone, editor: User) -> None:
        def told(step: int) -> None:
            match step:
                case 0:
                    claim = Claim(
                        contract=milestone.contract, milestone=milestone, figure="jobs", value=5, unit="people", source=make_source()
                    )
                    claim.save()
                case 1:
                    DelayFlag.objects.create(
                        contract=milestone.contract, milestone=milestone, subject_id=milestone.pk, kind="overdue", severity="minor",
                        since=date(2024, 1, 1), opened_on=date(2024, 1, 2),
                    )  # fmt: skip
                case 2:
                    revise_forecast(
                        milestone_id=milestone.pk, window=DateWindow.parse("2090"), reason="permit", by=editor, version=1, today=TODAY
                    )
                case 3:
                    promise(milestone, "2030")

        for step, code in enumerate(("has_claims", "has_flags", "has_revisions", "in_baseline")):
            told(step)
            milestone.refresh_from_db()
            with pytest.raises(DomainError) as refusal:
                delete_milestone(milestone_id=milestone.pk, by=editor, version=milestone.version)
            assert refusal.value.code == code

    def test_a_stale_version_is_a_conflict(self, milestone: Milestone, editor: User) -> None:
        with pytest.raises(Conflict):
            delete_milestone(milestone_id=milestone.pk, by=editor, version=7)
