"""Celery's doors: registered under the names that beat and the broker use, and nothing but calls of services."""

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from cluster.gateways import broker
from cluster.models import JobRun
from cluster.tasks.jobs import run_job, sweep

pytestmark = pytest.mark.django_db


def test_the_tasks_have_the_names_that_beat_and_the_broker_use() -> None:
    ticked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert ticked | {broker._TASK} <= set(current_app.tasks)


def test_a_run_is_taken_and_keywords_of_a_newer_release_are_ignored() -> None:
    run = JobRun.objects.create(name="convert", scheduled_for=timezone.now())
    run_job(run.pk, shiny="new")
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_a_tick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(broker, "wake", given.extend)
    waiting = JobRun.objects.create(name="convert", scheduled_for=timezone.now())
    sweep(unknown="keyword")
    assert waiting.pk in given
    assert JobRun.objects.filter(name="sweep").exists()
