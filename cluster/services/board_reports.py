"""Board reports: made as of any day in either language as HTML, PDF or XLSX, kept with their hashes, checked, and archived monthly."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from cluster.charts.paper import apart, style
from cluster.domain.access import Action
from cluster.domain.errors import DomainError, NotFound
from cluster.domain.progress import Progress
from cluster.gateways.pdf import print_pdf, why_no_pdf
from cluster.gateways.workbook import About, workbook
from cluster.models import BoardReport, BoardReportContent, Contract, User
from cluster.models.scope import Reader
from cluster.queries.board_report import Facts, facts_of, may_read, reports_of
from cluster.queries.contracts import contract_for
from cluster.services.access import require
from cluster.services.board_chapters import Chapter, ChapterMaker
from cluster.services.locks import one_at_a_time, refuse_second
from cluster.templatetags.format import date_short

Format = BoardReport.Format
LANGUAGES = ("ru", "en")
_STYLES = ("css/charts.css", "css/gantt.css", "css/report.css")
_TYPES = {
    Format.PDF: "application/pdf",
    Format.HTML: "text/html; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Made:
    """A report as a file. `content_sha256` is the same for the three formats of a report, as long as it says the same."""

    data: bytes
    content_sha256: str
    name: str
    content_type: str

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a kept file is what it was when it was made, and whether the same would be said of its day today."""

    intact: bool
    same_content: bool


def make_report(contract: Contract, *, as_of: date, language: str, format: str) -> Made:
    """The report of a contract (the caller may read it) as it stood on a day. Raises DomainError: also where PDF cannot be made."""
    if format not in Format.values:
        raise DomainError(
            "“{text}” is no format of a report: {formats} are.", field="format", text=format, formats=", ".join(Format.values)
        )
    if language not in LANGUAGES:
        raise DomainError("“{text}” is no language of a report: ru and en are.", field="language", text=language)
    if format == Format.PDF and (missing := why_no_pdf()) is not None:
        raise missing
    with translation.override(language):
        facts = facts_of(contract, as_of=as_of)
        chapters = _chapters(facts)
        body = _body(facts, chapters)
        content = _content_hash(body, chapters)
        data = _in_format(format, facts, chapters, body, content)
    return Made(data, content, file_name(contract, as_of, language, format), _TYPES[Format(format)])


@transaction.atomic
def report_for(by: User, contract: Contract, *, as_of: date, language: str, format: str) -> Made:
    """The same for a person, who may read the contract: one at a time. Raises Conflict while another one of that person is made."""
    _one_at_a_time(by)
    return make_report(contract, as_of=as_of, language=language, format=format)


@transaction.atomic
def report_page(by: User, contract: Contract, *, as_of: date) -> str:
    """What stands in the document of a report, in the active language: for the page that is looked at and printed. Raises Conflict too."""
    _one_at_a_time(by)
    facts = facts_of(contract, as_of=as_of)
    return _body(facts, _chapters(facts))


def file_name(contract: Contract, as_of: date, language: str, format: str) -> str:
    """What the file of a report is called; one of an example says so."""
    mark = "example-not-real-" if contract.is_example and "example" not in contract.code else ""
    return f"{mark}{contract.code}-board-{as_of:%Y-%m-%d}-{language}.{format}"


def content_type_of(report: BoardReport) -> str:
    """The media type of a kept report."""
    return _TYPES[Format(report.format)]


def readable_contract(reader: Reader, code: str) -> Contract:
    """The contract of a code, for who may read its reports: they tell of all of it. NotFound for everybody else."""
    contract = contract_for(reader, code)
    if not may_read(reader, contract):
        raise NotFound("There is no such page here.")
    return contract


def kept_report(reader: Reader, *, contract_code: str, report_id: int) -> BoardReport:
    """A kept report with its content, or NotFound."""
    contract = readable_contract(reader, contract_code)
    report = reports_of(reader, contract).select_related("content").filter(pk=report_id).first()
    if report is None:
        raise NotFound("There is no such report.")
    return report


@transaction.atomic
def keep_report(*, contract_code: str, as_of: date, language: str, format: str, by: User) -> BoardReport:
    """Make a report and keep it. One that was kept already with the same bytes is given back instead.

    Raises Conflict while another one of the person is made.
    """
    contract = readable_contract(by, contract_code)
    require(by, Action.RUN_JOB, contract=contract.pk)
    _one_at_a_time(by)
    return _keep(contract, make_report(contract, as_of=as_of, language=language, format=format), as_of, language, format, by=by)


@transaction.atomic
def check_report(report: BoardReport, *, by: User) -> Checked:
    """Compare a kept report with its hash, and with what would be said of its day now. Raises Conflict while another one is made."""
    _one_at_a_time(by)
    intact = sha256(bytes(report.content.data)).hexdigest() == report.sha256
    with translation.override(report.language):
        facts = facts_of(report.contract, as_of=report.as_of)
        chapters = _chapters(facts)
        content = _content_hash(_body(facts, chapters), chapters)
    return Checked(intact, content == report.content_sha256)


def _one_at_a_time(by: User) -> None:
    """Making a report takes the machine for seconds: nobody has two of them made at once."""
    refuse_second(f"board report for {by.pk}", told="A report is being made for you already: wait until it is there, then ask again.")


def archive_reports(*, as_of: date, progress: Progress) -> dict[str, Any]:
    """Keep the report of the month before `as_of` of each real contract, in both languages, as a document and as a workbook, once.

    The document is a PDF where this machine can make one, else HTML. What is kept already is not made again.
    """
    last = as_of.replace(day=1) - timedelta(days=1)
    month = last.replace(day=1)
    wanted = [
        (contract, language, format)
        for contract in Contract.objects.filter(is_example=False).order_by("code")
        for language in LANGUAGES
        for format in (Format.HTML if why_no_pdf() else Format.PDF, Format.XLSX)
    ]
    kept = set(BoardReport.objects.filter(month=month).values_list("contract", "language", "format"))
    documents = {(contract, language) for contract, language, format in kept if format != Format.XLSX}
    figures = {"made": 0, "kept": len(kept)}
    for done, (contract, language, format) in enumerate(wanted, start=1):
        known = (contract.pk, language, format) in kept if format == Format.XLSX else (contract.pk, language) in documents
        if not known:
            made = make_report(contract, as_of=last, language=language, format=format)
            _keep(contract, made, last, language, format, month=month)
            figures["made"] += 1
        progress(done, len(wanted))
    return figures


@transaction.atomic
def _keep(
    contract: Contract, made: Made, as_of: date, language: str, format: str, *, by: User | None = None, month: date | None = None
) -> BoardReport:
    one_at_a_time(f"board_report.{contract.pk}")
    same = BoardReport.objects.filter(contract=contract, as_of=as_of, language=language, format=format, month=month)
    if month is None:
        same = same.filter(sha256=made.sha256)
    report = same.first()
    if report is None:
        report = BoardReport.objects.create(
            contract=contract,
            as_of=as_of,
            language=language,
            format=format,
            month=month,
            size=len(made.data),
            sha256=made.sha256,
            content_sha256=made.content_sha256,
            made_by=by,
        )
        BoardReportContent.objects.create(report=report, data=made.data)
    return report


def _chapters(facts: Facts) -> list[Chapter]:
    makers = [cast(ChapterMaker, import_string(path)) for path in settings.BOARD_CHAPTERS]
    return [chapter for maker in makers if (chapter := maker(facts)) is not None]


def _body(facts: Facts, chapters: Sequence[Chapter]) -> str:
    context = {"facts": facts, "contract": facts.contract, "as_of": facts.as_of, "rate": facts.rate, "chapters": chapters}
    return render_to_string("reports/body.html", context)


def _content_hash(body: str, chapters: Sequence[Chapter]) -> str:
    """Of what the report says, in words and in tables; how it looks is not part of it."""
    tables = [[sheet.name, [column.head for column in sheet.columns], *sheet.rows] for chapter in chapters for sheet in chapter.sheets]
    return sha256((body + json.dumps(tables, default=str, ensure_ascii=False)).encode()).hexdigest()


def _in_format(format: str, facts: Facts, chapters: Sequence[Chapter], body: str, content: str) -> bytes:
    if format == Format.XLSX:
        return workbook([sheet for chapter in chapters for sheet in chapter.sheets], _about(facts, content))
    document = render_to_string(
        "reports/document.html",
        {"contract": facts.contract, "as_of": facts.as_of, "body": body, "style": style(*_STYLES), "language": translation.get_language()},
    )
    if format == Format.PDF:
        return print_pdf(apart(document), identifier=bytes.fromhex(content)[:16])
    return document.encode()


def _about(facts: Facts, content: str) -> About:
    rate = facts.rate.rate
    told: list[tuple[str, object]] = [
        (gettext("Contract"), str(facts.contract.name)),
        (gettext("As of"), facts.as_of),
        (gettext("Rate"), f"{rate.value} ({date_short(rate.date)})" if rate else gettext("no rate is known")),
        (gettext("SHA-256 of the content"), content),
    ]
    mark = gettext("Example: every figure in it is invented") if facts.contract.is_example else ""
    return About(gettext("Board report"), facts.as_of, facts=told, mark=mark)
