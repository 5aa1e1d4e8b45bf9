"""What would follow from a new forecast, before it is recorded."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.examples import attach_example
from cluster.api.fields import Input, Reference, Window
from cluster.api.writes import body_of, writer
from cluster.domain.errors import DomainError
from cluster.models.delay import SEVERITIES
from cluster.queries.knock_on import Change, knock_on


class ForecastAsked(Input):
    """A forecast that is thought of."""

    new = Window()


class FlagChangeSerializer(serializers.Serializer[Any]):
    """What would become of a delay flag."""

    kind = serializers.CharField(source="kind.value")
    effect = serializers.ChoiceField(choices=[(change.value, change.value) for change in Change], source="change.value")
    before = serializers.IntegerField(help_text="Calendar days late now; 0: the flag would open.")
    after = serializers.IntegerField(help_text="Calendar days late then; 0: the flag would close.")
    severity = serializers.ChoiceField(choices=SEVERITIES, source="severity.value")


class MovedSerializer(serializers.Serializer[Any]):
    """A milestone that would be reached on another day."""

    milestone = Reference()
    before = serializers.DateField()
    after = serializers.DateField()
    days = serializers.IntegerField(help_text="Calendar days lost; negative: won.")
    through = serializers.SerializerMethodField()
    left_out = serializers.IntegerField(help_text="How many before the last of `through` are not told.")
    flags = FlagChangeSerializer(many=True)

    def get_through(self, moved: Any) -> list[str]:
        """The codes of the milestones that lead to it from the one that was asked about: the first ones and the last."""
        return [milestone.code for milestone in moved.through]


class EndSerializer(serializers.Serializer[Any]):
    """The day on which everything is reached."""

    before = serializers.DateField()
    after = serializers.DateField()


class KnockOnSerializer(serializers.Serializer[Any]):
    """What would follow from a forecast."""

    flags = FlagChangeSerializer(many=True, source="own", help_text="Of the milestone itself.")
    moved = MovedSerializer(many=True, help_text="What else moves, the most days first.")
    elsewhere = serializers.ListField(
        child=serializers.CharField(), help_text="Codes of what moves in factories that you may not see: nothing else is told of them."
    )
    end = EndSerializer(allow_null=True, help_text="Null: you see a part of the contract only.")


attach_example(KnockOnSerializer)


class ForecastPreview:
    """What a noun of milestones offers beside its own: a forecast tried out."""

    @extend_schema(
        summary="Try a forecast out",
        description=(
            "Which other milestones would move by the schedule if this became the forecast, and which delay flags would open, get worse or "
            "better, or close. Nothing is written; whoever reads the milestone may ask. As of today."
        ),
        request=ForecastAsked,
        responses={200: KnockOnSerializer},
    )
    @action(detail=True, methods=["post"], url_path="forecast-preview", filterset_class=None)
    def forecast_preview(self, request: Request, pk: str) -> Response:
        """Ask the schedule."""
        milestone = self.get_object()  # type: ignore[attr-defined]
        window = body_of(request, ForecastAsked)["new"]
        try:
            follows = knock_on(milestone, window.latest, reader=writer(request), today=timezone.localdate())
        except DomainError as error:
            error.field = "new" if error.field == "window" else error.field
            raise
        end = {"before": follows.end[0], "after": follows.end[1]} if follows.end else None
        told = {"own": follows.own, "moved": follows.moved, "elsewhere": follows.elsewhere, "end": end}
        return Response(KnockOnSerializer(told, context={"request": request}).data)
