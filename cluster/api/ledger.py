"""The ledger: commitments and payments, read, recorded and reversed."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Id, Input, MoneyField, Reference, Roubles
from cluster.api.filtering import as_of, filters
from cluster.api.pagination import RecordedPagination
from cluster.api.preconditions import request_key
from cluster.api.rates import InDollars
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IDEMPOTENCY_KEY
from cluster.api.writes import body_of, created, writer
from cluster.models import CostCategory, FundingSource, LedgerEntry
from cluster.queries.ledger import reversals_by
from cluster.services.ledger import record_entry, reverse_entry


class LedgerEntrySerializer(RecordSerializer):
    """A commitment or a payment. It never changes: a mistake is reversed by another entry."""

    contract = Reference(source="factory.contract", read_only=True)
    amount = MoneyField(source="amount_rub")
    usd = InDollars(source="conversion", read_only=True, allow_null=True)
    reversed_by = serializers.PrimaryKeyRelatedField[Any](read_only=True, allow_null=True)

    class Meta:
        model = LedgerEntry
        fields = [
            "id", "contract", "factory", "kind", "date", "amount", "usd", "category", "funding", "document", "counterparty", "note",
            "source", "reverses", "reversed_by", "recorded_at", "recorded_by",
        ]  # fmt: skip


class NewLedgerEntry(Input):
    """A commitment or a payment to record."""

    factory = Id(required=True, help_text="The id of the factory.")
    kind = serializers.ChoiceField(choices=LedgerEntry.Kind.choices)
    date = serializers.DateField()
    amount = Roubles()
    document = serializers.CharField(max_length=200, help_text="Number and date of the document.")
    counterparty = serializers.CharField(max_length=300)
    category = serializers.ChoiceField(choices=CostCategory.choices, required=False, default="", allow_blank=True)
    funding = serializers.ChoiceField(choices=FundingSource.choices, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    source = Id()  # type: ignore[assignment]


class NewReversal(Input):
    """Why and when an entry is taken back."""

    date = serializers.DateField()
    note = serializers.CharField(max_length=4000, help_text="Why the entry is reversed.")


class LedgerEntries(Records):
    """Ledger entries."""

    noun = ("a ledger entry", "ledger entries")
    about = "Commitments and payments, the last recorded first. `usd` stands at the payment basis."
    queryset = LedgerEntry.objects.select_related("factory__contract", "source", "recorded_by", "conversion__rate")
    serializer_class = LedgerEntrySerializer
    route = "api:ledger-entry-detail"
    pagination_class = RecordedPagination
    as_of_column = "date"
    filterset_class = filters(
        LedgerEntry,
        contract="factory__contract__code",
        factory="factory__code",
        kind="kind",
        category="category",
        funding="funding",
        counterparty="counterparty",
        date_from="date__gte",
        date_to="date__lte",
        amount_from="amount_rub__gte",
        amount_to="amount_rub__lte",
    )

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        return super().get_queryset().prefetch_related(reversals_by(as_of(self.request)))

    @extend_schema(
        summary="Record a commitment or a payment",
        description="For PMO editors. A positive amount, kopecks at most; no payment in the future.",
        request=NewLedgerEntry,
        responses={201: LedgerEntrySerializer, 200: LedgerEntrySerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Record an entry through the service."""
        given = body_of(request, NewLedgerEntry)

        def write() -> LedgerEntry:
            return record_entry(
                factory_id=given["factory"],
                kind=given["kind"],
                date=given["date"],
                amount_rub=given["amount"],
                document=given["document"],
                counterparty=given["counterparty"],
                category=given["category"],
                funding=given["funding"],
                note=given["note"],
                source_id=given["source"],
                by=writer(request),
                today=timezone.localdate(),
                request_key=request_key(request),
            )

        said = {"factory_id": given["factory"], "amount_rub": given["amount"], "source_id": given["source"], "reverses_id": None}
        said |= {name: given[name] for name in ("kind", "date", "document", "counterparty", "category", "funding", "note")}
        return created(self, LedgerEntries, write, said=said, renamed={"amount_rub": "amount"})

    @extend_schema(
        summary="Reverse a ledger entry",
        description="Takes an entry back by one of the opposite amount that names it. An entry is reversed once, a reversal never.",
        request=NewReversal,
        responses={201: LedgerEntrySerializer, 200: LedgerEntrySerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def reversal(self, request: Request, pk: str) -> Response:
        """Reverse an entry through the service."""
        entry = self.get_object()
        given = body_of(request, NewReversal)

        def write() -> LedgerEntry:
            return reverse_entry(
                entry_id=entry.pk,
                date=given["date"],
                note=given["note"],
                by=writer(request),
                today=timezone.localdate(),
                request_key=request_key(request),
            )

        return created(self, LedgerEntries, write, said={"reverses_id": entry.pk, "date": given["date"], "note": given["note"]})
