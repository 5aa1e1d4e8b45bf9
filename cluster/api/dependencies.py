"""Dependencies: what waits for what."""

from cluster.api.fields import ContractReference
from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.models import Dependency


class DependencySerializer(RecordSerializer):
    """`successor` waits for `predecessor`, with a lag in working days; a negative lag is a lead."""

    contract = ContractReference(source="successor.contract", read_only=True)

    class Meta:
        model = Dependency
        fields = ["id", "contract", "predecessor", "successor", "type", "lag_days"]


class Dependencies(Records):
    """Dependencies."""

    noun = ("a dependency", "dependencies")
    about = (
        "Which milestone waits for which: FS (finish to start), SS, FF or SF, with a lag in working days. They make no circle. "
        "A plant manager reads those whose waiting milestone is of the own factory."
    )
    queryset = Dependency.objects.select_related("predecessor", "successor__contract")
    serializer_class = DependencySerializer
    filterset_class = filters(
        Dependency,
        contract="successor__contract__code",
        factory="successor__factory__code",
        predecessor="predecessor__code",
        successor="successor__code",
        type="type",
    )
    ordering_fields = {"predecessor": "predecessor__code", "successor": "successor__code"}
