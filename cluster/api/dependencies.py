"""Dependencies: what waits for what."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import Choice, ContractReference, Id, Input, Whole
from cluster.api.filtering import filters
from cluster.api.milestone_writes import WhyChanged
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IF_MATCH, REASON
from cluster.api.writes import added, answer, body_of, changes_of, guarded, reason_in_address, seen, writer
from cluster.domain.milestones import LONGEST_LAG
from cluster.models import Dependency
from cluster.queries.history import with_newest_event
from cluster.services.dependencies import add_dependency, change_dependency, remove_dependency


class DependencySerializer(RecordSerializer):
    """`successor` waits for `predecessor`, with a lag in working days; a negative lag is a lead."""

    contract = ContractReference(source="successor.contract", read_only=True)

    class Meta:
        model = Dependency
        fields = ["id", "contract", "predecessor", "successor", "type", "lag_days"]


class DependencyChange(Input):
    """What is to change of a dependency; for other milestones delete it and add another one."""

    type = Choice(choices=Dependency.Type.choices, required=False, default=Dependency.Type.FS)
    lag_days = Whole(min_value=-LONGEST_LAG, max_value=LONGEST_LAG, required=False, default=0, help_text="Working days; negative: a lead.")
    reason = WhyChanged()


class NewDependency(DependencyChange):
    """A dependency to add."""

    predecessor = Id(required=True, help_text="The id of the milestone that comes first.")
    successor = Id(required=True, help_text="The id of the milestone that waits for it.")


class Dependencies(Records):
    """Dependencies."""

    noun = ("a dependency", "dependencies")
    about = (
        "Which milestone waits for which: FS (finish to start), SS, FF or SF, with a lag in working days. They make no circle. "
        "A plant manager reads those whose waiting milestone is of the own factory."
    )
    queryset = Dependency.objects.select_related("predecessor", "successor__contract")
    serializer_class = DependencySerializer
    route = "api:dependency-detail"
    filterset_class = filters(
        Dependency,
        contract="successor__contract__code",
        factory="successor__factory__code",
        predecessor="predecessor__code",
        successor="successor__code",
        type="type",
    )
    ordering_fields = {"predecessor": "predecessor__code", "successor": "successor__code"}

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "list" else with_newest_event(rows)

    def parameters(self) -> set[str]:
        return super().parameters() | ({"reason"} if self.action == "destroy" else set())

    @extend_schema(
        summary="Add a dependency",
        description=(
            "For PMO editors. Both milestones are of one contract. A circle is refused with its members in order; the same dependency "
            "sent twice is one: the second answer is 200."
        ),
        request=NewDependency,
        responses={201: DependencySerializer, 200: DependencySerializer},
    )
    def create(self, request: Request) -> Response:
        """Link two milestones through the service."""
        given = body_of(request, NewDependency)
        ends = {"predecessor_id": given.pop("predecessor"), "successor_id": given.pop("successor")}
        return added(self, Dependency.objects.filter(**ends), lambda: add_dependency(**ends, **given, by=writer(request)))

    @extend_schema(
        summary="Change a dependency",
        description="For PMO editors: its type and its lag. A key that is left out stays as it is.",
        request=DependencyChange,
        responses={200: DependencySerializer},
        parameters=[IF_MATCH],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a link through the service."""
        link, version = seen(self)
        given = {"type": link.type, "lag_days": link.lag_days} | changes_of(request, DependencyChange)
        guarded(self, lambda: change_dependency(dependency_id=link.pk, **given, by=writer(request), version=version))
        return answer(self, self.get_object(), status.HTTP_200_OK)

    @extend_schema(
        summary="Delete a dependency",
        description="For PMO editors; the history keeps it.",
        responses={204: None},
        parameters=[IF_MATCH, REASON],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Take a link away through the service."""
        link, version = seen(self)
        reason = reason_in_address(request)
        guarded(self, lambda: remove_dependency(dependency_id=link.pk, by=writer(request), version=version, reason=reason))
        return Response(status=status.HTTP_204_NO_CONTENT)
