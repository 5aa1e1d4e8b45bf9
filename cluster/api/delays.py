"""Delay flags and the events of their lives."""

from cluster.api.fields import ContractReference, Reference
from cluster.api.filtering import filters
from cluster.api.pagination import RecordedPagination
from cluster.api.records import Records, RecordSerializer
from cluster.models import DelayEvent, DelayFlag


class DelayFlagSerializer(RecordSerializer):
    """Something that is late: since when, to when it is measured (empty: still running), and how grave it is."""

    contract = ContractReference(source="milestone.contract", read_only=True)
    factory = Reference(source="milestone.factory", read_only=True, allow_null=True)

    class Meta:
        model = DelayFlag
        fields = [
            "id", "contract", "factory", "milestone", "kind", "severity", "since", "until", "opened_on", "closed_on",
            "acknowledged_by", "acknowledged_until", "acknowledged_reason",
        ]  # fmt: skip


class DelayFlags(Records):
    """Delay flags."""

    noun = ("a delay flag", "delay flags")
    about = "What is late as of the newest run of the delay job. For a past day ask /milestones/ with `as_of`."
    queryset = DelayFlag.objects.select_related("milestone__contract", "milestone__factory", "acknowledged_by")
    serializer_class = DelayFlagSerializer
    filterset_class = filters(
        DelayFlag,
        contract="milestone__contract__code",
        factory="milestone__factory__code",
        milestone="milestone__code",
        kind="kind",
        severity="severity",
        opened_from="opened_on__gte",
        opened_to="opened_on__lte",
        closed_from="closed_on__gte",
        closed_to="closed_on__lte",
    )
    ordering_fields = {"since": "since", "opened_on": "opened_on", "closed_on": "closed_on"}


class DelayEventSerializer(RecordSerializer):
    """One change of a delay flag, with the day that it is true for."""

    milestone = Reference(source="flag.milestone", read_only=True)

    class Meta:
        model = DelayEvent
        fields = ["id", "flag", "milestone", "kind", "on_date", "days", "severity", "job_run", "recorded_at"]


class DelayEvents(Records):
    """Delay events."""

    noun = ("a delay event", "delay events")
    about = "Flags opened, got worse or better, acknowledged, closed; the newest first. Follow `next` to catch up."
    queryset = DelayEvent.objects.select_related("flag__milestone")
    serializer_class = DelayEventSerializer
    pagination_class = RecordedPagination
    as_of_column = "on_date"
    filterset_class = filters(
        DelayEvent,
        flag="flag__id",
        milestone="flag__milestone__code",
        kind="kind",
        severity="severity",
        on_from="on_date__gte",
        on_to="on_date__lte",
        id_from="id__gte",
    )
