"""The OpenAPI description: one summary, one description, the shared parameters and the problems for every operation."""

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from cluster.api.examples import problem_example
from cluster.api.problems import KINDS, MEDIA_TYPE, Problem
from cluster.api.records import Records
from cluster.domain.budgets import LONGEST_REASON

IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag of the state that you saw.", required=True
)
IF_MATCH_OF_CURRENT = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag of the figure in use, where there is one."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    description="A UUID of your own for this request: sent again with the same body, it answers 200 with the first result.",
)
REASON = OpenApiParameter("reason", OpenApiTypes.STR, description=f"Why it is deleted; {LONGEST_REASON} characters at most.")
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="ETags that you hold: 304 when one is still right."
)
_FIELDS = OpenApiParameter("fields", OpenApiTypes.STR, description="Only these top-level fields, separated by commas.")
_AS_OF = OpenApiParameter("as_of", OpenApiTypes.DATE, description="What had been announced by the end of this day; today without it.")
_READ_PROBLEMS = ("invalid", "unauthenticated", "not-found", "not-acceptable", "too-many-requests", "unavailable")
_WRITE_PROBLEMS = (
    *_READ_PROBLEMS, "forbidden", "conflict", "too-large", "unsupported-media-type", "request-reused",
)  # fmt: skip
_HEADERS: dict[str, Any] = {
    "ETag": {"schema": {"type": "string"}, "description": "Names this state; send it as If-None-Match, or as If-Match where you write."}
}


class Schema(AutoSchema):
    """What the nouns have in common, so that a view says only what is its own."""

    method_words: ClassVar[dict[str, str]] = {"list": "List {many}", "retrieve": "Read {one}"}

    def get_summary(self) -> str | None:
        view = self.view
        if not isinstance(view, Records):
            return super().get_summary()
        one, many = view.noun
        template = self.method_words.get(view.action)
        return template.format(one=one, many=many) if template else super().get_summary()

    def get_description(self) -> str:  # type: ignore[override]
        view = self.view
        return view.about if isinstance(view, Records) and view.action in self.method_words else super().get_description()

    def get_tags(self) -> list[str]:
        return [self.view.noun[1]] if isinstance(self.view, Records) else super().get_tags()

    def get_override_parameters(self) -> list[Any]:
        found = super().get_override_parameters()
        view = self.view
        if isinstance(view, Records) and self.method == "GET":
            found = [*found, _IF_NONE_MATCH, *([_FIELDS] if view.action in self.method_words else [])]
            if view.takes_as_of():
                found.append(_AS_OF)
            if view.action == "list" and view.ordering_fields:
                names = ", ".join(view.ordering_fields)
                found.append(OpenApiParameter("ordering", OpenApiTypes.STR, description=f"By {names}; `-` in front turns it round."))
        return found

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        is_noun = isinstance(self.view, Records)
        for body in bodies.values():
            body["description"] = body.get("description") or "Done."
            if is_noun:
                body["headers"] = _HEADERS
        problem = self.resolve_serializer(Problem, "response").ref
        writes = self.method != "GET"
        if is_noun and not writes:
            bodies["304"] = {"description": "What you hold is still right.", "headers": _HEADERS}
        names = [*(_WRITE_PROBLEMS if writes else _READ_PROBLEMS)]
        if writes and any(p["name"] == "If-Match" for p in self._get_parameters()):
            names += ["precondition-failed", "precondition-required"]
        for name in names:
            kind = KINDS[name]
            bodies[str(kind.status)] = {
                "description": kind.remedy,
                "content": {MEDIA_TYPE: {"schema": problem, "example": problem_example(name)}},
            }
        return dict(sorted(bodies.items()))


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the reference describes tokens."""

    target_class = "cluster.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from `manage.py api_token create`. It acts for its owner, within the owner's rights.",
        }
