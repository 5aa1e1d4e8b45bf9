"""`load_example_plan`: all or nothing, then the jobs that follow."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from cluster.models import Contract, JobRun, LedgerEntry

pytestmark = pytest.mark.django_db


def test_it_says_what_it_added_and_asks_for_dollars_and_flags() -> None:
    out = StringIO()
    call_command("load_example_plan", stdout=out)
    assert "factories 12" in out.getvalue()
    assert set(JobRun.objects.values_list("name", flat=True)) == {"convert", "flag_delays"}


def test_when_a_part_fails_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        message = "no output today"
        raise RuntimeError(message)

    monkeypatch.setattr("production.services.example_plan.outputs", fail)
    with pytest.raises(RuntimeError):
        call_command("load_example_plan", stdout=StringIO())
    assert not Contract.objects.exists()
    assert not LedgerEntry.objects.exists()
