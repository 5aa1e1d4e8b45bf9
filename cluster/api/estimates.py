"""Three-point estimates of many milestones at once."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.batches import refused_batch
from cluster.api.fields import Id, Input, Whole
from cluster.api.milestone_writes import Days
from cluster.api.writes import body_of, writer
from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.estimates import LONGEST_CAUSE, Estimate, EstimateRow
from cluster.domain.tables import BadRows
from cluster.services.estimates import save_estimates

_MOST_ROWS = 5000


class EstimateOfMilestone(Input):
    """The estimate of one milestone: the likely duration alone, or all three."""

    milestone = Id(required=True, help_text="The id of the milestone.")
    version = Whole(min_value=0, max_value=2**31 - 1, help_text="The milestone's `version` as you read it.")
    duration_days = Days(help_text="Most likely.")
    optimistic_days = Days(required=False, default=None, help_text="One time in a hundred it is faster.")
    pessimistic_days = Days(required=False, default=None, help_text="One time in a hundred it is slower.")
    risk_cause = serializers.CharField(
        max_length=LONGEST_CAUSE, required=False, default="", allow_blank=True, help_text="What makes several works go wrong together."
    )


class NewEstimates(Input):
    """Many estimates at once: all of them are stored, or none."""

    contract = Id(required=True, help_text="The id of the contract.")
    reason = serializers.CharField(
        max_length=LONGEST_REASON, required=False, default="", allow_blank=True, help_text="Kept in the history."
    )
    estimates = EstimateOfMilestone(many=True, max_length=_MOST_ROWS)  # type: ignore[call-arg]


class SavedEstimates(Input):
    """What became of them."""

    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class EstimatesInBulk:
    """Mixed into the milestones: their estimates by one request."""

    @extend_schema(
        summary="Put many three-point estimates",
        description=(
            f"For PMO editors. At most {_MOST_ROWS:,}, all of them or none: what is refused is named by its place, counted from 0, as "
            "`estimates[2].optimistic_days`. A milestone that was reached, or that somebody changed since the `version` that you "
            "read, is refused."
        ),
        request=NewEstimates,
        responses={201: SavedEstimates},
    )
    @action(detail=False, methods=["post"], filterset_class=None)
    def estimates(self, request: Request) -> Response:
        """Write them through the service."""
        given = body_of(request, NewEstimates)
        rows = [
            EstimateRow(
                number,
                row["milestone"],
                Estimate(row["duration_days"], row["optimistic_days"], row["pessimistic_days"], row["risk_cause"]),
                row["version"],
            )
            for number, row in enumerate(given["estimates"])
        ]
        try:
            done = save_estimates(contract_id=given["contract"], rows=rows, by=writer(request), reason=given["reason"])
        except BadRows as error:
            raise refused_batch(error, "estimates") from error
        return Response({"changed": done.changed, "unchanged": done.unchanged}, status=status.HTTP_201_CREATED)
