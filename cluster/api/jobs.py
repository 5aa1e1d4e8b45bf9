"""Runs of the background jobs."""

from cluster.api.filtering import filters
from cluster.api.pagination import RecordedPagination
from cluster.api.records import Records, RecordSerializer
from cluster.models import JobRun


class JobRunSerializer(RecordSerializer):
    """One run of a job: when it was due, what it did in figures, why it failed."""

    class Meta:
        model = JobRun
        fields = [
            "id", "name", "scheduled_for", "status", "requested_by", "attempts", "started_at", "finished_at",
            "progress_done", "progress_total", "figures", "error",
        ]  # fmt: skip


class JobRuns(Records):
    """Job runs."""

    noun = ("a job run", "job runs")
    about = "Runs of the background jobs, the newest first. Plant managers see none."
    queryset = JobRun.objects.select_related("requested_by")
    serializer_class = JobRunSerializer
    pagination_class = RecordedPagination
    filterset_class = filters(JobRun, name="name", status="status", due_from="scheduled_for__gte", due_to="scheduled_for__lte")
