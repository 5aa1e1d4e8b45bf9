"""Simulations of a schedule: asked for, read with what they gave for each milestone, cancelled."""

from typing import Any, ClassVar

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Choice, Id, Input, Reference, Whole
from cluster.api.filtering import filters
from cluster.api.pagination import PagePagination, RecordedPagination
from cluster.api.preconditions import etag_of, once, request_key
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IDEMPOTENCY_KEY
from cluster.api.writes import body_of, writer
from cluster.domain.plan_risk import Assumptions
from cluster.domain.spread import Shape
from cluster.models import JobRun, RiskResult, RiskRun
from cluster.queries.risk import results_of
from cluster.services.risk import cancel_run, request_run

_USUAL = Assumptions()


class Work(serializers.Serializer[Any]):
    """How far the work of a simulation is."""

    status = serializers.ChoiceField(choices=JobRun.Status.choices)
    progress_done = serializers.IntegerField()
    progress_total = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)


class Day(serializers.Serializer[Any]):
    """How many iterations end on a day."""

    day = serializers.DateField()
    count = serializers.IntegerField()


class RiskRunSerializer(RecordSerializer):
    """A simulation: what was assumed, how far it is, and what it gave for the contract (null until it has succeeded)."""

    work = Work(source="job_run", allow_null=True, read_only=True)
    curve = serializers.SerializerMethodField(help_text="The iterations by the day on which the contract ends.")

    class Meta:
        model = RiskRun
        fields = [
            "id", "contract", "as_of", "iterations", "seed", "shape", "in_factory", "in_cause", "overall", "uplift_percent",
            "uplift_reason", "requested_by", "requested_at", "work", "finished_at", "estimated", "p10", "p50", "p80", "p95", "chance",
            "chance_of_all", "curve",
        ]  # fmt: skip

    @extend_schema_field(Day(many=True))
    def get_curve(self, run: RiskRun) -> list[dict[str, Any]]:
        """Days and counts by name."""
        return [{"day": day, "count": count} for day, count in run.curve]


class RiskResultSerializer(RecordSerializer):
    """What a simulation gave for a milestone still to come; `chance` is that of its due date, null without one."""

    milestone = Reference(read_only=True)
    factory = Reference(source="milestone.factory", read_only=True, allow_null=True)

    class Meta:
        model = RiskResult
        fields: ClassVar[list[str]] = ["milestone", "factory", "p10", "p50", "p80", "p95", "chance", "criticality", "sensitivity"]


class NewRiskRun(Input):
    """The assumptions of a simulation of a contract's schedule as it stands today."""

    contract = Id(required=True, help_text="The id of the contract.")
    iterations = Whole(required=False, default=_USUAL.iterations, help_text="1 to 1,000,000.")
    seed = Whole(required=False, default=_USUAL.seed, help_text="The same seed gives the same figures.")
    shape = Choice(choices=[shape.value for shape in Shape], required=False, default=_USUAL.shape.value)
    in_factory = serializers.DecimalField(
        max_digits=6, decimal_places=3, required=False, default=_USUAL.in_factory,
        help_text="What a common factory adds to the correlation of two durations. The three make at most 1 together.",
    )  # fmt: skip
    in_cause = serializers.DecimalField(
        max_digits=6, decimal_places=3, required=False, default=_USUAL.in_cause, help_text="What a common cause adds."
    )
    overall = serializers.DecimalField(
        max_digits=6, decimal_places=3, required=False, default=_USUAL.overall, help_text="The correlation of any two durations."
    )
    uplift_percent = serializers.DecimalField(
        max_digits=6, decimal_places=1, required=False, default=_USUAL.uplift_percent,
        help_text="An assumption: by how much plans of this class took longer in the past. It needs its reason.",
    )  # fmt: skip
    uplift_reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class RiskRuns(Records):
    """Simulations."""

    noun = ("a simulation", "simulations")
    about = (
        "Simulations of the schedules of contracts, the newest first. They tell of a whole contract at once: plant managers see none. "
        "Correlations add up: two durations of one factory correlate by `overall` + `in_factory`. `chance_of_all` is the chance that all "
        "openings still to come hold their due dates together."
    )
    queryset = RiskRun.objects.select_related("contract", "requested_by", "job_run")
    serializer_class = RiskRunSerializer
    pagination_class = RecordedPagination
    route = "api:risk-run-detail"
    filterset_class = filters(RiskRun, contract="contract__code", as_of_from="as_of__gte", as_of_to="as_of__lte")

    def parameters(self) -> set[str]:
        return {"page", "page_size"} if self.action == "results" else super().parameters()

    @extend_schema(
        summary="Ask for a simulation",
        description="For editors of the contract. A worker takes it within moments; read it to follow it. The same Idempotency-Key with "
        "the same body is answered with 200 and the first one.",
        request=NewRiskRun,
        responses={201: RiskRunSerializer, 200: RiskRunSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Ask for one through the service."""
        by, given = writer(request), body_of(request, NewRiskRun)
        key = request_key(request)
        contract_id = given.pop("contract")
        assumed = Assumptions(**given | {"shape": Shape(given["shape"])})
        run, is_new = once(
            RiskRun,
            key,
            lambda: request_run(contract_id=contract_id, assumptions=assumed, by=by, now=timezone.now(), request_key=key),
        )
        representation = self.represent(self.queryset.get(pk=run.pk))
        headers = {"Location": request.build_absolute_uri(reverse(self.route, kwargs={"pk": run.pk})), "ETag": etag_of(representation)}
        return Response(representation, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK, headers=headers)

    @extend_schema(
        summary="List what a simulation gave for each milestone",
        description="Milestones still to come, those whose durations move the end most first.",
        responses=RiskResultSerializer(many=True),
    )
    @action(detail=True, filterset_class=None, pagination_class=PagePagination)
    def results(self, request: Request, pk: str) -> Response:
        """A page of results."""
        rows = self.paginate_queryset(results_of(writer(request), self.get_object()))
        return self.get_paginated_response(RiskResultSerializer(rows, many=True).data)

    @extend_schema(
        summary="Cancel a simulation",
        description="For editors of the contract and who asked for it. One that waits ends at once, one that works within moments. "
        "409 when it has ended.",
        request=None,
        responses=RiskRunSerializer,
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel through the service."""
        run = self.get_object()
        return Response(self.represent(cancel_run(risk_run_id=run.pk, by=writer(request))))
