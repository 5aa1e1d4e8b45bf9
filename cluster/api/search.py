"""The search of the site, for programs."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cluster.api.examples import attach_example
from cluster.api.fields import Texts
from cluster.api.filtering import refuse_unknown
from cluster.api.writes import writer
from cluster.domain.errors import DomainError
from cluster.domain.search import LONGEST
from cluster.domain.texts import is_plain
from cluster.queries.search import MOST_OF_A_KIND, Hit, Kind, search

KINDS = [(kind.value, kind.value) for kind in Kind]


class HitSerializer(serializers.Serializer[Any]):
    """Something that was found."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.IntegerField(source="pk")
    contract = serializers.CharField(allow_blank=True, help_text="The code of its contract; empty for what belongs to none.")
    factory = serializers.CharField(allow_blank=True, help_text="The code of its factory; empty for what belongs to none.")
    code = serializers.CharField(allow_blank=True, help_text="Its code, the key of a source, the name by which a person logs in.")
    name = serializers.SerializerMethodField()

    def get_name(self, hit: Hit) -> Texts:
        """Both names; those of files and people are one and the same."""
        return {"ru": hit.names[0], "en": hit.names[1]}  # type: ignore[return-value]


class FoundSerializer(serializers.Serializer[Any]):
    """What was found: the kind of the best hit first, the best of each kind first."""

    text = serializers.CharField(allow_blank=True, help_text="What was looked for.")
    shown_for = serializers.CharField(
        source="instead",
        allow_blank=True,
        help_text="What is shown instead where nothing was found: slips or the layout corrected.",
    )
    results = HitSerializer(source="hits", many=True)
    more = serializers.ListField(child=serializers.ChoiceField(choices=KINDS), help_text="The kinds of which more was found than is told.")


attach_example(FoundSerializer)


class Search(APIView):
    """Contracts, factories, milestones, documents and people by their words."""

    @extend_schema(
        summary="Search",
        description=(
            "Contracts, factories, milestones, sources, attached files and, for those who may see them, people: by codes and words, in "
            "Russian and English, in any form, while they are typed. Where nothing is found, slips and the wrong keyboard layout are "
            f"forgiven. At most {MOST_OF_A_KIND} of each kind."
        ),
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, required=True, description=f"The text, at most {LONGEST} characters of it are read."),
            OpenApiParameter("contract", OpenApiTypes.STR, description="The code of a contract whose rows stand first."),
        ],
        responses=FoundSerializer,
    )
    def get(self, request: Request) -> Response:
        """Look for `q`."""
        refuse_unknown(request, {"q", "contract"})
        text, near = request.query_params.get("q", ""), request.query_params.get("contract", "")
        for name, value in (("q", text), ("contract", near)):
            if not is_plain(value):
                raise DomainError("The address holds a character that no text can have.", field=name, code="nul")
        return Response(FoundSerializer(_sorted(search(writer(request), text.strip(), near=near))).data)


def _sorted(found: Any) -> dict[str, Any]:
    return {"text": found.text, "instead": found.instead, "hits": found.hits, "more": sorted(found.more)}
