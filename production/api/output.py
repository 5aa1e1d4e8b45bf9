"""Plans, output (read and recorded) and capacity."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Choice, Id, Input, Whole, Window
from cluster.api.filtering import filters
from cluster.api.preconditions import request_key, seen_version
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IDEMPOTENCY_KEY, IF_MATCH_OF_CURRENT
from cluster.api.writes import body_of, created, writer
from production.models import Capacity, Output, PlanRevision, Segment
from production.services.output import record_output

_SOURCED = ["announced", "qualifier", "confidence", "source", "note", "in_use", "reason", "recorded_at", "recorded_by"]


class PlanRevisionSerializer(RecordSerializer):
    """A plan for one year as a range of vehicles, as announced on a date."""

    class Meta:
        model = PlanRevision
        fields = ["id", "contract", "year", "low", "high", *_SOURCED]


class PlanRevisions(Records):
    """Plan revisions."""

    noun = ("a plan revision", "plan revisions")
    about = "Yearly plans as ranges, each with its announcement. The newest one in use is the plan in force."
    queryset = PlanRevision.objects.select_related("contract", "source", "recorded_by")
    serializer_class = PlanRevisionSerializer
    filterset_class = filters(
        PlanRevision, contract="contract__code", year="year", year_from="year__gte", year_to="year__lte", in_use="in_use"
    )
    ordering_fields = {"year": "year", "announced": "announced_latest"}


class OutputSerializer(RecordSerializer):
    """What was built in a year, or in a month of it, as finely as it is known."""

    class Meta:
        model = Output
        fields = [
            "id", "contract", "factory", "brand", "vehicle_model", "segment", "year", "month", "quantity", "unit", *_SOURCED, "version",
        ]  # fmt: skip


class NewOutput(Input):
    """A figure to put in use. It needs a source: one of the list, or a document named here."""

    contract = Id(required=True, help_text="The id of the contract.")
    factory = Id()
    brand = Id()
    vehicle_model = Id()
    segment = Choice(choices=Segment.choices, required=False, allow_blank=True, default="")
    year = Whole(min_value=1990, max_value=2100)
    month = Whole(min_value=1, max_value=12, required=False, allow_null=True, default=None)
    quantity = Whole(min_value=0, max_value=2**31 - 1)
    unit = serializers.CharField(max_length=30, required=False, default="vehicles")
    source = Id()  # type: ignore[assignment]
    document = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    announced = Window(required=False, allow_null=True, default=None)


class Outputs(Records):
    """Output."""

    noun = ("an output figure", "output")
    about = "Vehicles, or a component factory's own units, by year or month. Competing figures stay; one is in use."
    queryset = Output.objects.select_related("contract", "factory", "brand", "source", "recorded_by")
    serializer_class = OutputSerializer
    route = "production_api:output-detail"
    filterset_class = filters(
        Output,
        contract="contract__code",
        factory="factory__code",
        brand="brand__code",
        segment="segment",
        year="year",
        year_from="year__gte",
        year_to="year__lte",
        month="month",
        in_use="in_use",
    )
    ordering_fields = {"year": "year", "month": "month", "quantity": "quantity"}

    @extend_schema(
        summary="Record output",
        description=(
            "For PMO editors, and plant managers of the factory. Where a figure is in use for the same period and subject, If-Match is its "
            "ETag; it stays, out of use. Without If-Match the answer is then 428 with that figure."
        ),
        request=NewOutput,
        responses={201: OutputSerializer, 200: OutputSerializer},
        parameters=[IF_MATCH_OF_CURRENT, IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Record a figure through the service."""
        given = body_of(request, NewOutput)
        ids = {f"{name}_id": given.pop(name) for name in ("contract", "factory", "brand", "vehicle_model", "source")}

        def write() -> Output:
            return record_output(
                **ids,
                **given,
                by=writer(request),
                today=timezone.localdate(),
                replaces_version=self.seen(ids, given),
                request_key=request_key(request),
            )

        said = {name: value for name, value in ids.items() if name != "source_id"} | {"note_ru": given["note"]}
        said |= {name: given[name] for name in ("segment", "year", "month", "quantity", "unit")}
        return created(self, Outputs, write, said=said)

    def seen(self, ids: dict[str, Any], given: dict[str, Any]) -> int | None:
        """The version of the figure in use that If-Match names; None without the header."""
        subject = {name: ids[name] for name in ("contract_id", "factory_id", "brand_id", "vehicle_model_id")}
        period = {name: given[name] for name in ("segment", "year", "month", "unit")}
        current = Output.objects.for_reader(self.request.user).filter(in_use=True, **subject, **period).first()
        return seen_version(self.request, current.version if current else 0)


class CapacitySerializer(RecordSerializer):
    """Vehicles that can be built in a year, from a date on."""

    class Meta:
        model = Capacity
        fields = ["id", "contract", "effective", "low", "high", "unit", *_SOURCED]


class Capacities(Records):
    """Capacities."""

    noun = ("a capacity", "capacities")
    about = "Capacity per year from a date on; a range where the source gives one."
    queryset = Capacity.objects.select_related("contract", "source", "recorded_by")
    serializer_class = CapacitySerializer
    filterset_class = filters(
        Capacity,
        contract="contract__code",
        in_use="in_use",
        effective_from="effective_latest__gte",
        effective_to="effective_latest__lte",
    )
    ordering_fields = {"effective": "effective_latest"}
