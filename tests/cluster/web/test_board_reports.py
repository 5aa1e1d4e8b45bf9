"""The pages of board reports: looked at, taken as a file, kept, downloaded, checked; for who sees the whole contract."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from cluster.domain.access import Role
from cluster.gateways import pdf
from cluster.models import BoardReport
from cluster.services.board_reports import keep_report
from tests.cluster.purse import AS_OF, DAY, make_purse
from tests.cluster.web.place import Place, words
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ASKED = {"as_of": AS_OF, "language": "en", "format": "html"}


@pytest.fixture
def place() -> Place:
    return make_purse().place


@pytest.fixture
def kept(place: Place) -> BoardReport:
    return keep_report(contract_code="alpha", as_of=DAY, language="en", format="html", by=place.person("editor"))


def test_the_page_offers_a_report_and_lists_what_is_kept(place: Place, kept: BoardReport) -> None:
    text = words(place.client().get(f"{place.base}reports/"))
    assert "Make it and keep it" in text
    assert kept.sha256[:16] in text
    assert "June 17, 2025" in text
    assert place.person("editor").username in text


def test_the_cluster_page_leads_to_it(place: Place) -> None:
    assert f'href="{place.base}reports/"' in place.client().get(place.base).content.decode()


@pytest.mark.parametrize("path", ["reports/", "reports/view/", "reports/file/"])
@pytest.mark.parametrize(
    ("who", "status"), [("editor", 200), ("auditor", 200), ("controller", 200), ("own", 404), ("outsider", 404), ("nobody", 404)]
)
def test_a_report_is_for_who_sees_the_whole_contract(place: Place, path: str, who: str, status: int) -> None:
    assert place.status(who, path, None if path == "reports/" else ASKED) == status


def test_a_controller_reads_reports_without_names_and_keeps_none(place: Place, kept: BoardReport) -> None:
    client = place.client("controller")
    text = words(client.get(f"{place.base}reports/"))
    assert place.person("editor").username not in text
    assert "Make it and keep it" not in text
    assert client.post(f"{place.base}reports/", ASKED).status_code in (403, 422)
    assert BoardReport.objects.count() == 1


def test_the_print_view_needs_nothing_inline_and_names_the_way_back(place: Place) -> None:
    page = place.client().post(f"{place.base}reports/view/", ASKED | {"language": "ru"}).content.decode()
    assert '<html lang="ru">' in page
    assert "<style" not in page
    assert "<script" not in page
    assert not re.search(r"<[^>]+ style=", page)
    assert f'href="{place.base}reports/?as_of={AS_OF}"' in page
    assert "css/report" in page


def test_a_file_stands_alone_and_is_saved(place: Place) -> None:
    answer = place.client().post(f"{place.base}reports/file/", ASKED)
    assert answer["Content-Disposition"] == 'attachment; filename="alpha-board-2025-06-17-en.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    page = answer.content.decode()
    assert "<link" not in page
    assert "light-dark(" not in page
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


def test_a_file_of_an_example_says_so_in_its_name(place: Place) -> None:
    place.contract.is_example = True
    place.contract.save()
    answer = place.client().post(f"{place.base}reports/file/", ASKED)
    assert "example-not-real-" in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"as_of": "2099-01-01"}, "That day has not come"),
        ({"as_of": "1789-07-14"}, "from 1990 to 2100"),
        ({"as_of": "soon"}, "As of"),
        ({"as_of": ""}, "Fill in"),
        ({"language": "de"}, "de"),
        ({"format": "docx"}, "docx"),
    ],
)
def test_what_cannot_be_made_is_refused_at_its_field(place: Place, changed: dict[str, str], said: str) -> None:
    client = place.client()
    for path in ("reports/view/", "reports/file/"):
        assert client.post(place.base + path, ASKED | changed).status_code == 422
    answer = client.post(f"{place.base}reports/", ASKED | changed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not BoardReport.objects.exists()


def test_where_pdf_cannot_be_made_the_page_says_so(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ImportError

    monkeypatch.setattr(pdf, "import_module", missing)
    pdf._printer.cache_clear()
    try:
        answer = place.client().get(f"{place.base}reports/")
        assert "requirements-pdf.txt" in words(answer)
        assert 'value="pdf"' not in answer.content.decode()
        assert place.client().post(f"{place.base}reports/file/", ASKED | {"format": "pdf"}).status_code == 422
    finally:
        pdf._printer.cache_clear()


def test_sending_the_form_keeps_the_report_with_who_made_it(place: Place) -> None:
    answer: Any = place.client().post(f"{place.base}reports/", ASKED | {"format": "xlsx"}, follow=True)
    assert "The report is kept: alpha-board-2025-06-17-en.xlsx." in words(answer)
    report = BoardReport.objects.get()
    assert (report.made_by, report.as_of, report.format) == (place.person("editor"), DAY, "xlsx")


def test_a_kept_report_comes_as_it_was_made(place: Place, kept: BoardReport) -> None:
    client = place.client("auditor")
    answer = client.get(f"{place.base}reports/{kept.pk}/")
    assert hashlib.sha256(answer.content).hexdigest() == kept.sha256
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert client.get(f"{place.base}reports/{kept.pk}/", headers={"if-none-match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize("who", ["own", "outsider", "nobody"])
def test_a_kept_report_is_not_there_for_others(place: Place, kept: BoardReport, who: str) -> None:
    assert place.status(who, f"reports/{kept.pk}/") == 404
    assert place.status(who, f"reports/{kept.pk}/check/", {}) == 404
    assert place.status("editor", f"reports/{kept.pk + 1}/") == 404


def test_a_report_can_be_checked(place: Place, kept: BoardReport) -> None:
    answer: Any = place.client("auditor").post(f"{place.base}reports/{kept.pk}/check/", follow=True)
    assert "the same would be said of that day today" in words(answer)


def test_a_report_is_made_by_a_button_and_one_at_a_time_for_each_person(place: Place) -> None:
    kept = keep_report(contract_code="alpha", as_of=DAY, language="en", format="html", by=make_user(Role.EDITOR))
    address = f"{place.base}reports/file/"
    for path in ("reports/view/", "reports/file/"):
        assert place.client().get(place.base + path, ASKED).status_code == 405
    with other_connection() as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"cluster.board report for {place.person('editor').pk}"])
        for path in ("reports/view/", "reports/file/", "reports/"):
            answer = place.client().post(place.base + path, ASKED)
            assert answer.status_code == 409
            assert "A report is being made for you already" in words(answer)
        checked = place.client().post(f"{place.base}reports/{kept.pk}/check/", follow=True)
        assert "A report is being made for you already" in words(checked)
        assert place.client("auditor").post(address, ASKED).status_code == 200
    assert place.client().post(address, ASKED).status_code == 200


@contextmanager
def other_connection() -> Iterator[Any]:
    """A cursor of another session of the database."""
    other = connection.copy("beside")
    try:
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()
