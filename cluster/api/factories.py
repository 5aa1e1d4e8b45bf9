"""Factories."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api import filtering, money
from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.models import Factory
from cluster.queries.money import money_of


class FactorySerializer(RecordSerializer):
    """One planned plant of a contract."""

    class Meta:
        model = Factory
        fields = [
            "id", "contract", "code", "name", "membership", "order", "decision", "decision_on", "decision_reason", "manager",
        ]  # fmt: skip


class Factories(Records):
    """Factories."""

    noun = ("a factory", "factories")
    about = "The planned plants of the contracts. Product, capacity, jobs and budget are claims; the dates are milestones."
    queryset = Factory.objects.select_related("contract", "manager")
    serializer_class = FactorySerializer
    filterset_class = filters(Factory, contract="contract__code", code="code", membership="membership", decision="decision")
    ordering_fields = {"code": "code", "order": "order"}

    def takes_as_of(self) -> bool:
        return self.action == "money"

    def parameters(self) -> set[str]:
        return {"as_of", "group_by"} if self.action == "money" else super().parameters()

    @extend_schema(
        summary="The money of a factory", description=money.ABOUT, parameters=[money.GROUP_BY], responses=money.OutlookSerializer
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def money(self, request: Request, pk: str) -> Response:
        """The figures of the factory's money page."""
        factory: Any = self.get_object()
        found = money_of(
            reader=request.user, contract_code=factory.contract.code, factory_code=factory.code, as_of=filtering.as_of(request)
        )
        return Response(money.answer(request, found))
