"""Sources, and the claims that they make."""

from rest_framework import serializers

from cluster.api.fields import MoneyField, Reference
from cluster.api.filtering import filters
from cluster.api.rates import InDollars
from cluster.api.records import Records, RecordSerializer
from cluster.models import Claim, Source


class SourceSerializer(RecordSerializer):
    """A publication or document that gives figures."""

    url = serializers.CharField(read_only=True)

    class Meta:
        model = Source
        fields = ["id", "key", "publisher", "title", "url", "document", "published", "note"]


class Sources(Records):
    """Sources."""

    noun = ("a source", "sources")
    about = "Where figures come from: publications and documents."
    queryset = Source.objects.all()
    serializer_class = SourceSerializer
    filterset_class = filters(
        Source, key="key", publisher="publisher", published_from="published_latest__gte", published_to="published_latest__lte"
    )
    ordering_fields = {"key": "key", "published": "published_latest", "publisher": "publisher"}


class ClaimSerializer(RecordSerializer):
    """One value of one source for one figure: a number with its unit, a text, or a date."""

    value = serializers.DecimalField(max_digits=22, decimal_places=4, read_only=True, allow_null=True, normalize_output=True)
    value_high = serializers.DecimalField(max_digits=22, decimal_places=4, read_only=True, allow_null=True, normalize_output=True)
    quoted_usd = MoneyField(currency="USD", allow_null=True)
    usd = InDollars(source="conversion", read_only=True, allow_null=True)
    milestone = Reference(read_only=True, allow_null=True)

    class Meta:
        model = Claim
        fields = [
            "id", "contract", "factory", "milestone", "figure", "value", "value_high", "unit", "usd", "quoted_usd", "text", "date",
            "valid", "qualifier", "confidence", "announced", "source", "note", "in_use", "reason", "recorded_at", "recorded_by",
        ]  # fmt: skip


class Claims(Records):
    """Claims."""

    noun = ("a claim", "claims")
    about = (
        "What each source says about each figure. Claims with one figure and one `valid` window compete: all stay, one is in use. "
        "`usd` is our conversion at the contract basis, `quoted_usd` what the source itself printed."
    )
    queryset = Claim.objects.select_related("contract", "factory", "milestone", "source", "recorded_by", "conversion__rate")
    serializer_class = ClaimSerializer
    filterset_class = filters(
        Claim,
        contract="contract__code",
        factory="factory__code",
        milestone="milestone__code",
        figure="figure",
        in_use="in_use",
        source="source__key",
        unit="unit",
        announced_from="announced_latest__gte",
        announced_to="announced_latest__lte",
    )
    ordering_fields = {"figure": "figure", "announced": "announced_latest", "valid": "valid_latest", "recorded_at": "recorded_at"}
