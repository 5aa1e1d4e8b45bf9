"""Contracts and where they stand, their parties and amendments."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api import earned_value, filtering, money, quality, reporting, schedule, slips
from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, MoneyField, SourceReference, Texts, Window
from cluster.api.filtering import filters
from cluster.api.rates import InDollars
from cluster.api.records import Records, RecordSerializer
from cluster.domain.stages import Stage
from cluster.models import Amendment, Contract, Party, Qualifier
from cluster.queries.contracts import overview
from cluster.queries.money import money_of
from cluster.queries.slips import slip_ledger


class ContractSerializer(RecordSerializer):
    """A special investment contract."""

    class Meta:
        model = Contract
        fields = ["id", "code", "name", "kind", "signed", "is_example", "moderate_days", "major_days", "critical_days"]


class PublishedAmount(serializers.Serializer[Any]):
    """The amount in use for a figure, as a source words it."""

    amount = MoneyField(source="value")
    qualifier = serializers.ChoiceField(choices=Qualifier.choices)
    usd = InDollars(source="conversion", read_only=True, allow_null=True)
    valid = Window(allow_null=True)
    source = SourceReference()  # type: ignore[assignment]


class FactoryStanding(serializers.Serializer[Any]):
    """One factory of the overview."""

    id = serializers.IntegerField(source="factory.id")
    code = serializers.CharField(source="factory.code")
    name = serializers.SerializerMethodField()
    stage = serializers.ChoiceField(choices=[stage.value for stage in Stage])
    opened = Window(allow_null=True)
    late_days = serializers.IntegerField(help_text="Of its worst milestone; 0 when nothing is late.")
    late_milestone = serializers.CharField(source="worst.milestone.code", allow_null=True, help_text="The code of that milestone.")
    budget = MoneyField(source="budget_rub", allow_null=True)
    paid = MoneyField(source="paid_rub")

    @extend_schema_field(Texts)
    def get_name(self, row: Any) -> dict[str, str]:
        """In both languages."""
        return {"ru": row.factory.name_ru, "en": row.factory.name_en}


class LateMilestone(serializers.Serializer[Any]):
    """One late milestone of the overview."""

    id = serializers.IntegerField(source="milestone.id")
    code = serializers.CharField(source="milestone.code")
    late_days = serializers.IntegerField()
    late_days_original = serializers.IntegerField(allow_null=True)


class OverviewSerializer(serializers.Serializer[Any]):
    """Where a contract stands. Committed, allocated and not yet allocated are three figures; the unknown is null, never 0."""

    contract = ContractReference()
    as_of = serializers.DateField()
    planned_factories = serializers.IntegerField(allow_null=True)
    opened_factories = serializers.IntegerField()
    committed = PublishedAmount(source="commitment", allow_null=True)
    invested = PublishedAmount(allow_null=True)
    allocated = MoneyField(source="allocated_rub")
    not_allocated = MoneyField(source="not_allocated_rub", allow_null=True)
    paid = MoneyField(source="paid_rub")
    late = LateMilestone(many=True)
    factories = FactoryStanding(source="rows", many=True)


attach_example(OverviewSerializer)


# What the parts of a contract take beside `fields`.
_PARAMETERS = {
    "overview": {"as_of"},
    "money": {"as_of", "group_by"},
    "schedule": {"as_of", "basis", "factory"},
    "slips": {"as_of", "factory"},
    "earned_value": {"as_of", "factory"},
    "schedule_quality": {"as_of"},
    "reporting": {"as_of"},
}


class Contracts(Records):
    """Contracts."""

    noun = ("a contract", "contracts")
    about = "Special investment contracts. Commitment, planned factories and term are claims: see /claims/. A code stands for the id."
    queryset = Contract.objects.all()
    serializer_class = ContractSerializer
    filterset_class = filters(Contract, code="code", is_example="is_example")
    ordering_fields = {"code": "code"}
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_object(self) -> Any:
        if not self.kwargs["pk"].isdigit():
            self.kwargs["pk"] = get_object_or_404(self.get_queryset().only("pk"), code=self.kwargs["pk"]).pk
        return super().get_object()

    def takes_as_of(self) -> bool:
        return self.action in _PARAMETERS

    def parameters(self) -> set[str]:
        return _PARAMETERS.get(self.action) or super().parameters()

    @extend_schema(
        summary="Where a contract stands",
        description="Money, stages of the factories and what is late, the worst first, as announced by a day; as far as you may see it.",
        responses=OverviewSerializer,
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def overview(self, request: Request, pk: str) -> Response:
        """The figures of the cluster page."""
        contract = self.get_object()
        standing = overview(reader=request.user, contract_code=contract.code, as_of=filtering.as_of(request))
        return Response(OverviewSerializer(standing, context=self.get_serializer_context()).data)

    @extend_schema(
        summary="The money of a contract", description=money.ABOUT, parameters=[money.GROUP_BY], responses=money.OutlookSerializer
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def money(self, request: Request, pk: str) -> Response:
        """The figures of the money page."""
        found = money_of(reader=request.user, contract_code=self.get_object().code, as_of=filtering.as_of(request))
        return Response(money.answer(request, found))

    @extend_schema(
        summary="The schedule of a contract",
        description=schedule.ABOUT,
        parameters=[schedule.BASIS, schedule.FACTORY],
        responses=schedule.ScheduleSerializer,
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def schedule(self, request: Request, pk: str) -> Response:
        """The network of the contract, as far as the reader may see it."""
        return Response(schedule.answer(request, self.get_object(), filtering.as_of(request)))

    @extend_schema(
        summary="The earned value of a contract",
        description=earned_value.ABOUT,
        parameters=[earned_value.FACTORY],
        responses=earned_value.EarnedValueSerializer,
    )
    @action(detail=True, url_path="earned-value", filterset_class=None, pagination_class=None)
    def earned_value(self, request: Request, pk: str) -> Response:
        """The figures of the earned value page."""
        return Response(earned_value.answer(request, self.get_object(), filtering.as_of(request)))

    @extend_schema(summary="The quality of a schedule", description=quality.ABOUT, responses=quality.QualitySerializer)
    @action(detail=True, url_path="schedule-quality", filterset_class=None, pagination_class=None)
    def schedule_quality(self, request: Request, pk: str) -> Response:
        """The checks of the quality page."""
        return Response(quality.answer(request, self.get_object(), filtering.as_of(request)))

    @extend_schema(summary="The calendar of reporting", description=reporting.ABOUT, responses=reporting.ReportingSerializer)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def reporting(self, request: Request, pk: str) -> Response:
        """Who owes which report, as the page shows it."""
        return Response(reporting.answer(request, self.get_object(), filtering.as_of(request), self.get_serializer_context()))

    @extend_schema(
        summary="The slip ledger of a contract", description=slips.ABOUT, parameters=[slips.FACTORY], responses=slips.SlipLedgerSerializer
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def slips(self, request: Request, pk: str) -> Response:
        """The revisions as days lost or won, and their sums."""
        contract = self.get_object()
        factory = filtering.factory_in(request, contract)
        found = slip_ledger(reader=request.user, contract_code=contract.code, as_of=filtering.as_of(request))
        return Response(slips.answer(found, factory=factory, context=self.get_serializer_context()))


class PartySerializer(RecordSerializer):
    """Who signed a contract, and in which role."""

    class Meta:
        model = Party
        fields = ["id", "contract", "role", "name", "note", "source"]


class Parties(Records):
    """Parties."""

    noun = ("a party", "parties")
    about = "Who signed a contract: investor, federal ministry, region."
    queryset = Party.objects.select_related("contract", "source")
    serializer_class = PartySerializer
    filterset_class = filters(Party, contract="contract__code", role="role")
    ordering_fields = {"role": "role"}


class AmendmentSerializer(RecordSerializer):
    """A numbered change to a contract."""

    class Meta:
        model = Amendment
        fields = ["id", "contract", "number", "approved_on", "announced", "title", "note", "source"]


class Amendments(Records):
    """Amendments."""

    noun = ("an amendment", "amendments")
    about = "Changes to contracts. Number and approval date are empty where they were not published."
    queryset = Amendment.objects.select_related("contract", "source")
    serializer_class = AmendmentSerializer
    filterset_class = filters(Amendment, contract="contract__code", approved_from="approved_on__gte", approved_to="approved_on__lte")
    ordering_fields = {"approved_on": "approved_on", "announced": "announced_latest"}
