"""Tables in the admin: what is exported, and what an import writes, refuses and shows beforehand."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cluster.admin.imports import Imports
from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BudgetLine, Claim, Contract, Dependency, Factory, Milestone, Source, User
from cluster.services.access import ensure_roles
from tests.factories import approve, hold_role, make_contract, make_factory, make_milestone, make_source, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
Enter = Callable[..., Client]


@pytest.fixture
def enter(client: Client) -> Enter:
    ensure_roles()

    def as_role(role: Role | None = Role.EDITOR, **place: Any) -> Client:
        user = make_user(is_staff=True, is_superuser=role is None, language="en")
        if role is not None:
            hold_role(user, role, **place)
        client.force_login(user)
        client.cookies["django_language"] = "en"
        return client

    return as_role


def page(model: Any, verb: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}")


def exported(client: Client, model: Any, query: str = "", form: str = "1") -> Any:
    """The rows of a CSV export as dicts, or the workbook of an XLSX one."""
    answer = client.post(page(model, "export") + query, {"format": form, "resource": "0"})
    assert answer.status_code == 200, answer.status_code
    if form == "0":
        return openpyxl.load_workbook(io.BytesIO(answer.content))
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def file_of(*rows: Sequence[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def workbook_of(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def preview(client: Client, model: Any, data: bytes) -> Any:
    """The page that shows what a file would do."""
    sent = {"import_file": SimpleUploadedFile("t", data), "format": "0", "resource": "0"}
    answer = client.post(page(model, "import"), sent)
    assert answer.status_code == 200
    return answer


def confirm(client: Client, model: Any, shown: Any, **changes: Any) -> Any:
    """Send the confirmation that the preview offers."""
    form = shown.context["confirm_form"]
    return client.post(page(model, "process_import"), {**form.initial, "change_reason": "minutes 7", **changes})


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def refused(shown: Any) -> str:
    """The refusals as the page shows them."""
    assert "confirm_form" not in shown.context
    text = shown.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.index('class="refusals"') :]))


class TestExports:
    def test_what_a_spreadsheet_would_run_is_a_text(self, enter: Enter) -> None:
        make_factory(name_ru="=cmd()|' /C calc'!A0", name_en="'+1")
        client = enter()
        row = exported(client, Factory)[0]
        assert (row["name_ru"], row["name_en"]) == ("'=cmd()|' /C calc'!A0", "''+1")
        sheet = exported(client, Factory, form="0").worksheets[0]
        cells = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
        assert (cells["name_ru"].value, cells["name_ru"].data_type) == ("=cmd()|' /C calc'!A0", "s")

    def test_only_what_the_person_sees_and_what_is_filtered(self, enter: Enter) -> None:
        mine, other = make_factory(membership="dropped"), make_factory()
        client = enter()
        assert {row["code"] for row in exported(client, Factory)} == {mine.code, other.code}
        assert [row["code"] for row in exported(client, Factory, "?membership__exact=dropped")] == [mine.code]
        client = enter(Role.AUDITOR, contract=mine.contract)
        assert [row["code"] for row in exported(client, Factory)] == [mine.code]

    def test_names_of_people_are_left_out_for_those_who_only_control(self, enter: Enter) -> None:
        factory = make_factory(manager=make_user(username="ivanova"))
        assert exported(enter(Role.AUDITOR, contract=factory.contract), Factory)[0]["manager"] == "ivanova"
        assert "manager" not in exported(enter(Role.CONTROLLER, contract=factory.contract), Factory)[0]

    def test_no_file_holds_the_hash_of_a_password(self, enter: Enter) -> None:
        make_user(username="ivanova", password="Очень-секретно-1")
        text = str(exported(enter(None), User))
        assert "ivanova" in text
        assert "pbkdf2" not in text

    def test_who_may_not_look_at_a_list_exports_nothing_of_it(self, enter: Enter) -> None:
        client = enter(Role.CONTROLLER, contract=make_contract())
        assert client.get(page(User, "export")).status_code == 403
        assert client.post(page(User, "export"), {"format": "1"}).status_code == 403

    def test_an_example_says_in_each_row_that_it_is_none_of_the_real_ones(self, enter: Enter) -> None:
        make_factory(make_contract(is_example=True))
        make_factory()
        assert sorted(row["example"] for row in exported(enter(), Factory)) == ["", "Example: not real figures."]

    def test_a_filter_that_there_is_not_leads_to_the_page_without(self, enter: Enter) -> None:
        answer = enter().get(page(Factory, "export") + "?order__gte=x")
        assert answer.status_code in (302, 400)

    def test_the_statements_do_not_grow_with_the_rows(self, enter: Enter, django_assert_max_num_queries: Any) -> None:
        for _each in range(4):
            make_milestone(make_factory())
        client = enter()
        for model in (Milestone, Factory):
            exported(client, model)
            with django_assert_max_num_queries(16):
                assert len(exported(client, model)) == 4


class TestImports:
    def test_what_was_exported_changes_nothing(self, enter: Enter) -> None:
        factory, source = make_factory(), make_source()
        milestone = make_milestone(factory, responsible=None, duration_days=5)
        milestone.actual = DateWindow.parse("2024-Q1")
        milestone.actual_source, milestone.actual_announced_on = source, date(2024, 4, 2)
        milestone.save()
        Dependency.objects.create(predecessor=make_milestone(factory), successor=milestone, lag_days=-2)
        claim = Claim(
            contract=factory.contract, factory=factory, figure="jobs", value=Decimal("5.5"), unit="people", source=source, in_use=True
        )
        claim.valid = DateWindow.parse("2024-05")
        claim.save()
        client = enter(None)
        for model in (Milestone, Dependency, Claim, Factory, Source):
            for form in ("0", "1"):
                content = client.post(page(model, "export"), {"format": form, "resource": "0"}).content
                shown = preview(client, model, content)
                assert shown.context["result"].totals["skip"] == model.objects.count(), (
                    refused(shown) if "refusals" in str(shown.content) else ""
                )
                assert "The file changes nothing." in shown.content.decode()

    def test_a_row_with_a_number_changes_and_one_without_adds_after_a_preview(self, enter: Enter) -> None:
        factory = make_factory(name_ru="Старое")
        code = factory.contract.code
        client = enter()
        data = file_of(
            ["id", "contract", "code", "name_ru", "order"], [factory.pk, code, factory.code, "Новое", 0], ["", code, "NEW", "Завод", 7]
        )
        shown = preview(client, Factory, data)
        assert "<del>Старое</del> → <ins>Новое</ins>" in shown.content.decode()
        assert Factory.objects.get().name_ru == "Старое"
        answer = confirm(client, Factory, shown)
        assert said(answer) == ["Imported: 1 added, 1 changed, 0 left as they were."]
        factory.refresh_from_db()
        assert (factory.name_ru, Factory.objects.get(code="NEW").order) == ("Новое", 7)
        event = factory.history.latest("pgh_id")  # type: ignore[attr-defined]
        assert event.pgh_context.metadata["reason"] == "minutes 7"

    def test_all_or_nothing_and_each_refusal_names_its_row_its_column_and_the_remedy(self, enter: Enter) -> None:
        contract = make_contract()
        factory = make_factory(contract, code="F1")
        baseline = Baseline.objects.create(contract=contract, kind="draft", name_ru="Проект")
        rows: list[list[Any]] = [
            ["baseline", "factory", "category", "amount_rub", "month"],
            [baseline.pk, "F1", "equipment", "1 234,56", "2026-03-01"],
            [],
            [baseline.pk, "F1", "equipment", "1,234", ""],
            [baseline.pk, "F9", "gifts", "5", "2026-03-02"],
            ["777", "F1", "rnd", "NaN", ""],
        ]
        shown = preview(enter(), BudgetLine, file_of(*rows))
        text = refused(shown)
        assert "Row 4, Amount, RUB (amount_rub):" in text
        assert "can mean thousands or decimals" in text
        assert "Row 5, Factory (factory): You see no “F9”: write what an export of the list has there." in text
        assert "Row 5, Category (category):" in text
        assert "Row 6, Baseline (baseline): You see no “777”" in text
        assert "Row 6, Amount, RUB (amount_rub):" in text
        assert not BudgetLine.objects.exists()
        good = preview(enter(), BudgetLine, file_of(*rows[:2]))
        confirm(enter(), BudgetLine, good)
        assert (BudgetLine.objects.get().factory, BudgetLine.objects.get().amount_rub) == (factory, Decimal("1234.56"))

    def test_the_rules_of_the_services_hold(self, enter: Enter) -> None:
        factory = make_factory()
        first, second = make_milestone(factory, code="M-A"), make_milestone(factory, code="M-B")
        Dependency.objects.create(predecessor=first, successor=second)
        circle = file_of(["predecessor", "successor", "type", "lag_days"], ["M-B", "M-A", "FS", 0])
        assert "M-B → M-A → M-B" in refused(preview(enter(), Dependency, circle))
        baseline = Baseline.objects.create(contract=factory.contract, kind="draft", name_ru="Проект")
        line = BudgetLine.objects.create(baseline=baseline, factory=factory, amount_rub=5)
        approve(baseline)
        frozen = file_of(["id", "amount_rub"], [line.pk, 6])
        assert "approved and frozen" in refused(preview(enter(), BudgetLine, frozen))

    def test_a_record_is_not_moved_out_of_the_contract_that_it_was_made_in(self, enter: Enter) -> None:
        factory, elsewhere = make_factory(), make_contract()
        text = refused(preview(enter(), Factory, file_of(["id", "contract"], [factory.pk, elsewhere.code])))
        assert "Contract (contract): This cannot be changed any more" in text

    def test_a_formula_is_stored_as_the_text_that_it_is(self, enter: Enter) -> None:
        contract = make_contract()
        client = enter()
        data = workbook_of(["contract", "code", "name_ru", "order"], [contract.code, "X", "=cmd()", 2.0])
        confirm(client, Factory, preview(client, Factory, data))
        assert (Factory.objects.get().name_ru, Factory.objects.get().order) == ("=cmd()", 2)
        data = workbook_of(["contract", "code", "name_ru", "order"], [contract.code, "Y", "Завод", "=1+1"])
        assert "Row 2, Order" in refused(preview(client, Factory, data))

    def test_everybody_changes_only_what_their_role_reaches(self, enter: Enter) -> None:
        mine, other = make_factory(), make_factory()
        client = enter(Role.EDITOR, contract=mine.contract)
        text = refused(preview(client, Factory, file_of(["id", "name_ru"], [mine.pk, "Новое"], [other.pk, "Чужое"])))
        assert "Row 3, id: You see no record with this number" in text
        added = file_of(["contract", "code", "name_ru"], [other.contract.code, "N", "Чужой"])
        assert f"You see no “{other.contract.code}”" in refused(preview(client, Factory, added))
        mine.refresh_from_db()
        assert mine.name_ru != "Новое"

    def test_who_edits_here_and_only_reads_there_is_refused_there(self, enter: Enter) -> None:
        mine, read = make_factory(), make_factory()
        client = enter(Role.EDITOR, contract=mine.contract)
        hold_role(User.objects.get(pk=client.session["_auth_user_id"]), Role.AUDITOR, contract=read.contract)
        text = refused(preview(client, Factory, file_of(["id", "name_ru"], [read.pk, "Новое"])))
        assert "Row 2: Your role does not allow this." in text

    @pytest.mark.parametrize("role", [Role.AUDITOR, Role.CONTROLLER, Role.ADMIN])
    def test_who_writes_no_records_imports_none(self, enter: Enter, role: Role) -> None:
        client = enter(role)
        assert client.get(page(Factory, "import")).status_code == 403
        assert client.post(page(Factory, "process_import"), {}).status_code == 403
        assert "/import/" not in client.get(page(Factory, "changelist")).content.decode()

    def test_a_change_since_the_preview_is_noticed_and_a_confirmation_counts_once(self, enter: Enter) -> None:
        contract = make_contract()
        client = enter()
        shown = preview(client, Factory, file_of(["contract", "code", "name_ru"], [contract.code, "N", "Новый"]))
        other = make_factory()
        assert "Somebody changed these records since the preview" in said(confirm(client, Factory, shown))[0]
        assert list(Factory.objects.all()) == [other]
        shown = preview(client, Source, file_of(["key", "title_ru", "document"], ["s-1", "Акт", "№ 1"]))
        confirm(client, Source, shown)
        again = confirm(client, Source, shown)
        assert "Somebody changed these records" in said(again)[-1]
        assert Source.objects.count() == 1

    @pytest.mark.parametrize(
        "changes", [{"import_file_name": "%"}, {"import_file_name": "eJw"}, {"format": "9"}, {"seen": ""}, {"format": "x"}]
    )
    def test_a_confirmation_that_was_tampered_with_is_refused(self, enter: Enter, changes: dict[str, str]) -> None:
        client = enter()
        shown = preview(client, Source, file_of(["key", "title_ru", "document"], ["s-1", "Акт", "№ 1"]))
        told = said(confirm(client, Source, shown, **changes))[-1]
        assert "choose the file again" in told or "The file is empty" in told
        assert not Source.objects.exists()

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"", "empty"),
            (b"\x00\x01\x02", "cannot be read as a table"),
            (b"PK\x03\x04 broken", "cannot be read as a table"),
            (file_of(["key", "nonsense"], ["a", "b"]), "no column “nonsense”"),
            (file_of(["key", "key"], ["a", "b"]), "stands there twice"),
            (file_of(["key"]), "no row below the headings"),
            (file_of(["key"], ["a", "b"]), "more cells than there are headings"),
            (file_of(["key"], *([[f"s{n}"] for n in range(501)])), "more than 500 rows"),
            (b"key,title_ru\n" + b"x" * (1024 * 1024), "larger than 1 MB"),
        ],
    )
    def test_what_is_no_table_is_refused_with_a_sentence(self, enter: Enter, data: bytes, why: str) -> None:
        shown = preview(enter(), Source, data)
        text = shown.content.decode()
        assert why in text or (not data and "submitted file is empty" in text)

    def test_a_workbook_that_unpacks_without_end_or_goes_on_for_a_million_rows_is_not_read(self, enter: Enter) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("xl/workbook.xml", b"0" * (40 * 1024 * 1024))
        assert "unpacks to more than 32 MB" in preview(enter(), Source, packed.getvalue()).content.decode()
        book = openpyxl.Workbook()
        book.worksheets[0]["A1"] = "key"
        book.worksheets[0]["A1048576"] = "s"
        file = io.BytesIO()
        book.save(file)
        assert "goes on beyond row 10000" in preview(enter(), Source, file.getvalue()).content.decode().replace(",", "")

    def test_dates_words_and_marks_are_understood_as_spreadsheets_write_them(self, enter: Enter) -> None:
        factory = make_factory()
        rows: list[list[Any]] = [
            ["contract", "factory", "code", "kind", "name_ru", "scored", "actual", "actual_announced_on", "duration_days"]
        ]
        rows += [[factory.contract.code, factory.code, "M-1", "opening", "Открытие", True, date(2024, 5, 6), date(2024, 5, 7), 12.0]]
        client = enter()
        confirm(client, Milestone, preview(client, Milestone, workbook_of(*rows)))
        milestone = Milestone.objects.get()
        assert (str(milestone.actual), milestone.duration_days, milestone.scored) == ("2024-05-06", 12, True)
        data = f"№;x\n{milestone.pk};нет\n".replace("№;x", "id;scored").encode("cp1251")
        data = data.replace(b"scored", b"name_ru")
        confirm(client, Milestone, preview(client, Milestone, data))
        milestone.refresh_from_db()
        assert milestone.name_ru == "нет"


def test_pages_of_files_hold_nothing_inline_and_import_is_offered_where_many_rows_change(enter: Enter) -> None:
    client = enter(None)
    importing = [model for model, one in admin.site._registry.items() if isinstance(one, Imports)]
    assert {model.__name__ for model in importing} == {
        "Milestone", "Dependency", "Claim", "Source", "Factory", "BudgetLine", "BaselineMilestone", "Brand", "PlanRevision",
    }  # fmt: skip
    shown = preview(client, Contract.objects.model and Source, file_of(["key", "title_ru", "document"], ["s-1", "Акт", "№ 1"]))
    pages = [shown, *(client.get(page(model, "import")) for model in importing)]
    pages += [client.get(page(model, "export")) for model in admin.site._registry if hasattr(admin.site._registry[model], "export_action")]
    for one in pages:
        assert one.status_code == 200
        text = one.content.decode()
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", text)
