"""The command that loads the public record of every application."""

from io import StringIO

import pytest
from django.core.management import call_command

from cluster.models import Factory, JobRun
from production.models import Brand

pytestmark = pytest.mark.django_db


def test_the_record_of_both_applications_is_loaded_once_and_its_jobs_are_asked_for() -> None:
    first, second = StringIO(), StringIO()
    call_command("load_public_record", stdout=first)
    assert "factories 12" in first.getvalue()
    assert "brands 14" in first.getvalue()
    assert (Factory.objects.count(), Brand.objects.count()) == (12, 14)
    queued = set(JobRun.objects.values_list("name", "status"))
    assert queued == {("convert", "queued"), ("flag_delays", "queued"), ("fetch_rates", "queued")}
    JobRun.objects.all().delete()
    call_command("load_public_record", stdout=second)
    assert second.getvalue() == "Public record: nothing to add.\n"
    assert not JobRun.objects.exists()
