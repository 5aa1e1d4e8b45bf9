"""Runs of the background jobs, read and asked for."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Day, Input
from cluster.api.filtering import filters
from cluster.api.pagination import RecordedPagination
from cluster.api.records import Records, RecordSerializer
from cluster.api.writes import body_of, writer
from cluster.domain.errors import DomainError, NotFound
from cluster.models import JobRun
from cluster.services import jobs


class JobRunSerializer(RecordSerializer):
    """One run of a job: when it was due, what it did in figures, why it failed."""

    class Meta:
        model = JobRun
        fields = [
            "id", "name", "params", "scheduled_for", "status", "requested_by", "attempts", "started_at", "finished_at",
            "progress_done", "progress_total", "figures", "error",
        ]  # fmt: skip


class JobParams(Input):
    """Which rates to fetch: for the job backfill_rates alone, which needs the first and the last date."""

    first = Day(required=False)
    last = Day(required=False)
    currency = serializers.CharField(max_length=3, required=False)


class NewJobRun(Input):
    """A job to run now."""

    name = serializers.CharField(max_length=20, help_text="fetch_rates, backfill_rates, convert or flag_delays.")
    params = JobParams(required=False)


class JobRuns(Records):
    """Job runs."""

    noun = ("a job run", "job runs")
    about = "Runs of the background jobs, the newest first. Plant managers see none."
    queryset = JobRun.objects.select_related("requested_by")
    serializer_class = JobRunSerializer
    pagination_class = RecordedPagination
    filterset_class = filters(JobRun, name="name", status="status", due_from="scheduled_for__gte", due_to="scheduled_for__lte")

    @extend_schema(
        summary="Ask for a run of a job",
        description="For those who may run jobs: editors of everything and administrators. A worker takes it within moments; read the run "
        "to follow it. One that still waits for the same is answered with 200 instead of a second.",
        request=NewJobRun,
        responses={201: JobRunSerializer, 200: JobRunSerializer},
    )
    def create(self, request: Request) -> Response:
        """Ask for a run through the service."""
        by, given, now = writer(request), body_of(request, NewJobRun), timezone.now()
        if by.scope.is_empty:
            raise NotFound("There is no such thing.")
        params: dict[str, Any] = {name: str(value) for name, value in given.get("params", {}).items()}
        try:
            run = jobs.queue(given["name"], by=by, now=now, params=params)
        except DomainError as error:
            error.field = f"params.{error.field}" if error.field in ("first", "last", "currency") else error.field
            raise
        return Response(self.represent(run), status=status.HTTP_201_CREATED if run.scheduled_for >= now else status.HTTP_200_OK)
