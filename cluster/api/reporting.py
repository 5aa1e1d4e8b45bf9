"""The calendar of reporting: who owes which report by when, and saying that one is submitted."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, Day, Id, Input, Person, Reference
from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.api.writes import added, body_of, writer
from cluster.domain.reporting import State, period_of
from cluster.models import Contract, ReportingDuty, Submission
from cluster.queries.reporting import duties_of, span_of
from cluster.services.reporting import submit_report

# As the reference names them (settings/api.py).
STATES = [(state.value, state.value) for state in State]
ABOUT = (
    "Who owes which report by when, with the newest periods of each duty as of a day. Forecasts of a week count as submitted when one "
    "of them was told or confirmed in time; spend and obligations when somebody says so (`POST /submissions/`)."
)


class OwedReport(serializers.Serializer[Any]):
    """The report of one week, month or year."""

    first = serializers.DateField(source="period.first")
    last = serializers.DateField(source="period.last")
    due_on = serializers.DateField(help_text="The last day on which it is in time.")
    state = serializers.ChoiceField(choices=STATES)
    submitted_on = serializers.DateField(allow_null=True)


class DutySerializer(RecordSerializer):
    """A report that one person owes again and again."""

    class Meta:
        model = ReportingDuty
        fields = ["id", "factory", "kind", "owed_by", "days_to_report", "escalates_to", "escalate_after", "starts_on", "ends_on"]


class DutyReportsSerializer(serializers.Serializer[Any]):
    """A duty with its reports, the newest period first."""

    duty = DutySerializer()
    reports = OwedReport(many=True)


class ReportingSerializer(serializers.Serializer[Any]):
    """The calendar of reporting of a contract."""

    contract = ContractReference()
    as_of = serializers.DateField()
    duties = DutyReportsSerializer(many=True)


attach_example(ReportingSerializer)


def answer(request: Request, contract: Contract, as_of: date, context: Mapping[str, Any]) -> dict[str, Any]:
    """What a request is answered."""
    found = duties_of(writer(request), contract, as_of=as_of)
    return dict(ReportingSerializer({"contract": contract, "as_of": as_of, "duties": found}, context=context).data)


class SubmissionSerializer(RecordSerializer):
    """That the report of a period, named by its first day, was submitted."""

    contract = ContractReference(source="duty.contract", read_only=True)
    factory = Reference(source="duty.factory", read_only=True, allow_null=True)
    kind = serializers.ChoiceField(source="duty.kind", choices=ReportingDuty.Kind.choices, read_only=True)
    by = Person(read_only=True)

    class Meta:
        model = Submission
        fields = ["id", "duty", "contract", "factory", "kind", "period", "by", "at", "note"]


class NewSubmission(Input):
    """A report to call submitted."""

    duty = Id(required=True, help_text="The id of the reporting duty.")
    period = Day(help_text="Any day of the week, month or year that the report is about.")
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class Submissions(Records):
    """Submitted reports."""

    noun = ("a submitted report", "submitted reports")
    about = "Reports that somebody called submitted; the duties and what is owed are at `/contracts/{id}/reporting/`."
    queryset = Submission.objects.select_related("duty__contract", "duty__factory", "by")
    serializer_class = SubmissionSerializer
    route = "api:submission-detail"
    filterset_class = filters(
        Submission,
        contract="duty__contract__code",
        factory="duty__factory__code",
        kind="duty__kind",
        period_from="period__gte",
        period_to="period__lte",
    )
    ordering_fields = {"period": "period"}

    @extend_schema(
        summary="Submit a report",
        description="For who owes it, and for PMO editors. The period must have ended. The same report called submitted twice is one: 200.",
        request=NewSubmission,
        responses={201: SubmissionSerializer, 200: SubmissionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Submit through the service."""
        given = body_of(request, NewSubmission)
        duty = ReportingDuty.objects.for_reader(writer(request)).filter(pk=given["duty"]).first()
        first = period_of(span_of(duty), given["period"]).first if duty else given["period"]
        alike = Submission.objects.filter(duty=given["duty"], period=first)
        return added(
            self,
            alike,
            lambda: submit_report(
                duty_id=given["duty"], period=given["period"], by=writer(request), today=timezone.localdate(), note=given["note"]
            ),
        )
