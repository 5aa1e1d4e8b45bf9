"""Comments and attachments: what people say and show about factories, milestones, delay flags and ledger entries."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.fields import ContractReference, Id, Input, Person
from cluster.api.filtering import filters
from cluster.api.pagination import RecordedPagination
from cluster.api.parsing import TooLarge
from cluster.api.preconditions import is_known, once, request_key
from cluster.api.records import Records, RecordSerializer
from cluster.api.schema import IDEMPOTENCY_KEY
from cluster.api.writes import answer, body_of, writer
from cluster.domain.attachments import KINDS_IN_WORDS
from cluster.domain.errors import DomainError
from cluster.models import Attachment, Comment
from cluster.queries.discussion import Kind, Subject, attachment_for, subject_for
from cluster.services.discussion import (
    LONGEST_COMMENT,
    LONGEST_NOTE,
    add_attachment,
    add_comment,
    withdraw_attachment,
    withdraw_comment,
)


class CommentSerializer(RecordSerializer):
    """What a person said. `factory` and `milestone` name what its subject belongs to as well; `text` is null once it is withdrawn."""

    contract = ContractReference(read_only=True)
    text = serializers.SerializerMethodField()
    mentioned = Person(many=True, read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "contract", "factory", "milestone", "flag", "text", "mentioned", "by", "at", "withdrawn_at"]

    def get_text(self, comment: Comment) -> str | None:
        """What was said, while it stands."""
        return None if comment.withdrawn_at else comment.text


class AttachmentSerializer(RecordSerializer):
    """A file shown as evidence. `factory` and `milestone` name what its subject belongs to as well; the bytes are at `content/`."""

    contract = ContractReference(read_only=True)

    class Meta:
        model = Attachment
        fields = [
            "id", "contract", "factory", "milestone", "flag", "entry", "name", "media_type", "size", "sha256", "note", "by", "at",
            "withdrawn_at",
        ]  # fmt: skip


class NewComment(Input):
    """A comment to add. Exactly one of `factory`, `milestone` and `flag` says what it is about."""

    factory = Id(help_text="The id of a factory.")
    milestone = Id(help_text="The id of a milestone.")
    flag = Id(help_text="The id of a delay flag.")
    text = serializers.CharField(max_length=LONGEST_COMMENT, help_text="`@username` mentions a person who sees what this is about.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An invoice of a payment",
            value={"entry": 1, "file": "%PDF-1.4 ...", "note": "Signed acceptance report"},
            media_type="multipart/form-data",
        )
    ]
)
class NewAttachment(Input):
    """A file to attach. Exactly one of `factory`, `milestone`, `flag` and `entry` says what it is about."""

    factory = Id(help_text="The id of a factory.")
    milestone = Id(help_text="The id of a milestone.")
    flag = Id(help_text="The id of a delay flag.")
    entry = Id(help_text="The id of a ledger entry.")
    file = serializers.FileField(allow_empty_file=True, use_url=False, help_text=f"One of {KINDS_IN_WORDS}; its name goes with it.")
    note = serializers.CharField(max_length=LONGEST_NOTE, required=False, default="", allow_blank=True, help_text="What it shows.")


class FileParser(MultiPartParser):
    """`multipart/form-data`, refused before it is read where it is far longer than the largest file."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > settings.REQUEST_LARGEST:
            raise TooLarge(settings.REQUEST_LARGEST)
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation as error:
            raise ParseError(_("Send one file and the keys of the reference, nothing else.")) from error


class FileRenderer(JSONRenderer):
    """Whatever the request accepts: the file goes out as it is, a problem as JSON."""

    media_type = "*/*"


def _subject(request: Request, given: dict[str, Any]) -> Subject:
    """The one thing that the body names."""
    kinds = [kind for kind in Kind if kind in given]
    named = [kind for kind in kinds if given[kind] is not None]
    if len(named) != 1:
        raise DomainError(
            "Name one thing that it is about: {kinds}.",
            field=(named or kinds)[-1],
            code="subject",
            kinds=", ".join(kind.value for kind in kinds),
        )
    return subject_for(writer(request), kind=named[0], pk=given[named[0]])


def _added(view: Records, write: Callable[[], Comment | Attachment]) -> Response:
    """Write once, then 201 with the new object; 200 where this Idempotency-Key was used before."""
    row, is_new = once(view.get_queryset().model, request_key(view.request), write)
    return answer(view, view.get_queryset().get(pk=row.pk), status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class Comments(Records):
    """Comments."""

    noun = ("a comment", "comments")
    about = "What people say about factories, milestones and delays, and whom they mention; the newest first. Follow `next` to catch up."
    queryset = Comment.objects.select_related("contract", "factory", "milestone", "by").prefetch_related("mentioned")
    serializer_class = CommentSerializer
    pagination_class = RecordedPagination
    route = "api:comment-detail"
    filterset_class = filters(
        Comment,
        contract="contract__code",
        factory="factory__code",
        milestone="milestone__code",
        flag="flag__id",
        text="text__icontains",
        id_from="id__gte",
    )

    @extend_schema(
        summary="Add a comment",
        description="For everybody who sees its subject, except auditors. It is never changed; it can be withdrawn.",
        request=NewComment,
        responses={201: CommentSerializer, 200: CommentSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Comment through the service."""
        given = body_of(request, NewComment)
        subject = _subject(request, given)
        return _added(self, lambda: add_comment(subject, text=given["text"], by=writer(request), request_key=request_key(request)))

    @extend_schema(
        summary="Withdraw a comment",
        description="For who said it, and for PMO editors. It stays in the history; again changes nothing.",
        request=None,
        responses={200: CommentSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def withdrawal(self, request: Request, pk: str) -> Response:
        """Withdraw through the service."""
        withdraw_comment(comment_id=self.get_object().pk, by=writer(request))
        return Response(self.represent(self.get_object()))


class Attachments(Records):
    """Attachments."""

    noun = ("an attachment", "attachments")
    about = "Files shown as evidence, without their bytes; the newest first. Follow `next` to catch up."
    queryset = Attachment.objects.select_related("contract", "factory", "milestone", "by")
    serializer_class = AttachmentSerializer
    pagination_class = RecordedPagination
    route = "api:attachment-detail"
    filterset_class = filters(
        Attachment,
        contract="contract__code",
        factory="factory__code",
        milestone="milestone__code",
        flag="flag__id",
        entry="entry__id",
        sha256="sha256",
        id_from="id__gte",
    )

    def get_parsers(self) -> list[Any]:
        return [FileParser()] if self.action_map.get("post") == "create" else super().get_parsers()

    @extend_schema(
        summary="Attach a file",
        description=(
            "For PMO editors, and plant managers of the factory. The kind of the file is told by its content; it is never changed; it can "
            "be withdrawn."
        ),
        request={"multipart/form-data": NewAttachment},
        responses={201: AttachmentSerializer, 200: AttachmentSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Attach through the service."""
        given = body_of(request, NewAttachment)
        subject, file = _subject(request, given), given["file"]
        data = file.read()

        def write() -> Attachment:
            return add_attachment(
                subject, name=file.name, data=data, note=given["note"], by=writer(request), request_key=request_key(request)
            )

        return _added(self, write)

    @extend_schema(
        summary="Read the bytes of an attachment",
        description="As they were given, of the media type that the attachment names; the ETag is the SHA-256. A withdrawn one is gone.",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        examples=[OpenApiExample("A file", value="%PDF-1.4 ...", media_type="application/octet-stream", response_only=True)],
    )
    @action(detail=True, methods=["get"], filterset_class=None, renderer_classes=[FileRenderer])
    def content(self, request: Request, pk: str) -> HttpResponse:
        """The file, to be saved."""
        found = attachment_for(request.user, attachment_id=int(pk), as_of=timezone.localdate())
        etag = f'"{found.sha256}"'
        response = HttpResponseNotModified() if is_known(request, etag) else HttpResponse(bytes(found.content.data), found.media_type)
        response["ETag"] = etag
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
        return response

    @extend_schema(
        summary="Withdraw an attachment",
        description="For who attached it, and for PMO editors. The record and the bytes are kept; again changes nothing.",
        request=None,
        responses={200: AttachmentSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def withdrawal(self, request: Request, pk: str) -> Response:
        """Withdraw through the service."""
        withdraw_attachment(attachment_id=self.get_object().pk, by=writer(request))
        return Response(self.represent(self.get_object()))
