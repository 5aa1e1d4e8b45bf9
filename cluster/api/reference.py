"""The reference: the OpenAPI description, the page that shows it, and the kinds of problems."""

from typing import Any, cast

from django.http import Http404
from django.utils import translation
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from cluster.api.problems import KINDS, kind_address


class Description(SpectacularJSONAPIView):
    """The OpenAPI description, in English whatever the reader's language: it is one document for all programs."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with translation.override("en"):
            return cast(Response, super().get(request, *args, **kwargs))  # type: ignore[no-untyped-call]


class Page(SpectacularSwaggerSplitView):
    """The reference as a page, from files of this site only."""

    url_name = "api:schema"
    template_name = "cluster/api/reference.html"


class Open(APIView):
    """What needs no login: it says nothing about the data."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Start(Open):
    """Where to begin."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The addresses of the description, the page and the problems."""
        names = {"schema": "api:schema", "docs": "api:docs", "problems": "api:problems"}
        return Response({name: reverse(route, request=request) for name, route in names.items()})


class Problems(Open):
    """The kinds of problems."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """All kinds."""
        return Response([_kind(request, name) for name in KINDS])


class ProblemKind(Open):
    """One kind of problem: what its `type` points to."""

    @extend_schema(exclude=True)
    def get(self, request: Request, kind: str) -> Response:
        """The kind of this name."""
        if kind not in KINDS:
            raise Http404
        return Response(_kind(request, kind))


class Nowhere(APIView):
    """Any address under the API that leads nowhere: a problem like every other error."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """No method is right here."""
        raise Http404


def _kind(request: Request, name: str) -> dict[str, Any]:
    kind = KINDS[name]
    return {"type": kind_address(request, name), "status": kind.status, "title": str(kind.title), "remedy": kind.remedy}
