"""The whole discussion of a factory, a milestone, a delay or a ledger entry; adding to it, taking back; files as evidence."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.models import Attachment, Comment, User
from cluster.queries.discussion import Kind, Subject, attachment_for, attachments_about, comments_about, subject_for, subject_of
from cluster.queries.people import people_of, sees_people
from cluster.services.discussion import add_attachment, add_comment, may_withdraw, withdraw_attachment, withdraw_comment
from cluster.web.discussion import Section, address_of, discussed_by, form_for, place_of, shown
from cluster.web.door import as_of_from, ensure_today, page, reader_of
from cluster.web.forms.discussion import DiscussionForm

PAGE = 20
# Of more files the newest are shown: each of the others stands on the page of what it is about.
MOST_FILES = 100
# How many names are offered for mentions.
MOST_NAMES = 50
_SECTIONS = {Kind.FACTORY: "factories", Kind.MILESTONE: "schedule", Kind.FLAG: "delays", Kind.ENTRY: "money"}


@page
def discussion(request: HttpRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """All that was said and shown of one thing; what is sent here is added to it, the comment and the file together or not at all."""
    reader, as_of = reader_of(request), as_of_from(request)
    subject = subject_for(reader, kind=kind, pk=pk, contract_code=code)
    place = place_of(code, subject.record)
    form = form_for(subject, reader) if as_of == timezone.localdate() else None
    if request.method == "POST":
        ensure_today(request)
        form = form_for(subject, reader, request)
        if form is None:
            raise Forbidden("Your role does not allow this.")
        if form.is_valid() and _added(form, subject, reader):
            messages.success(request, gettext("Your contribution is recorded."))
            return redirect(f"{place.url}#discussion")
    named = sees_people(reader, contract_id=subject.contract_id)
    pages = Paginator(comments_about(subject, reader=reader, as_of=as_of), PAGE)
    comments = pages.get_page(request.GET.get("page"))
    files = attachments_about(subject, reader=reader, as_of=as_of)[:MOST_FILES]
    context = {
        "place": place,
        "section": _SECTIONS[subject.kind],
        "comments": comments,
        "discussion": Section(
            subject,
            shown(comments.object_list, code, subject, reader=reader, as_of=as_of),
            shown(files, code, subject, reader=reader, as_of=as_of),
            has_more=False,
            form=form,
            url=address_of(code, subject),
        ),
        "form": form,
        "contract_code": code,
        "sees_people": named,
        "people": people_of(subject.contract_id, factory_id=subject.factory_id)[:MOST_NAMES] if named and form else [],
    }
    return render(request, "cluster/discussion.html", context, status=422 if form and form.errors else 200)


def _added(form: DiscussionForm, subject: Subject, by: User) -> bool:
    """Whether everything that was sent is recorded; the form says what refused it."""
    given = form.cleaned_data
    try:
        with transaction.atomic():
            if given.get("text"):
                add_comment(subject, text=given["text"], by=by, request_key=given["request_key"])
            if file := given.get("file"):
                add_attachment(subject, name=file.name, data=file.read(), note=given["note"], by=by, request_key=given["request_key"])
    except DomainError as error:
        form.refuse(error)
        return False
    return True


@page
@require_safe
def attachment(request: HttpRequest, code: str, attachment_id: int) -> HttpResponse:
    """A file as it was given, to be saved and not to be opened within the site; as of a past day also one withdrawn since."""
    found = attachment_for(reader_of(request), attachment_id=attachment_id, as_of=as_of_from(request), contract_code=code)
    etag = f'"{found.sha256}"'
    known = get_conditional_response(request, etag=etag)
    response = known if isinstance(known, HttpResponseNotModified) else HttpResponse(bytes(found.content.data), found.media_type)
    response["ETag"] = etag
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    return response


@page
def withdraw_a_comment(request: HttpRequest, code: str, comment_id: int) -> HttpResponse:
    """Take a comment back, once the person has said so."""
    rows = Comment.objects.for_reader(reader_of(request))
    row = rows.select_related("flag__milestone", "milestone", "factory").filter(pk=comment_id, contract__code=code).first()
    if row is None:
        raise NotFound("There is no such comment.")
    told = {
        "title": gettext("Withdraw the comment"),
        "question": gettext("It is shown no more from today on. The history keeps it."),
        "quoted": row.text,
    }
    return _withdrawing(request, code, row, told)


@page
def withdraw_an_attachment(request: HttpRequest, code: str, attachment_id: int) -> HttpResponse:
    """Take a file back, once the person has said so."""
    rows = Attachment.objects.for_reader(reader_of(request))
    row = rows.select_related("flag__milestone", "entry", "milestone", "factory").filter(pk=attachment_id, contract__code=code).first()
    if row is None:
        raise NotFound("There is no such file.")
    told = {
        "title": gettext("Withdraw the file"),
        "question": gettext("It is no evidence from today on and can be saved no more. As of earlier days it stays what it was."),
        "quoted": row.name,
    }
    return _withdrawing(request, code, row, told)


def _withdrawing(request: HttpRequest, code: str, row: Comment | Attachment, told: dict[str, str]) -> HttpResponse:
    ensure_today(request)
    reader = reader_of(request)
    if not may_withdraw(row, reader):
        raise Forbidden("Your role does not allow this.")
    place = place_of(code, discussed_by(row))
    if request.method == "POST":
        if isinstance(row, Comment):
            withdraw_comment(comment_id=row.pk, by=reader)
        else:
            withdraw_attachment(attachment_id=row.pk, by=reader)
        messages.success(request, gettext("It is withdrawn."))
        return redirect(f"{place.url}#discussion")
    context: dict[str, Any] = {**told, "place": place, "section": _SECTIONS[subject_of(discussed_by(row)).kind]}
    return render(request, "cluster/withdraw.html", context)
