"""The ledger: commitments and payments, read, recorded and reversed."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.filters import CharFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.examples import attach_example
from cluster.api.fields import Choice, ContractReference, Day, Id, Input, MoneyField, Roubles
from cluster.api.filtering import TrueFalseFilter, as_of, filters
from cluster.api.pagination import LARGEST_PAGE, RecordedPagination
from cluster.api.preconditions import request_key
from cluster.api.rates import InDollars
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IDEMPOTENCY_KEY
from cluster.api.writes import body_of, created, writer
from cluster.domain.dates import DateWindow, Precision
from cluster.domain.errors import BatchRefused, DomainError, Duplicate
from cluster.models import Contract, CostCategory, FundingSource, LedgerEntry
from cluster.queries.ledger import look_alikes, reversals_by
from cluster.services.ledger import NewEntry, keys_of_rows, record_entries, record_entry, reverse_entry


class LedgerEntrySerializer(RecordSerializer):
    """A commitment or a payment. It never changes: a mistake is reversed by another entry."""

    contract = ContractReference(source="factory.contract", read_only=True)
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
    kind = Choice(choices=LedgerEntry.Kind.choices)
    date = Day()
    amount = Roubles()
    document = serializers.CharField(max_length=200, help_text="Number and date of the document.")
    counterparty = serializers.CharField(max_length=300)
    category = Choice(choices=CostCategory.choices, required=False, default="", allow_blank=True)
    funding = Choice(choices=FundingSource.choices, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    source = Id()  # type: ignore[assignment]
    contract = Id(help_text="The id of the contract that you mean: a factory of another one is refused.")
    despite_duplicate = serializers.BooleanField(
        required=False, default=False, help_text="Record it although an entry with the same document, counterparty and amount is there."
    )


class NewLedgerEntries(Input):
    """Commitments and payments to record together: all of them or none."""

    entries = NewLedgerEntry(many=True, allow_empty=False, max_length=LARGEST_PAGE)  # type: ignore[call-arg]


class RecordedEntries(serializers.Serializer[Any]):
    """The entries of a batch, in its order."""

    entries = LedgerEntrySerializer(many=True, read_only=True)


attach_example(RecordedEntries)


class NewReversal(Input):
    """Why and when an entry is taken back."""

    date = Day()
    note = serializers.CharField(max_length=4000, help_text="Why the entry is reversed.")


class LedgerEntryFilters(
    filters(  # type: ignore[misc]
        LedgerEntry,
        contract="factory__contract__code",
        factory="factory__code",
        kind="kind",
        category="category",
        funding="funding",
        counterparty="counterparty__icontains",
        document="document__icontains",
        date_from="date__gte",
        date_to="date__lte",
        amount_from="amount_rub__gte",
        amount_to="amount_rub__lte",
    )
):
    """The filters of the ledger's page."""

    month = CharFilter(method="of_month", label="month of the date: 2024-03")
    reversed = TrueFalseFilter(method="taken_back", label="whether it was taken back by a reversal")
    alike = TrueFalseFilter(method="look_alike", label="whether another standing entry looks the same; needs `contract`")

    def of_month(self, rows: QuerySet[LedgerEntry], _name: str, text: str) -> QuerySet[LedgerEntry]:
        """The entries of a month."""
        try:
            month = DateWindow.parse(text)
        except DomainError:
            month = None
        if month is None or month.precision is not Precision.MONTH or ".." in text:
            raise ValidationError({"month": [_("Write a month as 2024-03.")]}, code="month")
        return rows.filter(date__range=(month.earliest, month.latest))

    def taken_back(self, rows: QuerySet[LedgerEntry], _name: str, wanted: bool) -> QuerySet[LedgerEntry]:
        """Entries that a reversal had taken back by the day asked for, or those that none had."""
        reversals = Exists(LedgerEntry.objects.filter(reverses=OuterRef("pk"), date__lte=as_of(self.request)))
        return rows.filter(reversals) if wanted else rows.exclude(reversals)

    def look_alike(self, rows: QuerySet[LedgerEntry], _name: str, wanted: bool) -> QuerySet[LedgerEntry]:
        """Entries of a contract that look like one another, or those that do not."""
        code = self.data.get("contract")
        if not code:
            raise ValidationError({"alike": [_("Name a contract too: entries are compared within one.")]}, code="contract")
        until = as_of(self.request) if "as_of" in self.data else None
        contract = Contract.objects.for_reader(self.request.user).filter(code=code).first()
        found = look_alikes(self.request.user, contract_id=contract.pk, until=until) if contract else {}
        return rows.filter(pk__in=found) if wanted else rows.exclude(pk__in=found)


class LedgerEntries(Records):
    """Ledger entries."""

    noun = ("a ledger entry", "ledger entries")
    about = "Commitments and payments, the last recorded first. `usd` stands at the payment basis."
    queryset = LedgerEntry.objects.select_related("factory__contract", "source", "recorded_by", "conversion__rate")
    serializer_class = LedgerEntrySerializer
    route = "api:ledger-entry-detail"
    pagination_class = RecordedPagination
    as_of_column = "date"
    filterset_class = LedgerEntryFilters

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
            try:
                return record_entry(**_named(given), by=writer(request), today=timezone.localdate(), request_key=request_key(request))
            except Duplicate as error:
                raise self._shown(error) from error

        said = {"factory_id": given["factory"], "amount_rub": given["amount"], "source_id": given["source"], "reverses_id": None}
        said |= {name: given[name] for name in ("kind", "date", "document", "counterparty", "category", "funding", "note")}
        return created(self, LedgerEntries, write, said=said, renamed=_CALLED)

    @extend_schema(
        summary="Record many commitments and payments",
        description=(
            f"At most {LARGEST_PAGE}, all of them or none: each row that is wrong is named, as `entries[2].date`. "
            "Sent again with the same key and body it answers 200 with the first result."
        ),
        request=NewLedgerEntries,
        responses={201: RecordedEntries, 200: RecordedEntries},
        parameters=[IDEMPOTENCY_KEY],
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def bulk(self, request: Request) -> Response:
        """Record a batch through the service."""
        given = body_of(request, NewLedgerEntries)["entries"]
        key = request_key(request)
        new = [NewEntry(**_named(row)) for row in given]
        keys = [one for one in keys_of_rows(key, len(new)) if one]
        known = LedgerEntry.objects.filter(request_key__in=keys, recorded_by=writer(request)).count() == len(new)
        try:
            done = record_entries(new, by=writer(request), today=timezone.localdate(), request_key=key)
        except BatchRefused as error:
            error.field = "entries"
            for _number, inner in error.rows:
                if isinstance(inner, DomainError):
                    inner.field = _CALLED.get(inner.field, inner.field)
            raise
        rows = self.queryset.prefetch_related(reversals_by(timezone.localdate())).in_bulk([entry.pk for entry in done])
        shown = [self.represent(rows[entry.pk]) for entry in done]
        return Response({"entries": shown}, status=status.HTTP_200_OK if known else status.HTTP_201_CREATED)

    def _shown(self, error: Duplicate) -> Duplicate:
        """The refusal with the first entry as a read gives it."""
        assert isinstance(error.current, LedgerEntry)
        error.current = self.represent(self.get_queryset().get(pk=error.current.pk))
        return error

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


# What the service's fields are called in a body.
_CALLED = {"amount_rub": "amount"}


def _named(given: dict[str, Any]) -> dict[str, Any]:
    """A validated body by the names that the service has for its keys."""
    services = {"factory": "factory_id", "amount": "amount_rub", "source": "source_id", "contract": "contract_id"}
    return {services.get(name, name): value for name, value in given.items()}
