"""Exceptions from the working calendar."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Day, Id, Input
from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IF_MATCH, REASON
from cluster.api.writes import added, answer, body_of, changes_of, guarded, reason_in_address, seen, writer
from cluster.models import CalendarException
from cluster.queries.history import with_newest_event
from cluster.services.calendar import add_calendar_exceptions, change_calendar_exception, remove_calendar_exception


class CalendarExceptionSerializer(RecordSerializer):
    """A day that a factory (null: the whole contract) works, or rests, against the working calendar."""

    class Meta:
        model = CalendarException
        fields = ["id", "contract", "factory", "day", "works", "reason"]


class CalendarExceptionChange(Input):
    """What is to change of an exception; a key that is left out stays as it is."""

    works = serializers.BooleanField(help_text="Whether the day is worked.")
    reason = serializers.CharField(max_length=300)


class NewCalendarException(CalendarExceptionChange):
    """An exception to add."""

    contract = Id(required=True, help_text="The id of the contract.")
    factory = Id(help_text="The id of the factory; null: all of the contract.")
    day = Day()


class CalendarExceptions(Records):
    """Exceptions from the working calendar."""

    noun = ("a calendar exception", "calendar exceptions")
    about = (
        "Days that a factory, or all of the contract, works or rests against the Russian working calendar. Durations and lags count by "
        "them; an exception of a factory goes before one of its contract."
    )
    queryset = CalendarException.objects.select_related("contract", "factory")
    serializer_class = CalendarExceptionSerializer
    route = "api:calendar-exception-detail"
    filterset_class = filters(
        CalendarException,
        contract="contract__code",
        factory="factory__code",
        works="works",
        day_from="day__gte",
        day_to="day__lte",
    )
    ordering_fields = {"day": "day"}

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "list" else with_newest_event(rows)

    def parameters(self) -> set[str]:
        return super().parameters() | ({"reason"} if self.action == "destroy" else set())

    @extend_schema(
        summary="Add a calendar exception",
        description="For PMO editors. A day that would be so without it is refused. The same exception sent twice is one: 200.",
        request=NewCalendarException,
        responses={201: CalendarExceptionSerializer, 200: CalendarExceptionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a day through the service."""
        given = body_of(request, NewCalendarException)

        def write() -> CalendarException:
            return add_calendar_exceptions(
                contract_id=given["contract"],
                factory_id=given["factory"],
                first=given["day"],
                last=given["day"],
                works=given["works"],
                reason=given["reason"],
                by=writer(request),
            )[0]

        alike = CalendarException.objects.filter(contract=given["contract"], factory=given["factory"], day=given["day"])
        return added(self, alike, write, {"first": "day", "last": "day"})

    @extend_schema(
        summary="Change a calendar exception",
        description="For PMO editors: whether the day is worked, and why.",
        request=CalendarExceptionChange,
        responses={200: CalendarExceptionSerializer},
        parameters=[IF_MATCH],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an exception through the service."""
        found, version = seen(self)
        given = {"works": found.works, "reason": found.reason} | changes_of(request, CalendarExceptionChange)
        guarded(self, lambda: change_calendar_exception(exception_id=found.pk, **given, by=writer(request), version=version))
        return answer(self, self.get_object(), status.HTTP_200_OK)

    @extend_schema(
        summary="Delete a calendar exception",
        description="For PMO editors: the day is as the calendar has it again. The history keeps the exception.",
        responses={204: None},
        parameters=[IF_MATCH, REASON],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Take an exception away through the service."""
        found, version = seen(self)
        reason = reason_in_address(request)
        guarded(self, lambda: remove_calendar_exception(exception_id=found.pk, by=writer(request), version=version, reason=reason))
        return Response(status=status.HTTP_204_NO_CONTENT)
