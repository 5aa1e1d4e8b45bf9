"""Exceptions from the working calendar: only days that change, one kind on a day, rights and history."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cluster.domain.access import Role
from cluster.domain.errors import Conflict, DomainError, Forbidden, NotFound
from cluster.models import CalendarException, Factory, JobRun, User
from cluster.queries.history import newest_event
from cluster.services.calendar import add_calendar_exceptions, change_calendar_exception, remove_calendar_exception
from cluster.services.records import save_record
from tests.factories import make_contract, make_factory, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
# Friday, Saturday, Sunday, a holiday on Monday, Tuesday.
FRIDAY, SATURDAY, TUESDAY = date(2026, 2, 20), date(2026, 2, 21), date(2026, 2, 24)


@pytest.fixture
def factory() -> Factory:
    return make_factory()


@pytest.fixture
def editor() -> User:
    return make_user(Role.EDITOR)


def add(factory: Factory, by: User, *, whole: bool = False, **fields: Any) -> list[CalendarException]:
    given: dict[str, Any] = {"first": FRIDAY, "last": TUESDAY, "works": False, "reason": "shutdown"}
    return add_calendar_exceptions(contract_id=factory.contract_id, factory_id=None if whole else factory.pk, by=by, **given | fields)


def days(found: list[CalendarException]) -> list[int]:
    return [one.day.day for one in found]


def test_only_days_that_would_be_otherwise_become_exceptions(
    factory: Factory, editor: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert days(add(factory, editor)) == [20, 24]
    assert JobRun.objects.filter(name="flag_delays").exists()
    assert days(add(factory, editor)) == [20, 24]
    assert CalendarException.objects.count() == 2
    other = make_factory(factory.contract)
    assert days(add(other, editor, works=True)) == [21, 22, 23]


def test_what_the_contract_says_counts_for_its_factories(factory: Factory, editor: User) -> None:
    add(factory, editor, whole=True, first=FRIDAY, last=FRIDAY)
    assert days(add(factory, editor, first=FRIDAY, last=FRIDAY, works=True)) == [20]
    with pytest.raises(DomainError, match="days of rest already"):
        add(make_factory(factory.contract), editor, first=FRIDAY, last=FRIDAY)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"first": TUESDAY, "last": FRIDAY}, "last"),
        ({"last": date(2027, 2, 21)}, "last"),
        ({"first": date(1989, 12, 31)}, "first"),
        ({"last": date(2101, 1, 1)}, "last"),
        ({"first": SATURDAY, "last": SATURDAY}, "first"),
        ({"first": FRIDAY, "last": FRIDAY, "works": True}, "first"),
        ({"reason": "  "}, "reason"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(factory: Factory, editor: User, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        add(factory, editor, **fields)
    assert refusal.value.field == field
    assert not CalendarException.objects.exists()


def test_a_day_of_the_other_kind_is_named(factory: Factory, editor: User) -> None:
    add(factory, editor, first=SATURDAY, last=SATURDAY, works=True)
    with pytest.raises(DomainError) as refusal:
        add(factory, editor)
    assert (refusal.value.code, refusal.value.params["day"]) == ("duplicate", SATURDAY)


def test_an_exception_is_changed_and_taken_away_as_it_was_seen(factory: Factory, editor: User) -> None:
    found = add(factory, editor, first=FRIDAY, last=FRIDAY)[0]
    seen = newest_event(found)
    for _twice in range(2):
        change_calendar_exception(exception_id=found.pk, works=False, reason="strike", by=editor, version=seen)
    with pytest.raises(Conflict):
        change_calendar_exception(exception_id=found.pk, works=True, reason="x", by=editor, version=seen)
    with pytest.raises(Conflict):
        remove_calendar_exception(exception_id=found.pk, by=editor, version=seen)
    remove_calendar_exception(exception_id=found.pk, by=editor, version=newest_event(found))
    assert not CalendarException.objects.exists()


def test_a_hand_edit_obeys_the_same_rules(factory: Factory, editor: User) -> None:
    refused = [({"day": date(2101, 1, 1), "reason": "x"}, "day"), ({"day": FRIDAY, "reason": ""}, "reason")]
    refused += [({"day": SATURDAY, "works": False, "reason": "x"}, "works"), ({"day": FRIDAY, "works": True, "reason": "x"}, "works")]
    for fields, field in refused:
        with pytest.raises(ValidationError) as refusal:
            save_record(CalendarException(contract=factory.contract, **fields), by=editor)
        assert list(refusal.value.message_dict) == [field]


def test_only_editors_write_and_outsiders_find_nothing(factory: Factory, editor: User) -> None:
    found = add(factory, editor, first=FRIDAY, last=FRIDAY)[0]
    people = [make_user(Role.MANAGER, factory=factory), *(make_user(role) for role in (Role.ADMIN, Role.CONTROLLER, Role.AUDITOR))]
    for person in people:
        with pytest.raises(Forbidden):
            add(factory, person)
        with pytest.raises(Forbidden):
            remove_calendar_exception(exception_id=found.pk, by=person, version=newest_event(found))
    outsider = make_user(Role.EDITOR, contract=make_contract())
    with pytest.raises(NotFound):
        add(factory, outsider)
    with pytest.raises(NotFound):
        remove_calendar_exception(exception_id=found.pk, by=outsider, version=newest_event(found))


def test_a_year_is_written_at_once_with_its_reason_in_the_history(
    factory: Factory, editor: User, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(24):
        made = add(factory, editor, first=date(2026, 1, 1), last=date(2026, 12, 31), reason="shut down")
    assert len(made) > 200
    event: Any = made[-1].history.first()  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["reason"] == "shut down"


def test_too_long_a_reason_is_refused(factory: Factory, editor: User) -> None:
    with pytest.raises(ValidationError):
        add(factory, editor, reason="x" * 301)
    assert not CalendarException.objects.exists()
