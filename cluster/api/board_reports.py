"""Board reports that are kept, and their bytes."""

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from cluster.api.discussion import FileRenderer
from cluster.api.fields import ContractReference
from cluster.api.filtering import filters
from cluster.api.preconditions import is_known
from cluster.api.records import Records, RecordSerializer
from cluster.models import BoardReport
from cluster.services.board_reports import content_type_of, file_name


class BoardReportSerializer(RecordSerializer):
    """A kept board report; the bytes are at `content/`. `month` is the month for which the nightly job made it (its first day)."""

    contract = ContractReference(read_only=True)

    class Meta:
        model = BoardReport
        fields = ["id", "contract", "as_of", "language", "format", "month", "size", "sha256", "content_sha256", "made_at", "made_by"]


class BoardReports(Records):
    """Board reports."""

    noun = ("a board report", "board reports")
    about = "Board reports that are kept, without their bytes, of the contracts that you see as a whole; the newest day first."
    queryset = BoardReport.objects.select_related("contract", "made_by")
    serializer_class = BoardReportSerializer
    filterset_class = filters(BoardReport, contract="contract__code", language="language", format="format", sha256="sha256")

    @extend_schema(
        summary="Read the bytes of a board report",
        description="As they were made; the ETag is the SHA-256.",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        examples=[OpenApiExample("A file", value="%PDF-1.7 ...", media_type="application/octet-stream", response_only=True)],
    )
    @action(detail=True, methods=["get"], filterset_class=None, renderer_classes=[FileRenderer])
    def content(self, request: Request, pk: str) -> HttpResponse:
        """The file, to be saved."""
        found: BoardReport = self.get_object()
        etag = f'"{found.sha256}"'
        known = is_known(request, etag)
        response = HttpResponseNotModified() if known else HttpResponse(bytes(found.content.data), content_type_of(found))
        name = file_name(found.contract, found.as_of, found.language, found.format)
        response["ETag"] = etag
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
        return response
