"""Delay flags and the events of their lives."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.text import camel_case_to_spaces
from django_filters.filters import ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.causes import Causes
from cluster.api.fields import ContractReference, Day, Input, Person, Reference
from cluster.api.filtering import filters
from cluster.api.pagination import RecordedPagination
from cluster.api.records import Records, RecordSerializer
from cluster.api.writes import body_of, writer
from cluster.models import DelayEvent, DelayFlag
from cluster.queries.flag_kinds import flag_kinds, subjects_of
from cluster.services.delays import LONGEST_REASON, acknowledge_flag


class SubjectSerializer(serializers.Serializer[Any]):
    """What a flag is about, whatever it is."""

    type = serializers.SerializerMethodField()
    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")

    def get_type(self, subject: Model) -> str:
        """Its type, such as `milestone`, `factory` or `plan_revision`."""
        return camel_case_to_spaces(type(subject).__name__).replace(" ", "_")


class DelayFlagSerializer(RecordSerializer):
    """Something that is wrong: since when, to when it is measured (empty: still running), how grave it is.

    `amount` is how much is wrong where that is not days: roubles over or under, or vehicles short.
    """

    contract = ContractReference(read_only=True)
    subject = SubjectSerializer(read_only=True, allow_null=True)
    days = serializers.SerializerMethodField()

    class Meta:
        model = DelayFlag
        fields = [
            "id", "contract", "factory", "milestone", "subject", "kind", "severity", "since", "until", "days", "amount",
            "opened_on", "closed_on", "withdrawn_on", "acknowledged_by", "acknowledged_until", "acknowledged_reason",
        ]  # fmt: skip

    def get_days(self, flag: DelayFlag) -> int:
        """Calendar days from `since` to `until`, else to the day it was closed, else to today."""
        return flag.days_on(timezone.localdate())


class Acknowledgement(Input):
    """That somebody knows of it, until a day; after that day it shows again."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    until = Day()


def _of_a_kind(model: type[Model], path: str, **parameters: str) -> Any:
    """Filters of which `path`, a parameter too, is one of the kinds of flags."""
    kind = ChoiceFilter(field_name=parameters[path], choices=flag_kinds, label="kind of flag")
    return type(f"{model.__name__}Filters", (filters(model, **parameters),), {path: kind})


class DelayFlags(Causes, Records):
    """Delay flags."""

    noun = ("a delay flag", "delay flags")
    about = (
        "What is wrong as of the newest run of the delay job: late milestones, silent factories, money and output off their plans. "
        "`subject` says what each flag is about. For a past day ask /milestones/ with `as_of`."
    )
    queryset = DelayFlag.objects.select_related("contract", "factory", "milestone", "acknowledged_by")
    serializer_class = DelayFlagSerializer
    filterset_class = _of_a_kind(
        DelayFlag,
        "kind",
        contract="contract__code",
        factory="factory__code",
        milestone="milestone__code",
        subject="subject_id",
        kind="kind",
        severity="severity",
        opened_from="opened_on__gte",
        opened_to="opened_on__lte",
        closed_from="closed_on__gte",
        closed_to="closed_on__lte",
        acknowledged_from="acknowledged_until__gte",
        acknowledged_to="acknowledged_until__lte",
    )
    ordering_fields = {"since": "since", "opened_on": "opened_on", "closed_on": "closed_on", "amount": "amount"}

    def paginate_queryset(self, queryset: Any) -> list[DelayFlag] | None:  # type: ignore[override]
        return _naming(super().paginate_queryset(queryset) or [])

    def get_object(self) -> DelayFlag:
        return _naming([super().get_object()])[0]

    @extend_schema(
        summary="Acknowledge a delay flag",
        description=(
            "Says that somebody knows of it, why, and until when; the flag stays open and shows again after that day. For PMO editors, "
            "and plant managers of the factory. Each one is an event; the newest holds. The same one sent again changes nothing."
        ),
        request=Acknowledgement,
        responses={200: DelayFlagSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def acknowledgement(self, request: Request, pk: str) -> Response:
        """Acknowledge through the service."""
        flag = self.get_object()
        given = body_of(request, Acknowledgement)
        acknowledge_flag(flag_id=flag.pk, **given, by=writer(request), today=timezone.localdate())
        return Response(self.represent(self.get_object()))


class DelayEventSerializer(RecordSerializer):
    """One change of a delay flag, with the day that it is true for. `by`, `until` and `reason` are those of an acknowledgement."""

    contract = ContractReference(source="flag.contract", read_only=True)
    factory = Reference(source="flag.factory", read_only=True, allow_null=True)
    milestone = Reference(source="flag.milestone", read_only=True, allow_null=True)
    subject = SubjectSerializer(source="flag.subject", read_only=True, allow_null=True)
    flag_kind = serializers.CharField(source="flag.kind", read_only=True)
    by = Person(read_only=True, allow_null=True)

    class Meta:
        model = DelayEvent
        fields = [
            "id", "flag", "flag_kind", "contract", "factory", "milestone", "subject", "kind", "on_date", "days", "amount", "severity",
            "by", "until", "reason", "job_run", "recorded_at",
        ]  # fmt: skip


class DelayEvents(Records):
    """Delay events."""

    noun = ("a delay event", "delay events")
    about = "Flags opened, got worse or better, acknowledged, closed, withdrawn; the newest first. Follow `next` to catch up."
    queryset = DelayEvent.objects.select_related("flag__contract", "flag__factory", "flag__milestone", "by")
    serializer_class = DelayEventSerializer
    pagination_class = RecordedPagination
    as_of_column = "on_date"
    filterset_class = _of_a_kind(
        DelayEvent,
        "flag_kind",
        flag="flag__id",
        contract="flag__contract__code",
        factory="flag__factory__code",
        milestone="flag__milestone__code",
        flag_kind="flag__kind",
        kind="kind",
        severity="severity",
        on_from="on_date__gte",
        on_to="on_date__lte",
        id_from="id__gte",
    )

    def paginate_queryset(self, queryset: Any) -> list[DelayEvent] | None:  # type: ignore[override]
        events = super().paginate_queryset(queryset) or []
        _naming(event.flag for event in events)
        return events

    def get_object(self) -> DelayEvent:
        event: DelayEvent = super().get_object()
        _naming([event.flag])
        return event


def _naming(flags: Iterable[DelayFlag]) -> list[DelayFlag]:
    """The flags, each carrying what it is about as `subject`."""
    flags = list(flags)
    subjects = subjects_of(flags)
    for flag in flags:
        flag.subject = subjects.get(flag.pk)  # type: ignore[attr-defined]
    return flags
