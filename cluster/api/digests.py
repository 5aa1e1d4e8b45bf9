"""The reader's own digest subscription, and what was sent."""

from typing import Any

from django.db.models import QuerySet

from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.models import Delivery, Subscription


class SubscriptionSerializer(RecordSerializer):
    """How often the digest comes, and at which hour of the own zone."""

    class Meta:
        model = Subscription
        fields = ["id", "cadence", "weekday", "hour", "also_when_nothing_new", "is_active", "created_at"]


class Subscriptions(Records):
    """Subscriptions."""

    noun = ("a subscription", "subscriptions")
    about = "Your own digest subscription; other people's are not shown here to anybody."
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(user=self.request.user)


class DeliverySerializer(RecordSerializer):
    """One digest for one period: written once, sent once."""

    class Meta:
        model = Delivery
        fields = ["id", "subscription", "period", "status", "subject", "body_text", "attempts", "error", "created_at", "sent_at"]


class Deliveries(Records):
    """Deliveries."""

    noun = ("a delivery", "deliveries")
    about = "The digests that were written to you, with what became of each."
    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_class = filters(Delivery, status="status", period_from="period__gte", period_to="period__lte")
    ordering_fields = {"period": "period"}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(subscription__user=self.request.user)
