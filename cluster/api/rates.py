"""Exchange rates: read, entered by hand, decided over; their gaps and what used them; and dollars for roubles."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.examples import attach_example
from cluster.api.fields import Choice, Day, ExactRate, Input, MoneyField
from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.api.writes import body_of, writer
from cluster.domain.dates import parse_day
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.exchange import NOMINALS, Basis
from cluster.models import ExchangeRate, User
from cluster.queries.rate_use import counts_between, uses
from cluster.queries.rates import SERIES, followed, missing_rates
from cluster.services.fetching import Span
from cluster.services.rates import Entry, Verdict, accept_rate, record_rate, reject_rate

USES_PER_PAGE = 50


class ExchangeRateSerializer(RecordSerializer):
    """Roubles for `nominal` units of a currency, set by the Bank of Russia for a date."""

    class Meta:
        model = ExchangeRate
        fields = ["id", "currency", "date", "nominal", "value", "revision", "status", "quality", "source", "recorded_at", "recorded_by"]


class WhereSeen(Input):
    """Where a rate was published: a name or a link, in Russian, in English or in both."""

    ru = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    en = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class NewRate(Input):
    """A rate that a person saw published."""

    currency = serializers.CharField(max_length=3, required=False, default=SERIES)
    date = Day()
    nominal = Choice(choices=NOMINALS, required=False, default=1)
    value = ExactRate(help_text="Decimal digits, four after the point at most.")
    source = WhereSeen()  # type: ignore[assignment]


class Decision(Input):
    """Why a rate is accepted or rejected."""

    reason = serializers.CharField(max_length=300)


class GapSerializer(serializers.Serializer[Any]):
    """Dates without the rate that ought to exist, from the first to the last of a run."""

    first = serializers.DateField()
    last = serializers.DateField()
    count = serializers.IntegerField(help_text="How many rates are missing.")
    amounts = serializers.IntegerField(help_text="How many amounts that you may see stand at an older rate because of it.")


class GapsSerializer(serializers.Serializer[Any]):
    """The rates of a time that ought to exist by the Russian working calendar and are not known."""

    currency = serializers.CharField()
    missing = serializers.IntegerField()
    gaps = GapSerializer(many=True)


class UseSerializer(serializers.Serializer[Any]):
    """An amount that stands at the rate, or stood at it before a correction."""

    kind = serializers.ChoiceField(choices=["payment", "commitment", "budget", "claim"])
    id = serializers.IntegerField()
    date = serializers.DateField(source="on", help_text="The day whose rate it takes.")
    contract = serializers.CharField()
    factory = serializers.CharField(allow_blank=True)
    what = serializers.CharField(allow_blank=True)
    amount = MoneyField(source="rub")
    usd = MoneyField(currency="USD")
    replaced = serializers.SerializerMethodField(help_text="It was converted anew: this is the rate that it used before.")
    stale = serializers.BooleanField()

    def get_replaced(self, use: Any) -> bool:
        """Whether the rate asked for is the one used before."""
        return bool(use.replaced_id == self.context["rate_id"])


class UsedBySerializer(serializers.Serializer[Any]):
    """What used a rate, as far as you may see it."""

    count = serializers.IntegerField()
    page = serializers.IntegerField()
    results = UseSerializer(many=True)


for _shape in (GapsSerializer, UsedBySerializer):
    attach_example(_shape)
_CURRENCY = OpenApiParameter("currency", OpenApiTypes.STR, description="A currency that is followed here; the dollar without it.")
_FIRST = OpenApiParameter("date_from", OpenApiTypes.DATE, description="The first date; a year ago without it.")
_LAST = OpenApiParameter("date_to", OpenApiTypes.DATE, description="The last date; today without it.")
_PAGE = OpenApiParameter("page", OpenApiTypes.INT, description="Pages of fifty, from 1.")


class ExchangeRates(Records):
    """Exchange rates."""

    noun = ("an exchange rate", "exchange rates")
    about = "Official rates with their revisions. On a day without a rate of its own the newest earlier accepted one is in force."
    queryset = ExchangeRate.objects.select_related("recorded_by")
    serializer_class = ExchangeRateSerializer
    filterset_class = filters(
        ExchangeRate, currency="currency", date="date", date_from="date__gte", date_to="date__lte", status="status", quality="quality"
    )
    ordering_fields = {"date": "date"}
    as_of_column = "date"

    def takes_as_of(self) -> bool:
        return self.action in ("list", "retrieve")

    def parameters(self) -> set[str]:
        own = {"gaps": {"currency", "date_from", "date_to"}, "used_by": {"page"}}
        return own.get(self.action) or super().parameters()

    @extend_schema(
        summary="Enter a rate by hand",
        description="For editors of everything. The weakest origin: what was published replaces it when it comes, and is never replaced by "
        "it. A jump of more than 10 % or a contradiction waits in quarantine. The same rate sent again answers 200 with the first one.",
        request=NewRate,
        responses={201: ExchangeRateSerializer, 200: ExchangeRateSerializer},
    )
    def create(self, request: Request) -> Response:
        """Enter a rate through the service."""
        by = _known(request)
        given = body_of(request, NewRate)
        source = given["source"]
        entry = Entry(given["currency"], given["date"], given["value"], source["ru"], source["en"], int(given["nominal"]))
        row, verdict = record_rate(entry, by=by, today=timezone.localdate())
        new = verdict is not Verdict.UNCHANGED
        return Response(self.represent(row), status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)

    @extend_schema(
        summary="Accept a rate from quarantine",
        description="For editors of everything. It counts from now on; later ones that no longer jump follow it. "
        "409 when somebody decided before.",
        request=Decision,
        responses=ExchangeRateSerializer,
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def accept(self, request: Request, pk: str) -> Response:
        """Accept through the service."""
        row = self.get_object()
        accept_rate(rate_id=row.pk, reason=body_of(request, Decision)["reason"], by=writer(request))
        return Response(self.represent(self.get_object()))

    @extend_schema(
        summary="Reject a rate from quarantine",
        description="For editors of everything. The same value for the same date is not taken again. 409 when somebody decided before.",
        request=Decision,
        responses=ExchangeRateSerializer,
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def reject(self, request: Request, pk: str) -> Response:
        """Reject through the service."""
        row = self.get_object()
        reject_rate(rate_id=row.pk, reason=body_of(request, Decision)["reason"], by=writer(request))
        return Response(self.represent(self.get_object()))

    @extend_schema(
        summary="List the rates that are missing",
        description="Runs of dates on which a rate ought to exist by the Russian working calendar and none is known, the oldest first.",
        parameters=[_CURRENCY, _FIRST, _LAST],
        responses=GapsSerializer,
    )
    @action(detail=False, filterset_class=None, pagination_class=None)
    def gaps(self, request: Request) -> Response:
        """The gaps of a currency and a time."""
        _known(request)
        today, asked = timezone.localdate(), request.query_params
        last = _day(asked.get("date_to"), "date_to") or today
        first = _day(asked.get("date_from"), "date_from") or min(last, today) - timedelta(days=365)
        try:
            span = Span(first, last, followed(asked.get("currency", SERIES))).checked(today=today)
        except DomainError as error:
            error.field = {"first": "date_from", "last": "date_to"}.get(error.field, error.field)
            raise
        found = missing_rates(span.currency, span.first, span.last)
        counts = counts_between(writer(request), [(gap.first, gap.until) for gap in found]) if span.currency == SERIES else [0] * len(found)
        rows = [
            {"first": gap.first, "last": gap.last, "count": gap.count, "amounts": amounts}
            for gap, amounts in zip(found, counts, strict=True)
        ]
        answer = {"currency": span.currency, "missing": sum(gap.count for gap in found), "gaps": rows}
        return Response(GapsSerializer(answer).data)

    @extend_schema(
        summary="List what used a rate",
        description="Ledger entries, budget lines and claims that stand at it, or stood at it before a correction; the newest day first.",
        parameters=[_PAGE],
        responses=UsedBySerializer,
    )
    @action(detail=True, url_path="used-by", filterset_class=None, pagination_class=None)
    def used_by(self, request: Request, pk: str) -> Response:
        """A page of what used a rate."""
        row: Any = self.get_object()
        text = request.query_params.get("page", "1")
        if not (text.isascii() and text.isdigit() and 0 < len(text) <= 6 and int(text) > 0):
            raise DomainError("Write the number of a page, from 1.", field="page", code="page")
        found = uses(writer(request), row, offset=(int(text) - 1) * USES_PER_PAGE, limit=USES_PER_PAGE)
        answer = {"count": found.count, "page": int(text), "results": found.rows}
        return Response(UsedBySerializer(answer, context={"rate_id": row.pk}).data)


def _known(request: Request) -> User:
    """The reader, who holds a role; to others there is nothing here."""
    reader = writer(request)
    if reader.scope.is_empty:
        raise NotFound("There is no such thing.")
    return reader


def _day(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        return parse_day(text)
    except DomainError as error:
        error.field = name
        raise


class UsedRate(serializers.Serializer[Any]):
    """The rate that a dollar figure stands on."""

    id = serializers.IntegerField()
    date = serializers.DateField()
    value = serializers.DecimalField(max_digits=14, decimal_places=4)
    nominal = serializers.IntegerField()


class InDollars(serializers.Serializer[Any]):
    """Our conversion of a rouble amount: never without its basis and its rate."""

    value = serializers.DecimalField(source="usd", max_digits=22, decimal_places=2)
    currency = serializers.ChoiceField(choices=["USD"], default="USD")
    basis = serializers.ChoiceField(choices=[basis.value for basis in Basis])
    rate = UsedRate()
    stale = serializers.BooleanField(help_text="The rate that ought to have been in force was not known.")
