"""Milestones with their dates, and the revisions of their forecasts."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api import filtering
from cluster.api.estimates import EstimatesInBulk
from cluster.api.fields import Choice, Id, Input, Reference, SourceReference, Window
from cluster.api.knock_on import ForecastPreview
from cluster.api.milestone_writes import CALLED, MilestoneChange, MilestoneProgress, NewMilestone, columns_of
from cluster.api.preconditions import request_key
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IDEMPOTENCY_KEY, IF_MATCH, REASON
from cluster.api.writes import added, answer, body_of, changes_of, created, guarded, reason_in_address, seen, writer
from cluster.domain.delays import FlagKind
from cluster.domain.errors import BatchRefused
from cluster.models import Dependency, ForecastRevision, Milestone
from cluster.models.windows import PRECISIONS
from cluster.queries.milestones import DatedMilestone, predecessors, with_dates
from cluster.services.forecasts import REASONS, confirm_forecasts, revise_forecast
from cluster.services.milestones import add_milestone, change_milestone, delete_milestone, report_progress

# One request confirms at most so many forecasts.
_MOST_CONFIRMED = 1000


class DatedWindow(serializers.Serializer[Any]):
    """One date of a milestone, with the day it was announced and who said so."""

    earliest = serializers.DateField(source="window.earliest")
    latest = serializers.DateField(source="window.latest")
    precision = serializers.ChoiceField(source="window.precision", choices=PRECISIONS)
    announced = serializers.DateField(allow_null=True)
    source = SourceReference(allow_null=True)  # type: ignore[assignment]


class FindingSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with a milestone."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in FlagKind])
    since = serializers.DateField()
    until = serializers.DateField(allow_null=True)
    days = serializers.SerializerMethodField()

    def get_days(self, finding: Any) -> int:
        """Calendar days late on the day of asking."""
        return int(finding.days(as_of=filtering.as_of(self.context["request"])))


class PredecessorSerializer(serializers.Serializer[Any]):
    """What a milestone waits for; the dependency itself is under /dependencies/."""

    dependency = serializers.IntegerField(source="pk")
    milestone = Reference(source="predecessor")
    type = serializers.ChoiceField(choices=Dependency.Type.choices)
    lag_days = serializers.IntegerField()


class MilestoneSerializer(RecordSerializer):
    """A dated promise about a factory, or about a contract as a whole."""

    predecessors = PredecessorSerializer(source="waits_for", many=True, read_only=True)
    original = DatedWindow(source="dated.original", read_only=True, allow_null=True)
    due = DatedWindow(source="dated.due", read_only=True, allow_null=True)
    forecast = DatedWindow(source="dated.forecast", read_only=True, allow_null=True)
    actual = DatedWindow(source="dated.actual", read_only=True, allow_null=True)
    late_days = serializers.IntegerField(source="dated.late_days", read_only=True, allow_null=True)
    late_days_original = serializers.IntegerField(source="dated.late_days_original", read_only=True, allow_null=True)
    findings = FindingSerializer(source="dated.findings", many=True, read_only=True)
    as_of = serializers.DateField(source="dated.as_of", read_only=True)

    class Meta:
        model = Milestone
        fields = [
            "id", "contract", "factory", "code", "kind", "name", "duration_days", "optimistic_days", "pessimistic_days",
            "risk_cause", "constraint", "constraint_on", "started_on", "predecessors", "scored", "not_scored",
            "original", "due", "forecast", "actual", "late_days", "late_days_original", "findings", "as_of", "responsible", "version",
        ]  # fmt: skip


class ForecastRevisionSerializer(RecordSerializer):
    """One change of a forecast: from what, to what, by whom, when, why."""

    milestone = Reference(read_only=True)

    class Meta:
        model = ForecastRevision
        fields = [
            "id", "milestone", "old", "new", "announced", "reason", "speaker", "note", "source", "document", "recorded_at", "recorded_by",
        ]  # fmt: skip


class NewForecastRevision(Input):
    """A new forecast, with its reason."""

    new = Window()
    reason = Choice(choices=REASONS)
    note = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    announced = Window(required=False, allow_null=True, default=None, help_text="When the world was told; today without it.")
    source = Id()  # type: ignore[assignment]
    document = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class Confirmation(Input):
    """Milestones whose forecasts still hold."""

    milestones = serializers.ListField(
        child=Id(required=True), min_length=1, max_length=_MOST_CONFIRMED, help_text="The ids of the milestones."
    )


class ConfirmedForecasts(Input):
    """The confirmations, as forecast revisions with the reason `confirmed` and the same window twice."""

    revisions = ForecastRevisionSerializer(many=True)


class Milestones(EstimatesInBulk, ForecastPreview, Records):
    """Milestones."""

    noun = ("a milestone", "milestones")
    about = (
        "Promises with their four dates. `late_days` counts calendar days after the end of the due window, `late_days_original` after "
        "the first promise; both are null where nothing was promised or the milestone is not judged. With `as_of` everything is as it "
        "had been announced by that day; the work before a milestone (its durations in working days, its start, its constraint) and what "
        "it waits for are today's."
    )
    queryset = Milestone.objects.all()
    serializer_class = MilestoneSerializer
    route = "api:milestone-detail"
    filterset_class = filtering.filters(
        Milestone, contract="contract__code", factory="factory__code", code="code", kind="kind", scored="scored"
    )
    ordering_fields = {"code": "code", "kind": "kind", "factory": "factory__code"}

    def takes_as_of(self) -> bool:
        return True

    def parameters(self) -> set[str]:
        return super().parameters() | ({"reason"} if self.action == "destroy" else set())

    def get_queryset(self) -> QuerySet[Milestone]:
        return Milestone.objects.for_reader(self.request.user)

    def paginate_queryset(self, queryset: QuerySet[Milestone]) -> list[Milestone]:  # type: ignore[override]
        ids = list(super().paginate_queryset(queryset.values_list("pk", flat=True)) or [])
        found = {milestone.pk: milestone for milestone in self.dated(ids)}
        return [found[pk] for pk in ids]

    def get_object(self) -> Milestone:
        return self.dated([super().get_object().pk])[0]

    def dated(self, ids: list[Any]) -> list[Milestone]:
        """The milestones of these ids, each carrying its dates as `dated` and what it waits for as `waits_for`."""
        rows = with_dates(Milestone.objects.filter(pk__in=ids), as_of=filtering.as_of(self.request))
        links = predecessors(ids)
        return [_carrying(row, links[row.milestone.pk]) for row in rows]

    def represent(self, record: Milestone) -> dict[str, Any]:
        return super().represent(self.dated([record.pk])[0])

    @extend_schema(
        summary="Add a milestone",
        description="For PMO editors. Its code is its own in the contract; the same milestone sent twice is one: the second answer is 200.",
        request=NewMilestone,
        responses={201: MilestoneSerializer, 200: MilestoneSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a milestone through the service."""
        given = body_of(request, NewMilestone)
        values, reason = columns_of(given), given["reason"]
        alike = Milestone.objects.filter(contract=given["contract"], code=given["code"])
        return added(self, alike, lambda: add_milestone(values, contract_id=given["contract"], by=writer(request), reason=reason), CALLED)

    @extend_schema(
        summary="Change a milestone",
        description=(
            "For PMO editors. A key that is left out stays as it is. Dates are told elsewhere: due dates by baselines, the forecast by "
            "its revisions, the actual date by the progress."
        ),
        request=MilestoneChange,
        responses={200: MilestoneSerializer},
        parameters=[IF_MATCH],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a milestone through the service."""
        milestone, version = seen(self)
        given = changes_of(request, MilestoneChange)
        values, reason = columns_of(given), given.get("reason", "")
        which = {"milestone_id": milestone.pk, "version": version}
        return answer(self, guarded(self, lambda: change_milestone(values, **which, by=writer(request), reason=reason), CALLED), 200)

    @extend_schema(
        summary="Delete a milestone",
        description=(
            "For PMO editors, as long as nothing was told of it: no forecast, no date in a baseline in force, no delay and no claim. "
            "Its dependencies go with it; the history keeps them."
        ),
        responses={204: None},
        parameters=[IF_MATCH, REASON],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a milestone through the service."""
        milestone, version = seen(self)
        reason = reason_in_address(request)
        guarded(self, lambda: delete_milestone(milestone_id=milestone.pk, by=writer(request), version=version, reason=reason))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Tell how far the work of a milestone has come",
        description=(
            "For PMO editors, and plant managers of the milestone's factory: when the work began, and when the milestone was reached. "
            "A key that is left out stays as it is. What was told before is corrected, or taken back with null, only with a `reason`."
        ),
        request=MilestoneProgress,
        responses={200: MilestoneSerializer},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def progress(self, request: Request, pk: str) -> Response:
        """Tell the progress through the service."""
        milestone, version = seen(self)
        given = changes_of(request, MilestoneProgress)
        values, reason, today = columns_of(given), given.get("reason", ""), timezone.localdate()

        def write() -> Milestone:
            return report_progress(values, milestone_id=milestone.pk, by=writer(request), version=version, today=today, reason=reason)

        return answer(self, guarded(self, write, CALLED), status.HTTP_200_OK)

    @extend_schema(
        summary="Revise a forecast",
        description=(
            "For PMO editors, and plant managers of the milestone's factory. If-Match is the milestone's ETag: what other people changed "
            "in between makes it stale, the passing of days does not."
        ),
        request=NewForecastRevision,
        responses={201: ForecastRevisionSerializer, 200: ForecastRevisionSerializer},
        parameters=[IF_MATCH, IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"], url_path="forecast-revisions", filterset_class=None)
    def forecast_revisions(self, request: Request, pk: str) -> Response:
        """Revise the forecast through the service."""
        milestone, version = seen(self)
        given = body_of(request, NewForecastRevision)

        def write() -> ForecastRevision:
            return revise_forecast(
                milestone_id=milestone.pk,
                window=given["new"],
                reason=given["reason"],
                note=given["note"],
                announced=given["announced"],
                source_id=given["source"],
                document=given["document"],
                by=writer(request),
                version=version,
                today=timezone.localdate(),
                request_key=request_key(request),
            )

        said = {"milestone_id": milestone.pk, "new": given["new"], "reason": given["reason"], "note_ru": given["note"]}
        said |= {"source_id": given["source"], "document": given["document"]}
        return created(self, ForecastRevisions, write, said=said, renamed={"window": "new"})


class ForecastRevisions(Records):
    """Forecast revisions."""

    noun = ("a forecast revision", "forecast revisions")
    about = "The chain of slips: every change of a forecast with its reason. A new one is posted to its milestone."
    queryset = ForecastRevision.objects.select_related("milestone", "source", "recorded_by")
    serializer_class = ForecastRevisionSerializer
    route = "api:forecast-revision-detail"
    filterset_class = filtering.filters(
        ForecastRevision,
        contract="milestone__contract__code",
        factory="milestone__factory__code",
        milestone="milestone__code",
        reason="reason",
        announced_from="announced_latest__gte",
        announced_to="announced_latest__lte",
    )
    ordering_fields = {"announced": "announced_latest", "recorded_at": "recorded_at"}

    @extend_schema(
        summary="Confirm that forecasts still hold",
        description=(
            f"For PMO editors, and plant managers of the milestones' factories. At most {_MOST_CONFIRMED}, all of them or none: what is "
            "refused is named by its place, as `milestones[2]`. Nothing moves; what the same person confirmed on the same day already "
            "is not recorded again. A milestone without a forecast has nothing to confirm."
        ),
        request=Confirmation,
        responses={201: ConfirmedForecasts},
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def confirm(self, request: Request) -> Response:
        """Confirm through the service."""
        given = body_of(request, Confirmation)
        try:
            done = confirm_forecasts(milestone_ids=given["milestones"], by=writer(request), today=timezone.localdate())
        except BatchRefused as error:
            error.field = "milestones"
            raise
        rows = self.queryset.in_bulk([revision.pk for revision in done])
        return Response({"revisions": [self.represent(rows[revision.pk]) for revision in done]}, status=status.HTTP_201_CREATED)


def _carrying(row: DatedMilestone, links: list[Dependency]) -> Milestone:
    row.milestone.dated, row.milestone.waits_for = row, links  # type: ignore[attr-defined]
    return row.milestone
