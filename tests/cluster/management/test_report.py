"""`manage.py report board`: a file, or a sentence and status 2."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from cluster.models import BoardReport
from tests.factories import make_contract, make_factory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alpha() -> None:
    make_factory(make_contract(code="alpha", name_ru="Альфа", name_en="Alpha"))


def board(out: Path, **changed: str) -> None:
    asked = {"contract": "alpha", "as-of": "2025-06-17", "format": "html", **changed}
    call_command("report", "board", *(f"--{name}={value}" for name, value in asked.items()), f"--out={out}")


@pytest.mark.parametrize(("language", "name"), [("ru", "Альфа"), ("en", "Alpha")])
def test_writes_the_report_in_the_language_asked_for_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, name: str
) -> None:
    out = tmp_path / "board.html"
    board(out, language=language)
    page = out.read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert f"<h1>{name}</h1>" in page
    assert "SHA-256" in capsys.readouterr().out
    assert not BoardReport.objects.exists()


def test_writes_a_workbook(tmp_path: Path) -> None:
    out = tmp_path / "board.xlsx"
    board(out, format="xlsx", language="en")
    assert load_workbook(BytesIO(out.read_bytes())).sheetnames[0] == "Summary"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"contract": "beta"}, "There is no contract"),
        ({"as-of": "2099-01-01"}, "2099-01-01 lies in the future"),
        ({"as-of": "yesterday"}, "is not a date"),
        ({"as-of": "2025-02-30"}, "is not a date"),
    ],
)
def test_bad_input_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, str], said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        board(tmp_path / "board.html", **changed)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        board(tmp_path / "nowhere" / "board.html")
    assert ended.value.code == 2
    assert "nowhere" in capsys.readouterr().err
