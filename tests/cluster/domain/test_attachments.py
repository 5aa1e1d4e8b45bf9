"""Files as evidence: which are taken, and what is said of those that are not."""

import hashlib
import zipfile

import pytest

from cluster.domain.attachments import LONGEST_NAME, MEDIA_TYPES, MEGABYTE, examine
from cluster.domain.errors import DomainError
from tests.cluster.evidence import JPEG, PDF, PNG, WEBP, archive, lying_bomb, office, open_document

LARGEST = 10 * MEGABYTE
TAKEN = [
    ("act.pdf", PDF, "application/pdf"),
    ("Акт приёмки №5 от 12.05.2024.PDF", PDF, "application/pdf"),
    ("scan.docx.pdf", PDF, "application/pdf"),
    ("photo.png", PNG, "image/png"),
    ("photo.jpg", JPEG, "image/jpeg"),
    ("photo.jpeg", JPEG + b"the film of a telephone" * 9, "image/jpeg"),
    ("photo.webp", WEBP, "image/webp"),
    ("budget.xlsx", office("xl/workbook.xml"), MEDIA_TYPES["xlsx"]),
    ("letter.docx", office("word/document.xml"), MEDIA_TYPES["docx"]),
    ("slides.pptx", office("ppt/presentation.xml"), MEDIA_TYPES["pptx"]),
    ("letter.odt", open_document("text"), MEDIA_TYPES["odt"]),
    ("budget.ods", open_document("spreadsheet"), MEDIA_TYPES["ods"]),
    ("rows.csv", "завод;сумма\r\nF01;12,5\r\n".encode(), "text/csv; charset=utf-8"),
    ("rows.csv", "завод;сумма\r\nF01;12,5\r\n".encode("cp1251"), "text/csv; charset=windows-1251"),
    ("note.txt", b"\xef\xbb\xbf" + "Пресс стоит.".encode(), "text/plain; charset=utf-8"),
]


@pytest.mark.parametrize(("name", "data", "media_type"), TAKEN)
def test_what_is_taken_is_known_by_its_content(name: str, data: bytes, media_type: str) -> None:
    found = examine(name, data, largest=LARGEST)
    assert (found.name, found.media_type, found.size) == (name, media_type, len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../../etc/act.pdf", "name"),
        ("c:\\act.pdf", "name"),
        ("act\x00.pdf", "name"),
        ("act\n.pdf", "name"),
        ("invoice\u202efdp.exe", "name"),
        ("act\u200b.pdf", "name"),
        ("a" * LONGEST_NAME + ".pdf", "name"),
        ("act.exe.pdf", "name"),
        ("act.html.pdf", "name"),
        ("act.pdf.exe", "kind"),
        ("act.svg", "kind"),
        ("act.html", "kind"),
        ("act.xlsm", "kind"),
        ("act.zip", "kind"),
        ("act.pdf.", "kind"),
        ("act", "kind"),
        (".pdf", "kind"),
        ("..pdf", "kind"),
        ("", "kind"),
    ],
)
def test_a_name_that_misleads_is_refused(name: str, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        examine(name, PDF, largest=LARGEST)
    assert (refusal.value.field, refusal.value.code) == ("file", code)
    assert "\u202e" not in str(refusal.value)
    assert ":" in str(refusal.value), "the remedy stands behind the colon"


HOSTILE = [
    ("act.pdf", b"", "empty"),
    ("act.pdf", b"%PDF-" + b"a" * LARGEST, "too_large"),
    ("act.pdf", PNG, "other_kind"),
    ("photo.jpg", PNG, "other_kind"),
    ("letter.docx", office("xl/workbook.xml"), "other_kind"),
    ("letter.odt", open_document("spreadsheet"), "other_kind"),
    ("letter.docx", archive({"word/document.xml": b"<a/>"}), "other_kind"),
    ("photo.png", b"just text", "other_kind"),
    ("act.pdf", b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 60, "kind"),
    ("note.txt", b"\x7fELF\x02\x01\x01\x00", "kind"),
    ("rows.csv", "a;b".encode("utf-16"), "kind"),
    ("old.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 60, "kind"),
    ("note.txt", b"\xef\xbb\xbf  <!DOCTYPE html><script>alert(1)</script>", "markup"),
    ("photo.png", b"<svg onload='alert(1)'/>", "markup"),
    ("note.txt", b"<?xml version='1.0'?><svg/>", "markup"),
    ("note.txt", b"\x98", "encoding"),
    ("photo.png", PNG[:-4], "damaged"),
    ("photo.png", PNG + b"<script>", "damaged"),
    ("photo.webp", WEBP + b"<script>", "damaged"),
    ("act.pdf", b"%PDF-1.4 cut in the middle", "damaged"),
    ("act.pdf", PDF + archive({"evil.class": b"x"}), "damaged"),
    ("photo.jpg", JPEG + archive({"evil.class": b"x"}), "damaged"),
    ("budget.xlsx", office("xl/workbook.xml")[:-30], "damaged"),
    ("budget.xlsx", b"PK\x03\x04", "damaged"),
    ("budget.xlsx", office("xl/workbook.xml", **{"xl/vbaProject.bin": b"x"}), "macros"),
    ("budget.xlsx", archive({"[Content_Types].xml": b"", "xl/workbook.xml": b""}, zipfile.ZIP_LZMA), "locked"),
]


@pytest.mark.parametrize(("name", "data", "code"), HOSTILE)
def test_a_content_that_is_not_what_it_should_be_is_refused(name: str, data: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        examine(name, data, largest=LARGEST)
    assert (refusal.value.field, refusal.value.code) == ("file", code)
    assert ":" in str(refusal.value), "the remedy stands behind the colon"


def test_a_zip_bomb_is_not_unpacked() -> None:
    honest = office("xl/workbook.xml", **{f"{number}": b"\0" * 100_000_000 for number in range(3)})
    assert len(honest) < MEGABYTE
    with pytest.raises(DomainError) as refusal:
        examine("budget.xlsx", honest, largest=LARGEST)
    assert refusal.value.code == "bomb"
    many = archive({str(number): b"" for number in range(5001)}, zipfile.ZIP_STORED)
    with pytest.raises(DomainError) as refusal:
        examine("budget.xlsx", many, largest=LARGEST)
    assert refusal.value.code == "bomb"


def test_a_bomb_that_lies_about_its_size_is_damaged() -> None:
    with pytest.raises(DomainError) as refusal:
        examine("budget.xlsx", lying_bomb(), largest=LARGEST)
    assert refusal.value.code == "damaged"
