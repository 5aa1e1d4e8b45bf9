"""The letters that were written, with what became of each."""

from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from cluster.models import Bounce, Delivery, DeliveryAttempt


class AttemptSerializer(RecordSerializer):
    """One try to send a letter, and what the mail server said."""

    class Meta:
        model = DeliveryAttempt
        fields = ["number", "began_at", "ended_at", "outcome", "answer"]


class BounceSerializer(RecordSerializer):
    """A notification that the letter came back; `is_hard`: for good."""

    class Meta:
        model = Bounce
        fields = ["read_at", "is_hard", "code", "diagnostic"]


class DeliverySerializer(RecordSerializer):
    """One letter: written once, sent once."""

    tries = AttemptSerializer(many=True, read_only=True)
    bounces = BounceSerializer(many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "kind",
            "subscription",
            "period",
            "recipient",
            "status",
            "subject",
            "body_text",
            "attempts",
            "error",
            "created_at",
            "sent_at",
            "tries",
            "bounces",
        ]


class Deliveries(Records):
    """Deliveries."""

    noun = ("a delivery", "deliveries")
    about = "Digests and notices that were written to you, with what became of each; administrators over everything see those of all."
    queryset = Delivery.objects.prefetch_related("tries", "bounces")
    serializer_class = DeliverySerializer
    filterset_class = filters(Delivery, status="status", kind="kind", period_from="period__gte", period_to="period__lte")
    ordering_fields = {"period": "period"}
