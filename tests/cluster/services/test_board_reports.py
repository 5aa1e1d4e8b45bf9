"""Board reports: the same whenever and by whomever they are made, in chapters from settings, kept once and never changed."""

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from openpyxl import load_workbook

from cluster.charts.paper import apart
from cluster.domain.dates import DateWindow
from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.gateways import pdf
from cluster.gateways.workbook import Column, Sheet
from cluster.models import BoardReport, BoardReportContent, DelayFlag, Dependency, ForecastRevision
from cluster.queries.board_report import Facts, facts_of
from cluster.services import board_reports
from cluster.services.board_chapters import Chapter
from cluster.services.board_reports import archive_reports, check_report, keep_report, make_report
from cluster.services.delays import acknowledge_flag, flag_delays
from production.models import PlanRevision
from tests.cluster.purse import DAY, Purse, commit, convert, make_purse, record
from tests.factories import make_factory, make_milestone, make_rate, promise

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse() -> Purse:
    """A contract with money, a missed promise and a commitment."""
    found = make_purse()
    commit(found)
    return found


def html(purse: Purse, as_of: date = DAY, language: str = "en") -> str:
    return make_report(purse.place.contract, as_of=as_of, language=language, format="html").data.decode()


def words(markup: str) -> str:
    """The text of a report, without drawings and style."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg)\b.*?</\1>", " ", markup, flags=re.S)).split())


def content(purse: Purse, as_of: date = DAY) -> str:
    return make_report(purse.place.contract, as_of=as_of, language="en", format="html").content_sha256


class TestWhatItSays:
    def test_the_first_page_tells_the_state_in_words_and_figures_with_the_rate(self, purse: Purse) -> None:
        text = words(html(purse))
        assert "as of June 17, 2025" in text
        assert "$1 = 78.7135 ₽, Bank of Russia" in text
        assert "1 milestone is late, the longest by 534\xa0days: F01-OPEN Press plant opens." in text.replace(" days", "\xa0days")
        for figure in ("Committed", "Allocated", "Paid", "Outlook"):
            assert figure in text
        assert "₽70bn" in text

    def test_the_chapters_stand_in_their_order_in_the_contents(self, purse: Purse) -> None:
        markup = html(purse)
        contents = re.search(r'<nav class="contents".*?</nav>', markup, re.S)
        assert contents
        assert re.findall(r'href="#(\w+)"', contents[0]) == ["summary", "money", "schedule", "delays", "record"]
        for key in ("summary", "money", "schedule", "delays", "record"):
            assert f'id="{key}"' in markup

    def test_every_chart_has_its_sentence_and_no_drawing_is_left_without_colours_in_print(self, purse: Purse) -> None:
        markup = html(purse)
        assert markup.count("<figcaption>") == len(re.findall(r'<figure class="[^"]*chart', markup)) > 2
        for drawing in re.findall(r'<svg[^>]*role="img".*?</svg>', apart(markup), re.S):
            assert "<style>" in drawing
            assert "var(" not in drawing

    def test_an_example_says_so_on_every_sheet_and_a_real_contract_does_not(self, purse: Purse) -> None:
        assert 'class="watermark"' not in html(purse)
        purse.place.contract.is_example = True
        purse.place.contract.save()
        markup = html(purse)
        assert 'class="watermark"' in markup
        assert markup.count("Example: every figure in it is invented") == 2
        assert make_report(purse.place.contract, as_of=DAY, language="ru", format="html").name.startswith("example-not-real-")

    def test_a_note_that_was_taken_is_told_without_the_name_of_who_took_it(self, purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
        editor = purse.place.person("editor")
        today = timezone.localdate()
        flag_delays(as_of=today, progress=lambda done, total: None)
        flag = DelayFlag.objects.get(milestone=purse.place.milestone, kind="overdue")
        until = date(today.year + 1, 1, 1)
        acknowledge_flag(flag_id=flag.pk, by=editor, until=until, reason="A new press is on its way", today=today)
        text = words(html(purse, today))
        assert "A new press is on its way" in text
        assert editor.username not in text
        assert "A new press is on its way" not in words(html(purse)), "the note was taken later"

    def test_what_changed_since_the_end_of_the_month_before(self, purse: Purse) -> None:
        text = words(html(purse))
        assert "What changed since May 31, 2025" in text
        assert "Paid: ₽2" in text

    def test_nothing_of_a_past_day_is_known_that_was_announced_later(self, purse: Purse) -> None:
        early = words(html(purse, date(2025, 1, 15)))
        assert "1 milestone is late" in early
        assert "78.7135" not in early

    def test_a_contract_of_which_nothing_is_known_has_a_report_too(self) -> None:
        empty = make_factory().contract
        for format in ("html", "xlsx"):
            assert make_report(empty, as_of=DAY, language="en", format=format).data
        text = words(make_report(empty, as_of=DAY, language="en", format="html").data.decode())
        assert "No milestone is late." in text
        assert "not published" in text
        assert "Nothing changed." in text

    def test_hostile_names_stay_words(self, purse: Purse) -> None:
        make_milestone(purse.place.factory, code="BAD", name_ru="<script>alert(1)</script>", name_en="<script>alert(1)</script>")
        assert "<script" not in html(purse)


class TestTheSame:
    @pytest.mark.parametrize("format", ["html", "xlsx"])
    def test_two_runs_give_the_same_bytes(self, purse: Purse, format: str) -> None:
        made = [make_report(purse.place.contract, as_of=DAY, language="ru", format=format).data for _ in range(2)]
        assert made[0] == made[1]

    def test_the_formats_share_the_hash_of_what_they_say_and_languages_do_not(self, purse: Purse) -> None:
        hashes = {
            make_report(purse.place.contract, as_of=DAY, language=language, format=format).content_sha256
            for language in ("ru", "en")
            for format in ("html", "xlsx")
        }
        assert len(hashes) == 2

    def test_what_happens_later_changes_nothing_of_a_past_day(self, purse: Purse) -> None:
        before = content(purse)
        place = purse.place
        record(place.factory, "payment", "design", "own", "2025-06-18", "5000000.00")
        make_rate("2025-06-18", "79.0000")
        convert()
        revision = ForecastRevision(milestone=place.milestone, reason="other")
        revision.new, revision.announced = DateWindow.parse("2026-03"), DateWindow.parse("2025-06-20")
        revision.save()
        place.milestone.actual = DateWindow.parse("2025-06-25")
        place.milestone.actual_announced_on = date(2025, 6, 25)
        place.milestone.save()
        flag_delays(as_of=timezone.localdate(), progress=lambda done, total: None)
        assert content(purse) == before
        assert content(purse, date(2025, 6, 30)) != before

    def test_what_is_announced_of_the_day_changes_it(self, purse: Purse) -> None:
        before = content(purse)
        record(purse.place.factory, "payment", "design", "own", "2025-06-16", "5000000.00")
        assert content(purse) != before

    def test_the_day_itself_is_told_by_the_same_rule_as_a_past_day(self, purse: Purse) -> None:
        today = timezone.localdate()
        before = content(purse, today)
        # The flags of today stand as soon as the nightly job has run: milestones are judged without them.
        flag_delays(as_of=today, progress=lambda done, total: None)
        late = [one.code for one in facts_of(purse.place.contract, as_of=today).late]
        assert late == ["F01-OPEN"]
        assert isinstance(before, str)


class TestChapters:
    def test_chapters_come_from_the_settings(self, purse: Purse, settings: Any) -> None:
        settings.BOARD_CHAPTERS = [f"{__name__}.own_chapter", "cluster.services.board_chapters.record.record", f"{__name__}.no_chapter"]
        markup = html(purse)
        assert re.findall(r'<section class="chapter chapter-(\w+)"', markup) == ["own", "record"]
        book = make_report(purse.place.contract, as_of=DAY, language="en", format="xlsx")
        assert load_workbook(BytesIO(book.data)).sheetnames[0] == "Own"

    def test_production_contributes_its_own(self, purse: Purse) -> None:
        plan = PlanRevision(contract=purse.place.contract, year=2025, low=100, high=200, in_use=True, source=purse.place.source)
        plan.announced = DateWindow.parse("2025-01-10")
        plan.save()
        markup = html(purse)
        assert 'class="chapter chapter-production"' in markup
        assert "100–200" in words(markup)

    def test_the_statements_do_not_grow_with_the_contract(self, purse: Purse, django_assert_max_num_queries: Any) -> None:
        before = purse.place.milestone
        for number in range(40):
            milestone = make_milestone(purse.place.factory, code=f"M{number:02}", duration_days=5)
            promise(milestone, "2024-03", announced="2023-01-01")
            Dependency.objects.create(predecessor=before, successor=milestone)
            before = milestone
        with django_assert_max_num_queries(60):
            html(purse)

    def test_of_many_milestones_those_that_decide_are_drawn_and_all_are_in_the_workbook(self, purse: Purse) -> None:
        for number in range(80):
            promise(make_milestone(purse.place.factory, code=f"M{number:02}"), "2026-03", announced="2023-01-01")
        markup = html(purse)
        drawn = set(re.findall(r">(M\d\d) ", markup))
        assert 20 < len(drawn) < 60
        assert "The chart shows 48 of them" in words(markup)
        book = load_workbook(BytesIO(make_report(purse.place.contract, as_of=DAY, language="en", format="xlsx").data))
        assert book["Milestones"].max_row == 82


def own_chapter(facts: Facts) -> Chapter:
    """A chapter of this test."""
    sheet = Sheet("Own", [Column("What")], [[str(facts.contract.name)]])
    return Chapter("own", "Own", "reports/partials/said_by.html", {}, [sheet])


def no_chapter(_facts: Facts) -> None:
    """A chapter that has nothing to tell."""


class TestWorkbook:
    def test_figures_are_numbers_and_sums_are_formulas(self, purse: Purse) -> None:
        book = load_workbook(BytesIO(make_report(purse.place.contract, as_of=DAY, language="en", format="xlsx").data))
        assert {"Summary", "By factory", "Factories", "Milestones", "Delays", "Sources"} <= set(book.sheetnames)
        sheet = book["By factory"]
        assert sheet["A1"].value == "Factory"
        assert isinstance(sheet["B2"].value, int | float)
        assert str(sheet.cell(sheet.max_row, 2).value).startswith("=SUBTOTAL(109")
        assert book.properties.created.date() == DAY

    def test_the_last_sheet_says_what_it_is(self, purse: Purse) -> None:
        made = make_report(purse.place.contract, as_of=DAY, language="en", format="xlsx")
        cells = {str(cell.value) for row in load_workbook(BytesIO(made.data)).worksheets[-1] for cell in row}
        assert {"Board report", "Contract Alpha", made.content_sha256} <= cells


class TestPdf:
    @pytest.fixture(autouse=True)
    def _printer(self) -> None:
        if missing := pdf.why_no_pdf():
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))

    def test_it_is_one_document_the_same_each_time(self, purse: Purse) -> None:
        made = [make_report(purse.place.contract, as_of=DAY, language="ru", format="pdf") for _ in range(2)]
        assert made[0].data == made[1].data
        assert made[0].data.startswith(b"%PDF-")
        assert made[0].content_type == "application/pdf"

    def test_each_sheet_bears_its_number_and_from_the_second_what_it_belongs_to(self, purse: Purse) -> None:
        purse.place.contract.is_example = True
        sheets = make_sheets(purse)
        boxes = {(round(page.width), round(page.height)) for page in sheets}
        assert boxes == {(794, 1123), (1123, 794)}, "A4 upright, and on its side for the Gantt chart"
        texts = [" ".join(texts_on(sheet)) for sheet in sheets]
        assert len(texts) >= 5
        assert [f"page {number} of {len(texts)}" in text for number, text in enumerate(texts, start=1)] == [True] * len(texts)
        for text in texts[1:]:
            assert "Contract Alpha" in text
            assert "Example: every figure in it is invented" in text
        assert all("INVENTED" in text for text in texts)


def make_sheets(purse: Purse) -> list[Any]:
    """The laid out sheets of the report."""
    return list(pdf._printer().HTML(string=html(purse)).render().pages)


def texts_on(sheet: Any) -> list[str]:
    """What a laid out sheet says, its margins included."""
    return [box.text for box in sheet._page_box.descendants(placeholders=True) if hasattr(box, "text")]


class TestWithoutAPrinter:
    @pytest.fixture(autouse=True)
    def _no_printer(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        def missing(name: str) -> None:
            raise self.error

        monkeypatch.setattr(pdf, "import_module", missing)
        pdf._printer.cache_clear()
        yield
        pdf._printer.cache_clear()

    error: Exception = ImportError()

    @pytest.mark.parametrize(("error", "remedy"), [(ImportError(), "requirements-pdf.txt"), (OSError(), "libpango")])
    def test_pdf_says_what_is_missing_and_the_rest_works(
        self, purse: Purse, monkeypatch: pytest.MonkeyPatch, error: Exception, remedy: str
    ) -> None:
        monkeypatch.setattr(TestWithoutAPrinter, "error", error)
        with pytest.raises(DomainError, match=remedy):
            make_report(purse.place.contract, as_of=DAY, language="en", format="pdf")
        assert html(purse)

    def test_the_archive_keeps_the_document_as_html(self, purse: Purse) -> None:
        assert archive(date(2025, 7, 1))["made"] == 4
        assert set(BoardReport.objects.values_list("format", flat=True)) == {"html", "xlsx"}


def archive(as_of: date) -> dict[str, Any]:
    return archive_reports(as_of=as_of, progress=lambda done, total: None)


class TestKept:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As on a machine that cannot make PDF: what is kept, and when, is the same."""
        monkeypatch.setattr(board_reports, "why_no_pdf", lambda: DomainError("none"))

    def test_each_real_contract_once_a_month_in_both_languages(self, purse: Purse) -> None:
        example = make_factory().contract
        example.is_example = True
        example.save()
        assert archive(date(2025, 7, 1)) == {"made": 4, "kept": 0}
        assert archive(date(2025, 7, 2)) == {"made": 0, "kept": 4}
        rows = BoardReport.objects.order_by("language", "format")
        assert [(row.language, row.format, row.as_of, row.month) for row in rows] == [
            (language, format, date(2025, 6, 30), date(2025, 6, 1)) for language in ("en", "ru") for format in ("html", "xlsx")
        ]
        assert archive(date(2025, 8, 1))["made"] == 4

    def test_the_bytes_are_kept_with_their_hash_and_checked(self, purse: Purse) -> None:
        report = keep_report(contract_code="alpha", as_of=DAY, language="en", format="html", by=purse.place.person("editor"))
        data = bytes(report.content.data)
        assert (report.size, report.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert report.made_by == purse.place.person("editor")
        assert report.month is None
        found = check_report(report, by=purse.place.person("editor"))
        assert (found.intact, found.same_content) == (True, True)
        record(purse.place.factory, "payment", "design", "own", "2025-06-16", "5000000.00")
        found = check_report(report, by=purse.place.person("editor"))
        assert (found.intact, found.same_content) == (True, False)

    def test_the_same_report_asked_for_twice_is_kept_once(self, purse: Purse) -> None:
        editor = purse.place.person("editor")
        one, two = (keep_report(contract_code="alpha", as_of=DAY, language="en", format="xlsx", by=editor) for _ in range(2))
        assert one.pk == two.pk
        assert BoardReportContent.objects.count() == 1

    @pytest.mark.parametrize("statement", ["UPDATE cluster_boardreport SET sha256 = 'x'", "DELETE FROM cluster_boardreportcontent"])
    def test_nothing_that_is_kept_changes_or_goes(self, purse: Purse, statement: str) -> None:
        keep_report(contract_code="alpha", as_of=DAY, language="en", format="html", by=purse.place.person("editor"))
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    @pytest.mark.parametrize(
        ("who", "error"),
        [("own", NotFound), ("outsider", NotFound), ("nobody", NotFound), ("auditor", Forbidden), ("controller", Forbidden)],
    )
    def test_only_who_may_run_jobs_of_the_contract_keeps_one(self, purse: Purse, who: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            keep_report(contract_code="alpha", as_of=DAY, language="en", format="html", by=purse.place.person(who))
        assert not BoardReport.objects.exists()

    def test_another_format_or_language_is_refused(self, purse: Purse) -> None:
        for asked in ({"format": "docx", "language": "ru"}, {"format": "html", "language": "de"}):
            with pytest.raises(DomainError):
                make_report(purse.place.contract, as_of=DAY, **asked)
