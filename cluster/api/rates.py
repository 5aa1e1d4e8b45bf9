"""Exchange rates, and dollars for roubles."""

from typing import Any

from rest_framework import serializers

from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.domain.exchange import Basis
from cluster.models import ExchangeRate


class ExchangeRateSerializer(RecordSerializer):
    """Roubles for `nominal` units of a currency, set by the Bank of Russia for a date."""

    class Meta:
        model = ExchangeRate
        fields = ["id", "currency", "date", "nominal", "value", "revision", "status", "quality", "source", "recorded_at"]


class ExchangeRates(Records):
    """Exchange rates."""

    noun = ("an exchange rate", "exchange rates")
    about = "Official rates with their revisions. On a day without a rate of its own the newest earlier accepted one is in force."
    queryset = ExchangeRate.objects.all()
    serializer_class = ExchangeRateSerializer
    filterset_class = filters(
        ExchangeRate, currency="currency", date="date", date_from="date__gte", date_to="date__lte", status="status", quality="quality"
    )
    ordering_fields = {"date": "date"}
    as_of_column = "date"


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
