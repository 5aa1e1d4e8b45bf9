"""What people do every week, in a real browser."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from cluster.models import ForecastRevision, LedgerEntry, Milestone, User
from production.models import Output

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_forecast_is_revised_and_the_second_editor_meets_the_first(editor: User, open_as: Callable[..., Any]) -> None:
    first, second = open_as(editor, language="en"), open_as(editor, language="en")
    for visit in (first, second):
        page = visit.go("/c/avtotor/milestones/ALL12/forecast/")
        page.locator("[name^=window]").first.fill("2031-Q2" if visit is first else "2032-Q4")
        page.locator("select[name=reason]").select_option("financing")
    before = ForecastRevision.objects.filter(milestone__code="ALL12").count()
    first.page.locator("form button[type=submit].pri").first.click()
    first.page.wait_for_url(re.compile(r"^(?!.*forecast).*$"))
    assert ForecastRevision.objects.filter(milestone__code="ALL12").count() == before + 1
    second.page.locator("form button[type=submit].pri").first.click()
    expect(second.page.locator("main")).to_contain_text("Q2 2031")
    expect(second.page.locator("main")).to_contain_text("2032")
    assert ForecastRevision.objects.filter(milestone__code="ALL12").count() == before + 1
    assert Milestone.objects.get(code="ALL12").version == 2


def test_a_payment_is_echoed_recorded_and_reversed(editor: User, open_as: Callable[..., Any]) -> None:
    visit = open_as(editor)
    page = visit.go("/c/avtotor/factories/F03/payment/")
    page.fill("[name=amount]", "1,234")
    page.fill("[name=date]", "15.04.2024")
    page.fill("[name=document]", "Платёжное поручение 7")
    page.fill("[name=counterparty]", "Поставщик")
    page.locator("form button[type=submit].pri").first.click()
    expect(page.locator("main")).to_contain_text("1 234")
    assert page.title().startswith("Ошибка")
    assert page.input_value("[name=document]") == "Платёжное поручение 7"
    assert not LedgerEntry.objects.exists()
    page.fill("[name=amount]", "1,2 млн")
    page.locator("form button[type=submit].pri").first.click()
    page.wait_for_url(re.compile(r"/factories/F03/(?!payment)"))
    assert LedgerEntry.objects.get().amount_rub == Decimal("1200000.00")
    expect(page.locator("main")).to_contain_text("Платёжное поручение 7")
    page.locator("a[href*='/reverse/']").first.click()
    page.fill("[name=note]", "Ошибочная сумма")
    page.locator("form button[type=submit].danger").click()
    page.wait_for_url(re.compile(r"/factories/F03/(?!ledger)"))
    assert sum(entry.amount_rub for entry in LedgerEntry.objects.all()) == 0
    # The browser itself notes that the refused form was answered with 422.
    assert [line for line in visit.said if "422" not in line] == []


def test_a_payment_that_looks_like_another_is_told_while_typed_and_recorded_by_who_insists(
    editor: User, open_as: Callable[..., Any]
) -> None:
    visit = open_as(editor, language="en")

    def typed(document: str) -> Any:
        page = visit.go("/c/avtotor/ledger/new/")
        page.select_option("[name=factory]", "F03")
        page.fill("[name=amount]", "1,2 млн")
        page.fill("[name=date]", "15.04.2024")
        page.fill("[name=counterparty]", "ООО «Ёлка»")
        page.locator("[name=document]").press_sequentially(document)
        return page

    page = typed("ПП № 7")
    page.locator("form button[type=submit].pri").first.click()
    page.wait_for_url(re.compile(r"/ledger/\d+/"))
    page = typed("пп N7")
    expect(page.locator("#alike")).to_contain_text("This looks like an entry that is there already")
    expect(page.locator("#live")).to_contain_text("This looks like an entry that is there already")
    page.locator("[name=document]").press("Enter")
    expect(page.locator(".error-summary")).to_contain_text("has the same document, counterparty and amount")
    assert LedgerEntry.objects.count() == 1
    page.check("[name=despite_duplicate]")
    page.locator("form button[type=submit].pri").first.click()
    page.wait_for_url(re.compile(r"/ledger/\d+/"))
    assert LedgerEntry.objects.count() == 2
    page = visit.go("/c/avtotor/ledger/?only=alike")
    expect(page.locator("main")).to_contain_text("looks like another")
    assert [line for line in visit.said if "422" not in line] == []


def test_output_is_recorded_on_a_phone(editor: User, open_as: Callable[..., Any]) -> None:
    page = open_as(editor, width=390).go("/production/c/avtotor/output/")
    page.fill("[name=year]", "2026")
    page.fill("[name=quantity]", "12 500")
    page.fill("[name=document]", "Отчёт за первое полугодие")
    page.locator("form button[type=submit].pri").first.click()
    page.wait_for_url(re.compile(r"^(?!.*/output/).*$"))
    assert Output.objects.get(year=2026).quantity == 12_500


def test_the_language_and_the_theme_are_chosen_and_stay(editor: User, open_as: Callable[..., Any]) -> None:
    visit = open_as(editor)
    page = visit.go("/c/avtotor/")
    page.locator("header.top button", has_text="EN").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert visit.go("/c/avtotor/delays/").locator("h1").inner_text() == "Delays"
    assert visit.said == []
