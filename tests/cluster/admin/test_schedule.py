"""The schedule in the admin: what a milestone says of its work, days off the calendar, and the rules of their services."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import CalendarException, ForecastRevision, Milestone
from cluster.services.access import ensure_roles
from tests.cluster.queries.plan import make_plan
from tests.factories import hold_role, make_factory, make_milestone, make_user, promise

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client: Client) -> Callable[[Role], Client]:
    ensure_roles()

    def as_role(role: Role) -> Client:
        user = make_user(is_staff=True, language="en")
        hold_role(user, role)
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return as_role


def sent(milestone: Milestone, **changes: Any) -> dict[str, Any]:
    posted = {"code": milestone.code, "kind": "opening", "name_ru": milestone.name_ru, "factory": milestone.factory_id, "scored": "on"}
    posted |= {"revisions-TOTAL_FORMS": "0", "revisions-INITIAL_FORMS": "0", "actual_date": "", "actual_precision": "day"}
    return posted | changes


def test_an_editor_writes_the_work_before_a_milestone(enter: Any) -> None:
    milestone = make_milestone()
    posted = sent(milestone, duration_days="40", optimistic_days="30", pessimistic_days="90", risk_cause="presses", started_on="2025-02-03")
    posted |= {"constraint": "FNLT", "constraint_on": "2030-01-31"}
    answer = enter(Role.EDITOR).post(reverse("admin:cluster_milestone_change", args=[milestone.pk]), posted)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    milestone.refresh_from_db()
    assert (milestone.optimistic_days, milestone.duration_days, milestone.pessimistic_days) == (30, 40, 90)
    assert (milestone.risk_cause, milestone.started_on) == ("presses", date(2025, 2, 3))
    assert (milestone.constraint, milestone.constraint_on) == ("FNLT", date(2030, 1, 31))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"actual_date": "TOMORROW", "actual_announced_on": "2026-01-01"}, "actual"),
        ({"started_on": "TOMORROW"}, "started_on"),
        ({"started_on": "2025-06-03", "actual_date": "2025-06-02", "actual_announced_on": "2025-06-02"}, "__all__"),
        ({"duration_days": "9999"}, "duration_days"),
        ({"duration_days": "-1"}, "duration_days"),
        ({"optimistic_days": "50", "duration_days": "40", "pessimistic_days": "60"}, "__all__"),
        ({"constraint": "FNLT"}, "__all__"),
        ({"code": "a b"}, "code"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_form(enter: Any, changes: dict[str, str], field: str) -> None:
    milestone = make_milestone()
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    posted = sent(milestone, **{name: value.replace("TOMORROW", tomorrow) for name, value in changes.items()})
    answer = enter(Role.EDITOR).post(reverse("admin:cluster_milestone_change", args=[milestone.pk]), posted)
    assert field in answer.context["adminform"].form.errors
    milestone.refresh_from_db()
    assert milestone.version == 1


def test_days_off_the_calendar_are_added_and_taken_away(enter: Any) -> None:
    factory = make_factory()
    client = enter(Role.EDITOR)
    posted = {"contract": factory.contract_id, "factory": factory.pk, "day": "2026-02-21", "works": "on", "reason": "shift"}
    add = reverse("admin:cluster_calendarexception_add")
    assert client.post(add, posted).status_code == 302
    assert client.post(add, posted).status_code == 200
    stored = CalendarException.objects.get()
    assert (stored.day, stored.works) == (date(2026, 2, 21), True)
    far = client.post(add, posted | {"day": "2200-01-01"})
    assert "day" in far.context["adminform"].form.errors
    assert client.post(reverse("admin:cluster_calendarexception_delete", args=[stored.pk]), {"post": "yes"}).status_code == 302
    assert not CalendarException.objects.exists()


def test_a_milestone_that_was_promised_is_not_deleted_here_and_one_entered_by_mistake_is(enter: Any) -> None:
    promised, mistaken = make_milestone(), make_milestone()
    promise(promised, "2030")
    client = enter(Role.EDITOR)
    for milestone in (promised, mistaken):
        client.post(reverse("admin:cluster_milestone_delete", args=[milestone.pk]), {"post": "yes"})
    assert list(Milestone.objects.all()) == [promised]


def test_a_forecast_that_moves_others_is_recorded_only_after_the_person_was_shown_what_follows(enter: Any) -> None:
    plan, client = make_plan(), enter(Role.EDITOR)
    add = reverse("admin:cluster_forecastrevision_add")
    posted = {"milestone": plan.equipment.pk, "window_date": "2030-04-19", "window_precision": "day", "reason": "permit", "source": ""}
    posted |= {"announced_date": "", "announced_precision": "day", "note_ru": "", "document": "", "seen_version": "1"}
    posted |= {"form_key": "b3a0a3a0-0000-4000-8000-000000000001"}
    form = client.post(add, posted).context["adminform"].form
    said = " ".join(form.non_field_errors())
    assert "2 other milestones move. Flags: opens 3." in said
    assert "F08-OPEN Opening of F08: Mar 11, 2030 → Apr 19, 2030" in said
    assert "Nothing is recorded yet: save once more" in said
    assert not ForecastRevision.objects.exists()
    # What was shown is of that day alone.
    later = client.post(add, posted | {"shown": form["shown"].value(), "window_date": "2031-02-03"})
    assert "The end of the contract: Dec 20, 2030 → Feb 3, 2031" in " ".join(later.context["adminform"].form.non_field_errors())
    assert client.post(add, posted | {"shown": form["shown"].value()}).status_code == 302
    assert ForecastRevision.objects.get().new.latest == date(2030, 4, 19)


def test_a_forecast_that_moves_nothing_is_recorded_at_once(enter: Any) -> None:
    milestone, client = make_milestone(), enter(Role.EDITOR)
    posted = {"milestone": milestone.pk, "window_date": "2030-04-19", "window_precision": "day", "reason": "permit", "source": ""}
    posted |= {"announced_date": "", "announced_precision": "day", "note_ru": "", "document": "", "seen_version": "1"}
    posted |= {"form_key": "b3a0a3a0-0000-4000-8000-000000000001", "shown": ""}
    assert client.post(reverse("admin:cluster_forecastrevision_add"), posted).status_code == 302
