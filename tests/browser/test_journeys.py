"""What people do every week, in a real browser, each from where they begin to what they came for."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from cluster.models import (
    Amendment,
    Baseline,
    BudgetLine,
    Claim,
    DelayFlag,
    ForecastRevision,
    LedgerEntry,
    Milestone,
)
from production.models import Output
from tests.browser.conftest import plain

pytestmark = [pytest.mark.django_db, pytest.mark.browser]

DESKTOP, PHONE = 1280, 390


@pytest.mark.parametrize(
    ("language", "scheme", "width", "words"),
    [
        ("en", "dark", DESKTOP, ("7 of 12 factories opened", "Promised: 2023", "announced")),
        ("ru", "light", PHONE, ("Открыто 7 из 12 заводов", "Обещано: 2023 год", "объявлено")),
    ],
)
def test_who_comes_first_understands_the_state_and_where_it_is_from(
    visit: Callable[..., Any], language: str, scheme: str, width: int, words: tuple[str, ...]
) -> None:
    opened, promised, announced = words
    window = visit(language=language, scheme=scheme, width=width)
    page = window.go("/")
    said = window.look()
    assert opened in said
    worst = page.locator(".late-list .late-item", has_text="761")
    worst.locator("summary").first.click()
    expect(worst.locator(".where-body").first).to_contain_text(promised)
    expect(worst.locator(".where-body").first).to_contain_text(announced)
    page.locator("section[aria-labelledby=late-h] .card-head a").click()
    page.wait_for_url("**/delays/")
    assert "761" in window.look()
    page.locator("main tbody tr", has_text="761").locator("a[href*='/delays/']").first.click()
    page.wait_for_url(re.compile(r"/delays/\d+/"))
    window.look()
    page.go_back()
    late = page.locator("main tbody tr", has_text="761")
    late.locator("details.where summary").first.click()
    late.locator(".where-body a[href*='/record/sources/']").first.click()
    page.wait_for_url("**/record/sources/**")
    window.look()


@pytest.mark.parametrize(
    ("manager", "factory", "language", "scheme"), [("manager5", "X05", "ru", "light"), ("manager6", "X06", "en", "dark")]
)
def test_a_plant_manager_tells_the_week_on_a_phone(
    visit: Callable[..., Any], manager: str, factory: str, language: str, scheme: str
) -> None:
    window = visit(manager, language=language, scheme=scheme, width=PHONE)
    page = window.go("/")
    page.locator("header a.mine").click()
    page.wait_for_url("**/my/")
    window.look()
    boxes = page.locator("section[aria-labelledby=confirm-h] [name=milestone]")
    asked = boxes.count()
    assert asked > 2
    # What has moved is revised first; what then is left holds.
    moved = Milestone.objects.get(pk=int(boxes.first.input_value()))
    page.locator("section[aria-labelledby=confirm-h] a[href$='/forecast/']").first.click()
    page.fill("[name=window_date]", "20.11.2028")
    expect(page.locator("#consequences")).to_contain_text(f"{factory}-")
    page.select_option("[name=reason]", "financing")
    window.look()
    window.save()
    assert page.url.endswith(f"/factories/{factory}/")
    page.locator("header a.mine").click()
    page.wait_for_url("**/my/")
    assert boxes.count() == asked - 1
    window.save("section[aria-labelledby=confirm-h] button.pri")
    expect(page.locator(".messages")).to_contain_text(str(asked - 1))
    assert boxes.count() == 0
    window.look()
    told = ForecastRevision.objects.filter(milestone__factory__code=factory, recorded_by__username=manager)
    assert told.count() == asked
    assert told.get(milestone=moved).new.latest.isoformat() == "2028-11-20"


def test_a_forecast_slips_and_what_moves_with_it_is_seen_before_it_is_saved(visit: Callable[..., Any]) -> None:
    window = visit(scheme="dark")
    page = window.go("/c/example/milestones/X12-K04/")
    page.locator("main a[href$='/forecast/']").first.click()
    before = ForecastRevision.objects.filter(milestone__code="X12-K04").count()
    page.fill("[name=window_date]", "15.03.2029")
    follows = page.locator("#consequences")
    expect(follows).to_contain_text("X12-O01")
    expect(page.locator("#live")).not_to_be_empty()
    window.look()
    page.select_option("[name=reason]", "financing")
    # A date that nobody has seen the consequences of is shown once more.
    page.evaluate("document.querySelector('#consequences [name=shown]').remove()")
    window.save()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(follows).to_contain_text("X12-O01")
    assert ForecastRevision.objects.filter(milestone__code="X12-K04").count() == before
    window.save()
    assert page.url.endswith("/c/example/factories/X12/")
    window.look()
    assert ForecastRevision.objects.filter(milestone__code="X12-K04").count() == before + 1


@pytest.mark.parametrize(("factory", "language", "scheme", "width"), [("F03", "ru", "light", DESKTOP), ("F04", "en", "dark", PHONE)])
def test_a_payment_is_echoed_recorded_and_reversed(visit: Callable[..., Any], factory: str, language: str, scheme: str, width: int) -> None:
    window = visit(language=language, scheme=scheme, width=width)
    entries = LedgerEntry.objects.filter(factory__code=factory)
    page = window.go(f"/c/avtotor/factories/{factory}/")
    page.locator("main a[href$='/payment/']").first.click()
    page.fill("[name=amount]", "1,234")
    page.fill("[name=date]", "15.04.2024")
    page.fill("[name=document]", "Платёжное поручение 7")
    page.fill("[name=counterparty]", "Поставщик")
    window.refusals = {422}
    window.save()
    assert page.title().startswith({"ru": "Ошибка", "en": "Error"}[language])
    expect(page.locator(".error-summary")).to_be_focused()
    # Both readings of what can be read two ways.
    assert "1 234" in plain(page.inner_text("main"))
    window.look()
    assert page.input_value("[name=document]") == "Платёжное поручение 7"
    assert not entries.exists()
    window.refusals = ()
    page.fill("[name=amount]", "1,2 млн")
    expect(page.locator("#echo")).to_contain_text("93")
    window.look()
    window.save()
    entry = entries.get()
    assert f"{entry.amount_rub}" == "1200000.00"
    expect(page.locator("main")).to_contain_text("Платёжное поручение 7")
    page.locator("a[href*='/reverse/']").first.click()
    page.wait_for_url("**/reverse/")
    page.fill("[name=note]", "Ошибочная сумма")
    window.look()
    window.save("form button.danger")
    window.look()
    assert entries.aggregate(left=Sum("amount_rub"))["left"] == 0
    assert entries.exclude(pk=entry.pk).get().note == "Ошибочная сумма"


def test_a_payment_that_looks_like_another_is_told_while_typed_and_recorded_by_who_insists(visit: Callable[..., Any]) -> None:
    window = visit(language="en")
    entries = LedgerEntry.objects.filter(factory__code="F05")

    def typed(document: str) -> Page:
        page: Page = window.go("/c/avtotor/ledger/new/")
        page.select_option("[name=factory]", "F05")
        page.fill("[name=amount]", "1,2 млн")
        page.fill("[name=date]", "15.04.2024")
        page.fill("[name=counterparty]", "ООО «Ёлка»")
        page.locator("[name=document]").press_sequentially(document)
        return page

    page = typed("ПП № 7")
    window.save()
    page = typed("пп N7")
    expect(page.locator("#alike")).to_contain_text("This looks like an entry that is there already")
    expect(page.locator("#live")).to_contain_text("This looks like an entry that is there already")
    window.refusals = {422}
    page.locator("[name=document]").press("Enter")
    expect(page.locator(".error-summary")).to_contain_text("has the same document, counterparty and amount")
    window.look()
    assert entries.count() == 1
    page.check("[name=despite_duplicate]")
    window.save()
    assert entries.count() == 2
    page = window.go("/c/avtotor/ledger/?only=alike")
    expect(page.locator("main")).to_contain_text("looks like another")


def test_two_hundred_budget_rows_with_three_bad_ones_are_pasted_mended_and_saved(visit: Callable[..., Any]) -> None:
    window = visit(language="en")
    page = window.go("/c/avtotor/budgets/propose/")
    page.fill("[name=name_ru]", "Бюджет из таблицы")
    page.select_option("[name=copy_from]", "")
    page.fill("[name=reason]", "A budget for every factory")
    window.save()
    page.locator("main a[href$='/paste/']").click()
    rows = [f"F{1 + n % 12:02}\tequipment\town\t{2026 + n // 144}-{1 + n // 12 % 12:02}\t{1000 + n},50\trow {n}" for n in range(200)]
    good = list(rows)
    rows[9] = rows[9].replace("F10", "F99")
    rows[99] = rows[99].replace("1099,50", "1,099")
    rows[199] = rows[199].replace("2027-05", "2027-13")
    assert sum(one != other for one, other in zip(rows, good, strict=True)) == 3
    heads = "Factory\tCategory\tFunding source\tMonth\tAmount\tWhy this amount"
    page.fill("[name=table]", "\n".join([heads, *rows]))
    window.refusals = {422}
    window.save()
    expect(page.locator(".error-summary")).to_be_focused()
    # Counted as in the spreadsheet, whose first row is the heading.
    assert page.locator("table.bad-rows tbody th").all_inner_texts() == ["11", "101", "201"]
    assert page.locator("table.bad-rows mark").all_inner_texts() == ["F99", "1,099", "2027-13"]
    window.look()
    baseline = Baseline.objects.get(name_ru="Бюджет из таблицы")
    lines = BudgetLine.objects.filter(baseline=baseline)
    assert not lines.exists()
    window.refusals = ()
    page.fill("[name=table]", "\n".join([heads, *good]))
    window.save()
    expect(page.locator("main h2").first).to_contain_text("200 rows were read without a mistake")
    assert not lines.exists()
    window.look()
    window.save("button[name=confirm]")
    assert lines.count() == 200
    assert lines.aggregate(sum=Sum("amount_rub"))["sum"] == sum(1000 + n for n in range(200)) + 100
    window.look()


def test_two_editors_meet_on_one_milestone_and_the_second_merges(visit: Callable[..., Any]) -> None:
    first = visit("editor", language="en", scheme="light")
    second = visit("colleague", language="ru", scheme="dark", width=PHONE)
    for window in (first, second):
        window.go("/c/avtotor/milestones/ALL12/forecast/")
        window.page.locator("select[name=reason]").select_option("financing" if window is first else "contractor")
    first.page.fill("[name=window_date]", "2031-Q2")
    second.page.fill("[name=window_date]", "2032-Q4")
    second.page.fill("[name=note]", "Второй ничего не знал о первом")
    revisions = ForecastRevision.objects.filter(milestone__code="ALL12")
    before = revisions.count()
    for window in (first, second):
        # Wait for the preview: who saw what follows is not asked again.
        expect(window.page.locator("#consequences [name=shown]")).to_have_count(1)
    first.save()
    assert revisions.count() == before + 1
    second.refusals = {409}
    second.save()
    expect(second.page.locator(".error-summary").first).to_be_focused()
    said = second.look()
    assert "II кв. 2031" in said
    assert "IV кв. 2032" in said
    assert second.page.input_value("[name=note]") == "Второй ничего не знал о первом"
    assert revisions.count() == before + 1
    second.page.check("[name=take_reason][value=theirs]")
    second.refusals = ()
    second.save()
    merged = revisions.order_by("-pk")[0]
    assert (str(merged.new), merged.reason, merged.note) == ("2032-Q4", "financing", "Второй ничего не знал о первом")
    assert Milestone.objects.get(code="ALL12").version == 3


def test_a_baseline_is_approved_under_a_new_amendment(visit: Callable[..., Any]) -> None:
    window = visit(scheme="dark")
    page = window.go("/c/example/about/")
    page.locator("main a[href$='/new/amendment/']").click()
    page.fill("[name=number]", "2")
    page.fill("[name=title_ru]", "Пример: дополнительное соглашение № 2")
    page.fill("[name=approved_on]", "01.06.2026")
    window.look()
    window.save()
    amendment = Amendment.objects.get(contract__code="example", number="2")
    draft = Baseline.objects.get(contract__code="example", kind=Baseline.Kind.DRAFT)
    page = window.go("/c/example/budgets/")
    page.locator(f"main a[href$='/budgets/{draft.pk}/']").first.click()
    page.locator("main a[href$='/approve/']").click()
    page.wait_for_url("**/approve/")
    window.look()
    page.select_option("[name=amendment]", str(amendment.pk))
    page.fill("[name=in_force_from]", "01.07.2026")
    page.fill("[name=reason]", "Под дополнительное соглашение № 2")
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    window.save()
    draft.refresh_from_db()
    assert (draft.kind, draft.amendment) == (Baseline.Kind.APPROVED, amendment)
    assert page.url.endswith(f"/budgets/{draft.pk}/")
    assert page.locator("main a[href$='/approve/'], main a[href$='/paste/']").count() == 0
    window.look()


def test_a_conflict_of_sources_is_decided_with_a_reason_and_the_decision_taken_back(visit: Callable[..., Any]) -> None:
    window = visit(language="en", width=PHONE)
    page = window.go("/c/avtotor/record/")
    page.locator("main a[href$='/choose/']").first.click()
    page.wait_for_url("**/choose/")
    window.look()
    before = int(page.locator("[name=claim]:checked").input_value())
    other = page.locator("[name=claim]:not(:checked):not([value=none])").first
    rival = int(other.input_value())
    other.check()
    page.fill("[name=reason_ru]", "")
    page.fill("[name=reason_en]", "")
    window.refusals = {422}
    window.save()
    expect(page.locator(".error-summary")).to_be_focused()
    window.refusals = ()
    assert Claim.objects.get(pk=before).in_use
    page.fill("[name=reason_en]", "Closer to the event")
    window.save()
    assert page.url.endswith("/record/")
    chosen = Claim.objects.get(pk=rival)
    assert (chosen.in_use, chosen.reason_en) == (True, "Closer to the event")
    assert not Claim.objects.get(pk=before).in_use
    window.look()
    page.locator(".messages a[href$='?undo=1']").click()
    page.wait_for_url("**/choose/?undo=1")
    assert page.locator("[name=claim]:checked").input_value() == str(before)
    if not page.input_value("[name=reason_ru]") and not page.input_value("[name=reason_en]"):
        page.fill("[name=reason_en]", "As it was")
    window.save()
    assert Claim.objects.get(pk=before).in_use
    assert not Claim.objects.get(pk=rival).in_use
    window.look()


def test_a_delay_is_acknowledged_and_stays_visible(visit: Callable[..., Any]) -> None:
    window = visit(scheme="dark", width=PHONE)
    page = window.go("/c/avtotor/delays/")
    page.locator("main tbody a[href*='/delays/']").first.click()
    page.wait_for_url(re.compile(r"/delays/\d+/$"))
    flag = DelayFlag.objects.get(pk=int(page.url.rstrip("/").rsplit("/", 1)[1]))
    assert flag.acknowledged_by is None
    page.locator("main a[href$='/acknowledge/']").first.click()
    page.wait_for_url("**/acknowledge/")
    page.fill("[name=reason]", "Ждём решения поставщика")
    page.fill("[name=until]", (timezone.localdate() + timedelta(days=30)).isoformat())
    window.look()
    window.save()
    expect(page.locator("main")).to_contain_text("Ждём решения поставщика")
    window.look()
    noted = DelayFlag.objects.get(pk=flag.pk)
    assert noted.acknowledged_by is not None
    assert noted.closed_on is None


@pytest.mark.parametrize(("language", "scheme"), [("ru", "light"), ("en", "dark")])
def test_what_is_exported_is_what_is_shown(visit: Callable[..., Any], tmp_path: Path, language: str, scheme: str) -> None:
    window = visit(language=language, scheme=scheme)
    page = window.go("/c/example/ledger/?factory=X05&kind=commitment&sort=-amount")
    window.look()
    shown = page.locator("main tbody tr").evaluate_all("rows => rows.map(row => +row.id.split('-')[1])")
    with page.expect_download() as taken:
        page.locator("main .files a").first.click()
    path = tmp_path / taken.value.suggested_filename
    assert path.suffix == ".xlsx"
    taken.value.save_as(path)
    sheet, about = load_workbook(path).worksheets
    heads, *rows, total = sheet.iter_rows(values_only=True)
    assert len(rows) > 5
    assert [row[0] for row in rows] == shown
    money = next(number for number, cell in enumerate(total) if str(cell).startswith("=SUBTOTAL(109,"))
    assert total[money] == f"=SUBTOTAL(109,I2:I{len(rows) + 1})"
    assert [Decimal(str(row[money])) for row in rows] == [LedgerEntry.objects.get(pk=entry).amount_rub for entry in shown]
    assert len(set(heads)) == len(heads)
    link = {row[0]: row[1] for row in about.iter_rows(values_only=True, max_col=2)}[{"ru": "Страница", "en": "Page"}[language]]
    assert "factory=X05&kind=commitment&sort=-amount" in str(link)


def test_output_is_recorded_on_a_phone(visit: Callable[..., Any]) -> None:
    window = visit(width=PHONE)
    page = window.go("/production/c/avtotor/output/")
    page.fill("[name=year]", "2026")
    page.fill("[name=quantity]", "12 500")
    page.fill("[name=document]", "Отчёт за первое полугодие")
    window.look()
    window.save()
    assert Output.objects.get(contract__code="avtotor", year=2026).quantity == 12_500


def test_the_language_and_the_theme_are_chosen_and_stay(visit: Callable[..., Any]) -> None:
    window = visit()
    page = window.go("/c/avtotor/")
    page.locator("header.top button", has_text="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("[data-theme-menu] summary").click()
    page.locator("[data-set-theme=dark]").click()
    assert window.go("/c/avtotor/delays/").locator("h1").inner_text() == "Delays"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_without_scripts_a_payment_and_a_forecast_are_recorded(visit: Callable[..., Any]) -> None:
    window = visit("colleague", language="en", scripts=False)
    page = window.go("/c/avtotor/delays/")
    assert "761" in page.inner_text("main")
    page = window.go("/c/avtotor/factories/F06/payment/")
    page.fill("[name=amount]", "3,5 mln")
    page.fill("[name=date]", "2024-04-15")
    page.fill("[name=document]", "No. 1")
    page.fill("[name=counterparty]", "Supplier")
    window.save("form button[name=preview]")
    expect(page.locator("#echo")).to_contain_text("$")
    assert not LedgerEntry.objects.filter(factory__code="F06").exists()
    window.save()
    assert str(LedgerEntry.objects.get(factory__code="F06").amount_rub) == "3500000.00"
    revisions = ForecastRevision.objects.filter(milestone__code="X09-K01")
    before = revisions.count()
    page = window.go("/c/example/milestones/X09-K01/forecast/")
    page.fill("[name=window_date]", "2029-03-15")
    page.select_option("[name=reason]", "financing")
    window.save()
    # Without a preview the page itself shows what follows, before anything is saved.
    expect(page.locator("#consequences")).to_contain_text("X09-O01")
    assert revisions.count() == before
    window.save()
    assert revisions.count() == before + 1
