"""Why a milestone is late, for programs."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.examples import attach_example
from cluster.api.writes import writer
from cluster.domain.causes import MOST_TOLD
from cluster.domain.errors import NotFound
from cluster.models import Milestone
from cluster.queries.causes import late_because
from cluster.queries.milestones import with_dates


class LostSerializer(serializers.Serializer[Any]):
    """A milestone that lost days."""

    code = serializers.CharField(source="milestone.code")
    days = serializers.IntegerField(help_text="Calendar days that it lost itself; where you may not see it, those that arrive from it.")


class CauseSerializer(serializers.Serializer[Any]):
    """`late` = the days of `others` + `rest_days` + `own` - `absorbed` + `added`, in calendar days."""

    late = serializers.IntegerField(source="explanation.late", help_text="Days after the due date on which it is expected.")
    others = LostSerializer(many=True, help_text=f"Those before it that lost days, the most first, at most {MOST_TOLD}.")
    rest = serializers.IntegerField(source="explanation.rest", help_text="How many more before it lost days.")
    rest_days = serializers.IntegerField(source="explanation.rest_days", help_text="The days that those lost.")
    own = serializers.IntegerField(source="explanation.own", help_text="Days that it lost itself.")
    absorbed = serializers.IntegerField(source="explanation.absorbed", help_text="Days that float took up on the way.")
    added = serializers.IntegerField(
        source="explanation.added", help_text="Days lost on the way to days of rest and to due dates that leave no room."
    )
    revision = serializers.IntegerField(
        source="said.pk",
        default=None,
        allow_null=True,
        help_text="The newest move of the forecast of the one that lost most, with its reason: read it at /forecast-revisions/{id}/.",
    )


attach_example(CauseSerializer)


class Causes:
    """What a noun of flags offers beside its own: why the milestone of a flag is late."""

    @extend_schema(
        summary="Why the milestone of a flag is late",
        description=(
            "The milestones whose days they are, by the schedule of today; of those in factories that you may not see the code alone. 404 "
            "where the flag is about no milestone, or the milestone is not late by the schedule."
        ),
        responses={200: CauseSerializer},
    )
    @action(detail=True, methods=["get"], filterset_class=None)
    def cause(self, request: Request, pk: str) -> Response:
        """Ask the schedule."""
        flag, today = self.get_object(), timezone.localdate()  # type: ignore[attr-defined]
        late = with_dates(Milestone.objects.filter(pk=flag.milestone_id), as_of=today)
        why = late_because(late, flag.contract, reader=writer(request), today=today)
        if flag.milestone_id not in why:
            raise NotFound("There is no such cause.")
        return Response(CauseSerializer(why[flag.milestone_id], context={"request": request}).data)
