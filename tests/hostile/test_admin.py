"""The admin: every form and every action with what nobody should send, and files that nobody should import."""

import io
import zipfile
import zlib
from base64 import urlsafe_b64encode
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse

from cluster.admin.import_table import ImportedTable
from cluster.admin.imports import Imports
from cluster.models import Source
from tests.cluster.evidence import PDF, PNG, archive, lying_bomb
from tests.hostile.forms import forms_of
from tests.hostile.ground import Ground, differing, digest
from tests.hostile.sending import send, usual
from tests.hostile.values import ALL, IN_BOXES, Rotation

pytestmark = pytest.mark.django_db
MEGABYTE = 2**20
OURS = [model for model in admin.site._registry if model._meta.app_label in ("cluster", "production")]


def address(model: Any, page: str, *args: Any) -> str:
    """Of a page of the admin over the model."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_no_value_in_a_form_of_the_admin_breaks_it_or_is_half_stored(ground: Ground) -> None:
    rotation, before, met = Rotation(IN_BOXES), digest(), set()
    for model in OURS:
        client, page, row = ground.client("clerk"), address(model, "add"), model._default_manager.first()
        shown = client.get(page)
        if shown.status_code != 200 and row is not None:
            page = address(model, "change", row.pk)
            shown = client.get(page)
        for form in forms_of(shown):
            typed = form.filled(usual())
            send(ground, client, page, {name: rotation.take("", 1) for name in typed}, before)
            for box in form.boxes.values():
                # A box of the same name takes the same in all forms: one of them is tried.
                if ALL or (box.name, box.kind) not in met:
                    met.add((box.name, box.kind))
                    for value in rotation.take("", len(IN_BOXES) if ALL else 1):
                        send(ground, client, page, typed | {box.name: [value]}, before)
    ground.all_is_well()
    assert len(met) > 100, "few boxes were met"


def test_no_selection_breaks_an_action(ground: Ground) -> None:
    rotation, before, asked = Rotation(IN_BOXES), digest(), RequestFactory().get("/admin/")
    asked.user = ground.people["clerk"]
    for model in OURS:
        for action in admin.site._registry[model].get_actions(asked):
            sent = {"action": action, "_selected_action": rotation.take("", 1), "index": "0", "reason": rotation.take("", 1)}
            send(ground, ground.browser("clerk"), address(model, "changelist"), sent, before)
    ground.all_is_well()
    assert ground.statuses.total() > 20, "few actions were asked for"


def imported(ground: Ground, model: Any, data: bytes, name: str = "t.xlsx") -> Any:
    """The page of an import that was shown the file."""
    file = SimpleUploadedFile(name, data, content_type="text/csv")
    return ground.browser("clerk").post(address(model, "import"), {"import_file": file, "format": "0", "resource": "0"})


def workbook(*rows: list[Any]) -> bytes:
    """A workbook of these rows."""
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(made)
    return made.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """A workbook whose sheet is this XML."""
    with zipfile.ZipFile(io.BytesIO(workbook(["key"], ["s"]))) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    return archive(parts | {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + xml + b"</sheetData></worksheet>"})


def test_what_unpacks_to_too_much_is_refused_before_it_is_read(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    before = digest()
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *file, **_options: read.append(file))
    bombs = {
        "unpacks to more than 32 MB": archive({"xl/workbook.xml": b"0" * (40 * MEGABYTE)}),
        "holds more than such a table": with_sheet(b"<row>" + b"<c/>" * (3 * MEGABYTE) + b"</row>"),
        "larger than 1 MB": b"PK" + b"\0" * MEGABYTE,
    }
    for said, bomb in bombs.items():
        assert said in imported(ground, Source, bomb).content.decode()
    assert not read
    carried = urlsafe_b64encode(zlib.compress(b"key\n" + b"x" * (40 * MEGABYTE))).decode()
    confirmed = {"import_file_name": carried, "original_file_name": "t", "format": "0", "resource": "0", "seen": "0"}
    answer = ground.browser("clerk").post(address(Source, "process_import"), confirmed, follow=True)
    assert "larger than 1 MB" in answer.content.decode()
    assert not differing(before, digest())


def test_no_file_breaks_an_import(ground: Ground) -> None:
    before, asked = digest(), RequestFactory().get("/admin/")
    asked.user = ground.people["clerk"]
    odd = [PDF, PNG, b"MZ\0", lying_bomb(), with_sheet(b"<row/>" * 20_000), with_sheet(b"<row><c t='x'><v>&undefined;</v></c></row>")]
    odd += [
        with_sheet(b"<row><c t='e'><v>#REF!</v></c></row><row><c t='n'><v>1e400</v></c></row>"),
        b'\xef\xbb\xbfkey;x\n"a\nb;c',
        b"\xff\xfe",
    ]
    for data in odd:
        for name in ("t.csv", "t.xlsx"):
            text = imported(ground, Source, data, name).content.decode()
            assert "errorlist" in text or 'class="refusals"' in text, data[:40]
    for model, page in admin.site._registry.items():
        if isinstance(page, Imports):
            heads = ImportedTable(page=page, request=asked).given
            for cell in ("=1+1", True, 1e300, date(9999, 12, 31), "\u202e", "-1", 10**17, "x" * 9_000):
                shown = imported(ground, model, workbook(heads, [None, *([cell] * (len(heads) - 1))]))
                assert 'class="refusals"' in shown.content.decode(), f"{model.__name__} would take {cell!r} in each column"
    assert not differing(before, digest())
