"""Contracts, their parties and amendments."""

from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.models import Amendment, Contract, Party


class ContractSerializer(RecordSerializer):
    """A special investment contract."""

    class Meta:
        model = Contract
        fields = ["id", "code", "name", "kind", "signed", "is_example", "moderate_days", "major_days", "critical_days"]


class Contracts(Records):
    """Contracts."""

    noun = ("a contract", "contracts")
    about = "Special investment contracts. Commitment, planned factories and term are claims: see /claims/."
    queryset = Contract.objects.all()
    serializer_class = ContractSerializer
    filterset_class = filters(Contract, code="code", is_example="is_example")
    ordering_fields = {"code": "code"}


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
