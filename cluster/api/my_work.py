"""What is asked of the caller now, across all contracts."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, Reference
from cluster.api.filtering import refuse_unknown
from cluster.api.reporting import OwedReport
from cluster.api.writes import writer
from cluster.models import ReportingDuty
from cluster.queries import my_work


class AskedForecast(serializers.Serializer[Any]):
    """A milestone of which a word is due."""

    contract = ContractReference(source="dated.milestone.contract")
    milestone = Reference(source="dated.milestone")
    ends = serializers.DateField(help_text="The end of the forecast, else of the due window.")
    can_be_confirmed = serializers.BooleanField(help_text="Whether there is a forecast that has not passed; else it is to be revised.")


class AskedFlag(serializers.Serializer[Any]):
    """An open delay of which nobody takes note."""

    contract = ContractReference(source="flag.contract")
    flag = serializers.IntegerField(source="flag.pk", help_text="The id of the delay flag.")
    kind = serializers.CharField(source="flag.kind")
    severity = serializers.CharField(source="flag.severity")
    name = serializers.CharField(help_text="What it is about, in the language of the answer.")


class AskedBaseline(serializers.Serializer[Any]):
    """A proposed baseline to approve."""

    id = serializers.IntegerField()
    contract = ContractReference()
    name = serializers.CharField()


class AskedReport(OwedReport):
    """A report to submit."""

    contract = ContractReference(source="duty.contract")
    duty = serializers.IntegerField(source="duty.pk")
    factory = Reference(source="duty.factory", allow_null=True)
    kind = serializers.ChoiceField(source="duty.kind", choices=ReportingDuty.Kind.choices)


class MyWorkSerializer(serializers.Serializer[Any]):
    """What is asked of you: how much of each kind (at most 100), and the first ones of those that can be named."""

    counts = serializers.DictField(child=serializers.IntegerField(), source="counts.of")
    forecasts = AskedForecast(many=True)
    flags = AskedFlag(many=True)
    baselines = AskedBaseline(many=True)
    reports = AskedReport(many=True)


attach_example(MyWorkSerializer)


class MyWork(APIView):
    """What the page My work shows."""

    @extend_schema(
        summary="What is asked of you",
        description=(
            "Across all contracts, today: forecasts to confirm or revise, delays to take note of, baselines to approve, reports to submit. "
            "`counts` also tells of rates in quarantine, contradictions, jobs that were given up and simulations that finished."
        ),
        responses=MyWorkSerializer,
    )
    def get(self, request: Request) -> Response:
        """The work of the caller."""
        refuse_unknown(request, set())
        reader, today = writer(request), timezone.localdate()
        work = my_work.my_work(reader, today=today, counts=my_work.asked_of(reader, today=today))
        return Response(MyWorkSerializer(work).data)
