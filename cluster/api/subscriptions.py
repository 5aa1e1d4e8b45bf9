"""The reader's own digest subscription: what it is, what the letter would say now, and one on request."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.digests import DeliverySerializer
from cluster.api.examples import attach_example
from cluster.api.fields import Choice, Input, Whole
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IF_MATCH
from cluster.api.writes import answer, changes_of, guarded, seen, writer
from cluster.models import Subscription
from cluster.queries.history import newest_event
from cluster.services.digests import preview
from cluster.services.subscriptions import Choice as Chosen
from cluster.services.subscriptions import choice_of, choose, send_sample, usual_choice


class SubscriptionSerializer(RecordSerializer):
    """How often the digest comes, at which hour of which zone, about what; empty zone and language are those of the person."""

    factories = serializers.SerializerMethodField(help_text="Ids of the factories that it is narrowed to; none: all that you see.")
    kinds = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Kinds of flags; none: all of them.")

    class Meta:
        model = Subscription
        fields = [
            "id", "cadence", "weekday", "hour", "time_zone", "language", "factories", "kinds", "also_when_nothing_new", "notices",
            "is_active", "suspended_at", "suspended_because", "created_at",
        ]  # fmt: skip

    def get_factories(self, subscription: Subscription) -> list[int]:
        """In the order of their ids."""
        return sorted(choice_of(subscription).factories)


class SubscriptionChoice(Input):
    """What you choose. A key that is left out stays as it is, or as is usual for your role."""

    cadence = Choice(choices=Subscription.Cadence.choices)
    weekday = Whole(min_value=0, max_value=6, help_text="0 is Monday; of a weekly digest.")
    hour = Whole(min_value=0, max_value=23)
    time_zone = serializers.CharField(max_length=64, allow_blank=True)
    language = Choice(choices=settings.LANGUAGES, allow_blank=True)
    factories = serializers.ListField(child=Whole(min_value=1, max_value=2**63 - 1), max_length=1000)
    kinds = serializers.ListField(child=serializers.CharField(max_length=20), max_length=100)
    also_when_nothing_new = serializers.BooleanField()
    notices = serializers.BooleanField()
    is_active = serializers.BooleanField()


class LetterSerializer(serializers.Serializer[Any]):
    """The letter as it would be now; the HTML shows its chart as `cid:chart`."""

    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()


attach_example(LetterSerializer)


class Subscriptions(Records):
    """Subscriptions."""

    noun = ("a subscription", "subscriptions")
    about = "Your own digest subscription; other people's are not shown here to anybody."
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    route = "api:subscription-detail"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(user=self.request.user)

    def get_object(self) -> Subscription:
        """The subscription, with the number that tells its state from others."""
        found: Subscription = super().get_object()
        found.version = newest_event(found)  # type: ignore[attr-defined]
        return found

    @extend_schema(
        summary="Subscribe",
        description="Everybody subscribes for themselves. What is left out is usual for your role. Again: 200 where it is the same choice.",
        request=SubscriptionChoice,
        responses={201: SubscriptionSerializer, 200: SubscriptionSerializer},
    )
    def create(self, request: Request) -> Response:
        """Subscribe through the service."""
        by = writer(request)
        stored = self.get_queryset().first()
        if stored is not None:
            self.kwargs["pk"] = stored.pk
        made = guarded(self, lambda: choose(_chosen(request, usual_choice(by)), by=by, version=None))
        self.kwargs["pk"] = made.pk
        return answer(self, self.get_object(), status.HTTP_201_CREATED if stored is None else status.HTTP_200_OK)

    @extend_schema(
        summary="Change a subscription",
        description="Your own. A key that is left out stays as it is.",
        request=SubscriptionChoice,
        responses={200: SubscriptionSerializer},
        parameters=[IF_MATCH],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it through the service."""
        subscription, version = seen(self)
        guarded(self, lambda: choose(_chosen(request, choice_of(subscription)), by=writer(request), version=version))
        return answer(self, self.get_object(), status.HTTP_200_OK)

    @extend_schema(summary="Preview the letter", description="As it would be now. Nothing is sent.", responses={200: LetterSerializer})
    @action(detail=True, methods=["get"], filterset_class=None)
    def preview(self, request: Request, pk: str) -> Response:
        """The letter as it would be now."""
        self.get_object()
        letter = preview(user=writer(request), now=timezone.now())
        return Response({"subject": letter.subject, "text": letter.text, "html": letter.html})

    @extend_schema(
        summary="Send one letter now",
        description="To yourself. Within a minute of the last one nothing new is sent: the answer is 200 and that letter.",
        request=None,
        responses={201: DeliverySerializer, 200: DeliverySerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None, url_path="send-now")
    def send_now(self, request: Request, pk: str) -> Response:
        """A letter on request through the outbox."""
        self.get_object()
        letter, is_new = send_sample(by=writer(request), now=timezone.now())
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(DeliverySerializer(letter, context=self.get_serializer_context()).data, status=code)


def _chosen(request: Request, before: Chosen) -> Chosen:
    """What the body changes of a choice."""
    given = changes_of(request, SubscriptionChoice)
    sets = {name: frozenset(given[name]) for name in ("factories", "kinds") if name in given}
    columns = ("cadence", "weekday", "hour", "time_zone", "language", "also_when_nothing_new", "notices", "is_active", "factories", "kinds")
    merged: dict[str, Any] = {name: getattr(before, name) for name in columns} | given | sets
    return Chosen(**merged)
