"""Factories."""

from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.models import Factory


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
