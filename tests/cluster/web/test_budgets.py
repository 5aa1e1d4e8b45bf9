"""The pages of budgets: baselines, lines, comparison, and the forms that propose, fill, approve and discard."""

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.access import Role
from cluster.domain.budgets import Line, Row
from cluster.domain.dates import DateWindow
from cluster.models import Amendment, Baseline, BudgetLine, Claim
from cluster.queries.budgets import baseline_version
from cluster.queries.history import newest_event
from cluster.services.budgets import approve_baseline, discard_baseline, import_lines, propose_baseline, save_line
from tests.cluster.web.place import Place, hidden, make_place, title, words
from tests.factories import make_contract, make_milestone, make_rate, make_source, make_user, promise

MARCH = date(2026, 3, 1)
IN_FORCE = date(2026, 1, 1)


class Budgets(Place):
    """The place with a budget in force (two lines), a proposal that changes it, an amendment, and an end of the contract."""

    approved: Baseline
    draft: Baseline
    amendment: Amendment
    first: BudgetLine

    @property
    def root(self) -> str:
        return f"{self.base}budgets/"

    def at(self, tail: str = "") -> str:
        return f"{self.root}{self.draft.pk}/{tail}"

    def line(self, **changes: Any) -> BudgetLine:
        given: dict[str, Any] = {"baseline_id": self.draft.pk, "factory_id": self.factory.pk, "category": "rnd", "funding": "own"}
        return save_line(**given | {"month": MARCH, "amount_rub": Decimal(50), "by": self.person("editor")} | changes)


@pytest.fixture
def place(db: None) -> Budgets:
    plain = make_place()
    place = Budgets(**{name: getattr(plain, name) for name in ("contract", "factory", "other", "milestone", "promised", "source")})
    plain.promised.baseline.delete()
    end = Claim(contract=place.contract, figure="term_end", source=make_source(), in_use=True)
    end.date = DateWindow.parse("2033")
    end.save()
    make_rate("2019-01-10", "65")
    make_rate("2026-01-01", "100")
    editor = place.person("editor")
    place.amendment = Amendment.objects.create(contract=place.contract, title_ru="Дополнение 2", title_en="Amendment two", number="2")
    place.approved = propose_baseline(contract_id=place.contract.pk, name_ru="Первый", name_en="First budget", reason="start", by=editor)
    lines = [
        Line(place.factory.pk, "equipment", "bank", MARCH, Decimal("1000.50")),
        Line(place.other.pk, "design", "own", None, Decimal(300)),
    ]
    rows = [Row(number, line) for number, line in enumerate(lines, 1)]
    import_lines(baseline_id=place.approved.pk, rows=rows, replace=False, by=editor)
    approve_baseline(baseline_id=place.approved.pk, in_force_from=IN_FORCE, by=editor, today=localdate())
    place.approved.refresh_from_db()
    place.draft = propose_baseline(
        contract_id=place.contract.pk, name_ru="Второй", name_en="Second budget", reason="dearer machines", copy_from_id=place.approved.pk,
        by=editor,
    )  # fmt: skip
    place.first = place.draft.budget_lines.get(factory=place.factory)
    return place


def said(answer: Any) -> str:
    return words(answer).replace("\u202f", " ").replace("\xa0", " ")


READING = ["budgets/", "budgets/{draft}/", "budgets/{approved}/", "budgets/{draft}/lines.csv", "budgets/compare/"]
WRITING = [
    "budgets/propose/", "budgets/{draft}/lines/new/", "budgets/{draft}/lines/{line}/", "budgets/{draft}/lines/echo/",
    "budgets/{draft}/paste/", "budgets/{draft}/approve/", "budgets/{draft}/discard/",
]  # fmt: skip


class TestRights:
    @pytest.mark.parametrize("who", ["editor", "controller", "auditor", "admin", "own", "foreign", "outsider", "nobody", "anonymous"])
    def test_who_may_open_which_page(self, place: Budgets, who: str) -> None:
        given = {"draft": place.draft.pk, "approved": place.approved.pk, "line": place.first.pk}
        others = {"outsider": 404, "nobody": 404, "anonymous": 302}
        expected = {path: others.get(who, 200 if path in READING or who == "editor" else 403) for path in (*READING, *WRITING)}
        assert {path: place.status(who, path.format(**given)) for path in expected} == expected

    @pytest.mark.parametrize("who", ["controller", "auditor", "own", "outsider"])
    def test_who_may_not_write_changes_nothing(self, place: Budgets, who: str) -> None:
        before = baseline_version(place.draft.pk)
        for tail, data in (
            (f"lines/{place.first.pk}/", {"delete": "1"}),
            ("paste/", {"table": "F01;;;2026-04;5", "mode": "replace", "confirm": "1"}),
            ("approve/", {"in_force_from": "01.02.2026", "amendment": place.amendment.pk}),
            ("discard/", {}),
        ):
            assert place.client(who).post(place.at(tail), data).status_code in (403, 404)
        assert baseline_version(place.draft.pk) == before

    def test_a_plant_manager_sees_the_lines_of_the_own_factory_alone(self, place: Budgets) -> None:
        client = place.client("own")
        text = said(client.get(f"{place.root}{place.approved.pk}/"))
        assert "₽1,000.50" in text
        assert "300" not in text
        assert "F02" not in text
        assert "You see single factories" in text
        assert "dearer machines" not in said(client.get(place.root))
        assert "1,300.50" not in said(client.get(place.root))
        assert "Seat plant" not in client.get(place.at("lines.csv")).content.decode()
        assert "F02" not in said(client.get(f"{place.root}compare/?lines=all"))

    def test_who_approved_is_named_to_those_who_may_see_people(self, place: Budgets) -> None:
        name = place.person("editor").username
        assert name in said(place.client("auditor").get(f"{place.root}{place.approved.pk}/"))
        assert name not in said(place.client("controller").get(f"{place.root}{place.approved.pk}/"))

    def test_a_baseline_of_another_contract_is_not_there(self, place: Budgets) -> None:
        foreign = Baseline.objects.create(contract=make_contract(), name_ru="Чужой")
        for tail in ("", "paste/", "approve/", "lines/new/"):
            assert place.client().get(f"{place.root}{foreign.pk}/{tail}").status_code == 404

    def test_a_line_of_another_baseline_is_not_there(self, place: Budgets) -> None:
        frozen = place.approved.budget_lines.first()
        assert frozen
        assert place.client().get(place.at(f"lines/{frozen.pk}/")).status_code == 404


class TestReading:
    def test_the_list_tells_what_each_baseline_is(self, place: Budgets) -> None:
        text = said(place.client().get(place.root))
        assert "First budget in force original" in text
        assert "Second budget proposed" in text
        assert text.count("₽1,300.50") == 2
        assert "$13.00" in text or "≈ $13" in text
        assert "2 budget lines, 0 milestone dates; March 2026 – March 2026" in text

    def test_a_past_day_knows_only_what_was_in_force_then(self, place: Budgets) -> None:
        client = place.client()
        assert "No baseline yet" in said(client.get(f"{place.root}?as_of=2025-12-31"))
        page = client.get(f"{place.root}?as_of=2026-01-01")
        assert "First budget" in said(page)
        assert "Second budget" not in said(page)
        assert "Propose a baseline" not in said(page)
        for who in ("editor", "own"):
            for baseline in (place.approved, place.draft):
                for tail in ("", "lines.csv"):
                    address = f"{place.root}{baseline.pk}/{tail}?as_of=2025-12-31"
                    assert place.client(who).get(address).status_code == 404, address
        assert "1000.50" in client.get(f"{place.root}{place.approved.pk}/lines.csv?as_of=2026-01-01").content.decode()
        assert "₽1,000.50" in said(client.get(f"{place.root}{place.approved.pk}/?as_of=2026-01-01"))

    @pytest.mark.parametrize(
        ("query", "shown", "hidden_one"),
        [
            ("?factory=F01", "1,000.50", "300.00"),
            ("?category=design", "300", "1,000.50"),
            ("?funding=own", "300", "1,000.50"),
        ],
    )
    def test_lines_are_filtered_and_the_sums_follow(self, place: Budgets, query: str, shown: str, hidden_one: str) -> None:
        text = said(place.client().get(f"{place.root}{place.approved.pk}/{query}"))
        assert f"₽{shown}" in text
        assert f"₽{hidden_one}" not in text
        assert "1,300.50" not in text

    def test_a_filter_that_does_not_exist_is_refused(self, place: Budgets) -> None:
        for query in ("?factory=F99", "?category=gifts", "?sort=luck"):
            assert place.client().get(place.at(query)).status_code == 400

    def test_the_order_is_that_of_the_address(self, place: Budgets) -> None:
        def order(sort: str) -> list[str]:
            return re.findall(
                r'<th scope="row">(F0\d)[^<]*</th>\s*<td data-label="Category"', place.client().get(place.at(sort)).content.decode()
            )

        assert (order("?sort=amount"), order("?sort=-amount")) == (["F02", "F01"], ["F01", "F02"])

    def test_an_empty_filter_says_so_and_leads_back(self, place: Budgets) -> None:
        assert "No line fits" in said(place.client().get(place.at("?category=other")))

    def test_many_lines_are_paged_with_a_fixed_number_of_statements(self, place: Budgets, django_assert_max_num_queries: Any) -> None:
        months = [date(2026 + n // 12, n % 12 + 1, 1) for n in range(90)]
        lines = [Line(place.factory.pk, category, "own", month, Decimal(1)) for month in months for category in ("rnd", "other")]
        rows = [Row(n, line) for n, line in enumerate(lines, 1)]
        import_lines(baseline_id=place.draft.pk, rows=rows, replace=True, by=place.person("editor"))
        client = place.client()
        with django_assert_max_num_queries(22):
            text = said(client.get(place.at()))
        assert "page 1 of 2" in text
        assert "₽180.00" in text
        assert "page 2 of 2" in said(client.get(place.at("?page=2")))

    def test_the_table_that_is_downloaded_can_be_pasted_back(self, place: Budgets) -> None:
        for language in ("en", "ru"):
            client = place.client(language=language)
            raw = client.get(place.at("lines.csv")).content.decode()
            tabs = "\n".join(
                "\t".join(cells) for cells in csv.reader(raw.removeprefix("\ufeff").splitlines(), delimiter=",;"[language == "ru"])
            )
            for text in (raw, tabs):
                answer = client.post(place.at("paste/"), {"table": text, "mode": "replace"})
                assert answer.status_code == 200, words(answer)
                assert answer.context["preview"].changes == 0
                assert answer.context["preview"].counts["unchanged"] == 2

    @pytest.mark.parametrize("language", ["ru", "en"])
    def test_the_table_of_an_example_can_be_pasted_back_though_it_says_that_it_is_one(self, place: Budgets, language: str) -> None:
        place.contract.is_example = True
        place.contract.save()
        place.line(reason='=dearer, "presses"; \'+2 %\nand more', month=None)
        client = place.client(language=language)
        text = client.get(place.at("lines.csv")).content.decode()
        answer = client.post(place.at("paste/"), {"table": text, "mode": "replace"})
        assert answer.status_code == 200, words(answer)
        assert answer.context["preview"].changes == 0

    def test_a_nul_in_a_pasted_reason_is_refused_at_its_cell(self, place: Budgets) -> None:
        answer = place.client().post(place.at("paste/"), {"table": "F01\tdesign\town\t2026-03\t5\tpres\x00ses", "mode": "merge"})
        assert answer.status_code == 422
        assert "This text has control characters." in said(answer)

    def test_the_comparison_tells_line_by_line_what_moves_and_why(self, place: Budgets) -> None:
        place.line(category="equipment", funding="bank", amount_rub=Decimal(1200), line_id=place.first.pk, reason="machines are dearer")
        place.line(reason="research")
        gone = place.draft.budget_lines.get(factory=place.other)
        place.client().post(place.at(f"lines/{gone.pk}/"), {"delete": "1", "version": newest_event(gone)})
        answer = place.client().get(f"{place.root}compare/?a={place.approved.pk}&b={place.draft.pk}")
        text = said(answer)
        assert "First budget → Second budget" in text
        assert "F01 Press plant Equipment Bank loan March 2026 ₽1,000.50 ₽1,200.00 +₽199.50 machines are dearer" in text
        assert "F01 Press plant R&D Own funds March 2026 — no line ₽50.00 +₽50.00 new research" in text
        assert "F02 Seat plant Design Own funds ₽300.00 — no line -₽300.00 gone" in text.replace("−", "-")
        # Dollars are those of the lines, each rounded, so that the rows of every grouping add up to one total: 2.00 - 3.00 + 0.50.
        assert "Total ₽1,300.50 ₽1,250.00 -₽50.50 -$0.50" in text.replace("−", "-")
        for by in ("factory", "category", "funding", "year"):
            page = place.client().get(f"{place.root}compare/?by={by}")
            assert sum(row.usd for row in page.context["rows"]) == page.context["total"].usd == Decimal("-0.50")
        assert "Dollars at the reporting basis: 100.0000 ₽ of Jan 1, 2026." in text

    @pytest.mark.parametrize("by", ["factory", "category", "funding", "year"])
    def test_the_groups_of_a_comparison_add_up_to_its_total(self, place: Budgets, by: str) -> None:
        place.line()
        context = place.client().get(f"{place.root}compare/?by={by}").context
        for side in ("old", "new", "amount"):
            assert sum(getattr(row.sums, side) for row in context["rows"]) == getattr(context["total"].sums, side)

    def test_without_a_second_baseline_there_is_nothing_to_compare(self, place: Budgets) -> None:
        place.draft.delete()
        assert "There is only one baseline" in said(place.client().get(f"{place.root}compare/"))

    def test_every_page_speaks_russian(self, place: Budgets) -> None:
        client = place.client(language="ru")
        for path in (place.root, place.at(), place.at("paste/"), place.at("approve/"), f"{place.root}compare/"):
            assert client.get(path).status_code == 200


class TestProposing:
    def test_a_proposal_is_made_as_a_copy(self, place: Budgets) -> None:
        data = {
            "name_ru": "Третий",
            "name_en": "Third",
            "copy_from": place.approved.pk,
            "amendment": place.amendment.pk,
            "reason": "why not",
        }
        answer = place.client().post(f"{place.root}propose/", data)
        made = Baseline.objects.get(name_en="Third")
        assert answer["Location"] == f"{place.root}{made.pk}/"
        assert (made.kind, made.amendment, made.reason, made.budget_lines.count()) == ("draft", place.amendment, "why not", 2)

    def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(self, place: Budgets) -> None:
        answer = place.client().post(f"{place.root}propose/", {"name_ru": "Второй", "reason": "because"})
        assert answer.status_code == 422
        assert title(answer).startswith("Error:")
        assert "There is already a proposed baseline of this name." in said(answer)
        assert hidden(answer, "name_ru") == "Второй"
        assert "because" in answer.content.decode()
        assert "Fill in “Why it is proposed”." in said(place.client().post(f"{place.root}propose/", {"name_ru": "X"}))


def filled(place: Budgets, **changes: Any) -> dict[str, Any]:
    return {
        "factory": place.factory.pk,
        "category": "rnd",
        "funding": "own",
        "month": "март 2026",
        "amount": "1 234 567,89",
        "reason": "x",
    } | changes


class TestLineForm:
    def test_a_line_is_added_to_the_kopeck(self, place: Budgets) -> None:
        answer = place.client().post(place.at("lines/new/"), filled(place))
        assert answer["Location"] == place.at()
        line = place.draft.budget_lines.get(category="rnd")
        assert (line.amount_rub, line.month, line.reason, line.recorded_by) == (Decimal("1234567.89"), MARCH, "x", place.person("editor"))

    def test_the_same_form_sent_twice_is_one_line(self, place: Budgets) -> None:
        for _twice in range(2):
            assert place.client().post(place.at("lines/new/"), filled(place)).status_code == 302
        assert place.draft.budget_lines.filter(category="rnd").count() == 1

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"amount": "1,234"}, "amount", "“1,234” can mean thousands or decimals: write 1 234"),
            ({"amount": "12,34.5"}, "amount", "“12,34.5” is not an amount: write 1 234 567,89."),
            ({"amount": "1e400"}, "amount", "“1e400” is not an amount"),
            ({"amount": "NaN"}, "amount", "“NaN” is not an amount"),
            ({"amount": "-5"}, "amount", "The amount is not negative."),
            ({"amount": "2000 млрд"}, "amount", "is more than a trillion"),
            ({"amount": "1,2345"}, "amount", "has more than two decimals"),
            ({"amount": ""}, "amount", "Fill in “Amount, ₽”."),
            ({"month": "06.2019"}, "month", "2019-06 lies before the signing of the contract"),
            ({"month": "01.2034"}, "month", "2034-01 lies after the end of the contract"),
            ({"month": "15.03.2026"}, "month", "is a day inside a month: write 2026-03."),
            ({"month": "someday"}, "month", "“someday” is not a month"),
            ({"category": "gifts"}, "category", "gifts is not one of the available choices"),
            ({"factory": "0"}, "factory", "Select a valid choice"),
            ({"reason": "a\u202eb"}, "reason", "This text has control characters."),
            ({"category": "equipment", "funding": "bank"}, "month", "There is already a line of this factory"),
        ],
    )
    def test_what_is_wrong_is_told_and_what_was_typed_stays(self, place: Budgets, changes: dict[str, Any], box: str, sentence: str) -> None:
        before = baseline_version(place.draft.pk)
        answer = place.client().post(place.at("lines/new/"), filled(place, **changes))
        assert answer.status_code == 422
        assert sentence in said(answer)
        assert f'href="#id_{box}"' in answer.content.decode()
        if box in ("amount", "month"):
            assert hidden(answer, box) == filled(place, **changes)[box]
        assert baseline_version(place.draft.pk) == before

    def test_a_factory_of_another_contract_is_no_choice(self, place: Budgets) -> None:
        foreign = make_contract().factories.create(code="X1", name_ru="Чужой")
        assert place.client().post(place.at("lines/new/"), filled(place, factory=foreign.pk)).status_code == 422

    def test_the_echo_tells_what_was_understood(self, place: Budgets) -> None:
        text = said(place.client().get(place.at("lines/echo/?amount=1,2 млрд")))
        assert "Understood as ₽1,200,000,000.00 = $12,000,000.00" in text
        assert "can mean thousands or decimals" in said(place.client().get(place.at("lines/echo/?amount=1,234")))

    def test_checking_first_saves_nothing(self, place: Budgets) -> None:
        answer = place.client().post(place.at("lines/new/"), filled(place, preview="1"))
        assert "Nothing is saved yet." in said(answer)
        assert place.draft.budget_lines.count() == 2

    def test_a_line_that_somebody_changed_meanwhile_is_shown_and_not_overwritten(self, place: Budgets) -> None:
        address = place.at(f"lines/{place.first.pk}/")
        seen = hidden(place.client().get(address), "version")
        place.line(category="equipment", funding="bank", amount_rub=Decimal(7), line_id=place.first.pk)
        answer = place.client().post(address, filled(place, version=seen))
        assert answer.status_code == 409
        assert "It now says: ₽7.00" in said(answer)
        assert hidden(answer, "amount") == "1 234 567,89"
        again = filled(place, version=hidden(answer, "version"))
        assert place.client().post(address, again).status_code == 302
        place.first.refresh_from_db()
        assert place.first.amount_rub == Decimal("1234567.89")

    def test_a_line_is_deleted_unless_it_changed_meanwhile(self, place: Budgets) -> None:
        address = place.at(f"lines/{place.first.pk}/")
        assert place.client().post(address, {"delete": "1", "version": "1"}).status_code == 409
        assert place.client().post(address, {"delete": "1", "version": newest_event(place.first)}).status_code == 302
        assert place.draft.budget_lines.count() == 1

    def test_why_a_line_is_deleted_is_asked_and_told_by_the_comparison(self, place: Budgets) -> None:
        address = place.at(f"lines/{place.first.pk}/")
        assert "Why it is deleted" in said(place.client().get(address))
        seen = newest_event(place.first)
        refused = place.client().post(address, {"delete": "1", "version": seen, "reason": "x" * 1001})
        assert (refused.status_code, place.draft.budget_lines.count()) == (422, 2)
        stale = place.client().post(address, {"delete": "1", "version": "1", "reason": "The press was never ordered."})
        assert (stale.status_code, "The press was never ordered." in stale.content.decode()) == (409, True)
        assert place.client().post(address, {"delete": "1", "version": seen, "reason": "The press was never ordered."}).status_code == 302
        compared = said(place.client().get(f"{place.root}compare/?a={place.approved.pk}&b={place.draft.pk}"))
        assert "gone The press was never ordered." in compared

    def test_a_line_deleted_without_a_reason_is_told_so(self, place: Budgets) -> None:
        place.client().post(place.at(f"lines/{place.first.pk}/"), {"delete": "1", "version": newest_event(place.first)})
        assert "gone no reason given" in said(place.client().get(f"{place.root}compare/?a={place.approved.pk}&b={place.draft.pk}"))

    def test_an_approved_baseline_opens_no_form(self, place: Budgets) -> None:
        for tail in ("lines/new/", "paste/", "approve/", "discard/"):
            answer = place.client().get(f"{place.root}{place.approved.pk}/{tail}")
            assert answer.status_code == 409
            assert "“First budget” was approved meanwhile and is frozen." in said(answer)


def many(place: Budgets, count: int) -> list[str]:
    months = [f"{year}-{month:02}" for year in range(2020, 2033) for month in range(1, 13)]
    places = [(category, source) for category in ("rnd", "other", "", "design", "equipment") for source in ("own", "bank", "", "subsidy")]
    keys = [(factory, *where, month) for factory in ("F01", "F02") for where in places for month in months]
    return ["\t".join([*key, "7,50", ""]) for key in keys][:count]


class TestPaste:
    TABLE = (
        "Завод\tКатегория\tИсточник\tМесяц\tСумма\nF01\tоборудование\tБанковский кредит\t03.2026\t1 100,50\nF02\tпрочее\t\tапрель 2026\t5"
    )

    def preview(self, place: Budgets, table: str = TABLE, mode: str = "merge", **more: Any) -> Any:
        return place.client().post(place.at("paste/"), {"table": table, "mode": mode, **more})

    def test_nothing_is_saved_before_it_is_confirmed(self, place: Budgets) -> None:
        before = baseline_version(place.draft.pk)
        answer = self.preview(place)
        assert answer.status_code == 200
        text = said(answer)
        assert "2 rows were read without a mistake" in text
        assert "New lines 1 Changed lines 1 Lines that go 0 Unchanged lines 0" in text
        assert "Budget before ₽1,300.50 Budget after ₽1,405.50" in text
        assert "Save 2 changes" in text
        assert self.TABLE.split("\n")[1] in answer.content.decode()
        assert baseline_version(place.draft.pk) == before

    def test_confirmed_it_saves_all_rows_at_once(self, place: Budgets) -> None:
        version = hidden(self.preview(place), "version")
        answer = self.preview(place, confirm="1", version=version)
        assert answer["Location"] == place.at()
        amounts = sorted(place.draft.budget_lines.values_list("amount_rub", flat=True))
        assert amounts == [Decimal(5), Decimal(300), Decimal("1100.50")]
        twice = self.preview(place, confirm="1", version=version)
        assert twice.status_code == 302
        assert place.draft.budget_lines.count() == 3

    def test_the_whole_budget_is_replaced_when_that_is_chosen(self, place: Budgets) -> None:
        answer = self.preview(place, mode="replace")
        assert "Lines that go 1" in said(answer)
        self.preview(place, mode="replace", confirm="1", version=hidden(answer, "version"))
        assert sorted(place.draft.budget_lines.values_list("amount_rub", flat=True)) == [Decimal(5), Decimal("1100.50")]

    def test_what_changed_since_the_preview_is_shown_anew(self, place: Budgets) -> None:
        version = hidden(self.preview(place), "version")
        place.line()
        answer = self.preview(place, confirm="1", version=version)
        assert answer.status_code == 409
        assert "Somebody changed this baseline since the preview." in said(answer)
        assert place.draft.budget_lines.count() == 3
        assert self.preview(place, confirm="1", version=hidden(answer, "version")).status_code == 302

    def test_each_bad_cell_is_marked_with_row_field_and_remedy_and_the_text_stays(self, place: Budgets) -> None:
        table = self.TABLE + "\nF99\tподарки\t\t06.2019\t1,234\nF01\tоборудование\tбанковский кредит\t2026-03\t8"
        before = baseline_version(place.draft.pk)
        answer = self.preview(place, table, confirm="1", version=str(before))
        assert answer.status_code == 422
        assert title(answer).startswith("Error:")
        text = said(answer)
        assert "Nothing is saved: 5 cells are to be corrected" in text
        assert "Row 4 · Category: “подарки” is not a category: write one of those in the list." in text
        assert "Row 4 · Amount: “1,234” can mean thousands or decimals: write 1 234" in text
        assert "Rows 2 and 5 are about the same factory, category, funding source and month: keep one of them." in text
        assert "<mark>подарки</mark>" in answer.content.decode()
        assert "подарки\t\t06.2019" in answer.content.decode()
        assert baseline_version(place.draft.pk) == before

    def test_a_wrong_category_in_row_4012_is_found_at_a_glance(self, place: Budgets) -> None:
        rows = (many(place, 5000) * 2)[:5000]
        rows[4011] = "F01\tgifts\town\t2026-03\t5\t"
        rows = [row for n, row in enumerate(rows) if n < 4013]
        answer = self.preview(place, "\n".join(rows), confirm="1", version="0")
        assert answer.status_code == 422
        assert "Row 4,012 · Category: “gifts” is not a category" in said(answer)
        assert place.draft.budget_lines.count() == 2

    def test_thousands_of_rows_are_pasted_with_a_bounded_number_of_statements(
        self, place: Budgets, django_assert_max_num_queries: Any
    ) -> None:
        table = "\n".join(many(place, 5000))
        rows = len(table.split("\n"))
        assert rows == 5000
        version = hidden(self.preview(place, table, "replace"), "version")
        with django_assert_max_num_queries(40):
            answer = self.preview(place, table, "replace", confirm="1", version=version)
        assert answer.status_code == 302
        assert place.draft.budget_lines.count() == rows

    def test_what_is_no_table_is_refused_at_its_field(self, place: Budgets) -> None:
        assert "Fill in “Table”." in said(self.preview(place, "  "))
        assert "There is no column “погода”." in said(self.preview(place, "завод;сумма;погода\nF01;5;"))
        assert "At most 10000 rows" in said(self.preview(place, "\n".join(["F01;;;;5"] * 10_001))).replace(",", "")


class TestApproving:
    def test_the_page_shows_what_moves(self, place: Budgets) -> None:
        place.line(category="equipment", funding="bank", amount_rub=Decimal("2000.50"), line_id=place.first.pk)
        text = said(place.client().get(place.at("approve/")))
        assert "What moves against “First budget”" in text
        assert "F01 Press plant ₽1,000.50 ₽2,000.50 +₽1,000.00 +$10.00" in text

    def test_it_is_approved_under_an_amendment(self, place: Budgets) -> None:
        version = hidden(place.client().get(place.at("approve/")), "version")
        data = {"amendment": place.amendment.pk, "in_force_from": "01.02.2026", "reason": "minutes 5", "version": version}
        assert place.client().post(place.at("approve/"), data)["Location"] == place.at()
        place.draft.refresh_from_db()
        assert (place.draft.kind, place.draft.in_force_from, place.draft.amendment) == ("approved", date(2026, 2, 1), place.amendment)
        assert "Second budget in force" in said(place.client().get(place.root))
        assert "First budget replaced original" in said(place.client().get(place.root))

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"amendment": ""}, "Fill in “Amendment”."),
            ({"in_force_from": ""}, "Fill in “In force from”."),
            ({"in_force_from": "01.01.2026"}, "“First budget” is in force from Jan 1, 2026: choose a later day."),
            ({"in_force_from": "01.01.2019"}, "a baseline cannot be in force before"),
            ({"in_force_from": f"{localdate() + timedelta(days=400):%d.%m.%Y}"}, "more than a year ahead"),
            ({"in_force_from": "31.02.2026"}, "Write the date as 15.04.2024"),
        ],
    )
    def test_what_is_wrong_is_told(self, place: Budgets, changes: dict[str, Any], sentence: str) -> None:
        data = {"amendment": place.amendment.pk, "in_force_from": "01.02.2026", "version": baseline_version(place.draft.pk)} | changes
        answer = place.client().post(place.at("approve/"), data)
        assert answer.status_code == 422
        assert sentence in said(answer)
        place.draft.refresh_from_db()
        assert place.draft.kind == "draft"

    def test_what_changed_meanwhile_is_shown_before_it_is_approved(self, place: Budgets) -> None:
        version = baseline_version(place.draft.pk)
        place.line()
        data = {"amendment": place.amendment.pk, "in_force_from": "01.02.2026", "version": version}
        answer = place.client().post(place.at("approve/"), data)
        assert answer.status_code == 409
        assert "Nothing is approved yet." in said(answer)
        assert place.client().post(place.at("approve/"), data | {"version": hidden(answer, "version")}).status_code == 302


def test_a_proposal_is_discarded_once_it_was_confirmed(place: Budgets) -> None:
    page = place.client().get(place.at("discard/"))
    assert "“Second budget” goes with its 2 budget lines. The history keeps them." in said(page)
    seen = hidden(page, "version")
    place.line()
    stale = place.client().post(place.at("discard/"), {"version": seen})
    assert stale.status_code == 409
    assert place.client().post(place.at("discard/"), {"version": hidden(stale, "version")})["Location"] == place.root
    assert not Baseline.objects.filter(pk=place.draft.pk).exists()


def test_a_contract_without_a_baseline_says_so(db: None) -> None:
    contract = make_contract(code="new")
    editor = make_user(Role.EDITOR, contract=contract)
    plain = make_place()
    plain.people["new"] = editor
    assert "No baseline yet" in said(plain.client("new").get("/c/new/budgets/"))


class TestDates:
    @pytest.fixture
    def dated(self, place: Budgets) -> Budgets:
        """Three milestones: one moves, one is left out, one is new in the proposal; a fourth stays."""
        names = {"moves": ("2027-03", "2027-05-01"), "goes": ("2028", ""), "comes": ("", "2029"), "stays": ("2030", "2030")}
        pairs = []
        for name, dues in names.items():
            milestone = make_milestone(place.factory if name != "goes" else place.other, code=name.upper(), name_en=f"It {name}")
            pairs.append((milestone, dues))
        first = propose_baseline(contract_id=place.contract.pk, name_ru="С датами", reason="dates", by=place.person("editor"))
        place.draft.name_en = "Dated proposal"
        place.draft.save()
        for milestone, (old, new) in pairs:
            for baseline, due in ((first, old), (place.draft, new)):
                if due:
                    promise(milestone, due, baseline=baseline)
        row = Row(1, Line(place.factory.pk, "equipment", "bank", MARCH, Decimal("1000.50")))
        import_lines(baseline_id=first.pk, rows=[row], replace=True, by=place.person("editor"))
        approve_baseline(
            baseline_id=first.pk, in_force_from=date(2026, 2, 1), amendment_id=place.amendment.pk, by=place.person("editor"),
            today=localdate(), seen=["factories"],
        )  # fmt: skip
        return place

    @pytest.mark.parametrize("tail", ["approve/", "", "compare/"])
    def test_dates_that_an_approval_freezes_are_told_before_and_after(self, dated: Budgets, tail: str) -> None:
        address = f"{dated.root}compare/?b={dated.draft.pk}" if tail == "compare/" else dated.at(tail)
        text = said(dated.client().get(address))
        assert "New dates 1 Changed dates 1 Dates left out 1 Unchanged dates 1" in text
        assert "It moves MOVES F01 March 2027 May 1, 2027 +31 days" in text
        assert "It goes GOES F02 2028 left out —" in text
        assert "It comes COMES F01 no date 2029 —" in text
        assert "It stays" not in text

    def test_a_plant_manager_sees_the_dates_of_the_own_factory_only(self, dated: Budgets) -> None:
        text = said(dated.client("own").get(dated.at()))
        assert "It moves" in text
        assert "It goes" not in text

    def test_what_is_odd_is_ticked_before_it_is_frozen(self, dated: Budgets) -> None:
        dated.draft.milestones.all().delete()
        save_line(
            baseline_id=dated.draft.pk, line_id=dated.first.pk, factory_id=dated.factory.pk, month=MARCH, category="equipment",
            funding="bank", amount_rub=Decimal(9999), by=dated.person("editor"),
        )  # fmt: skip
        page = dated.client().get(dated.at("approve/"))
        assert "holds no milestone dates" in said(page)
        assert "1029.4 % of the roubles" in said(page)
        body = {"version": hidden(page, "version"), "amendment": dated.amendment.pk, "in_force_from": "2026-03-01"}
        answer = dated.client().post(dated.at("approve/"), body | {"seen_no_dates": "on"})
        assert answer.status_code == 422
        assert "Tick it if it is meant so: “Dated proposal” holds 1029.4 %" in said(answer)
        answer = dated.client().post(dated.at("approve/"), body | {"seen_no_dates": "on", "seen_total": "on"})
        assert answer.status_code == 302
        dated.draft.refresh_from_db()
        assert dated.draft.kind == "approved"

    def test_a_proposal_without_lines_has_no_button_to_approve_it(self, place: Budgets) -> None:
        place.draft.budget_lines.all().delete()
        promise(place.milestone, "2027", baseline=place.draft)
        page = place.client().get(place.at("approve/"))
        assert "There is no budget line in this baseline: add lines, then approve it." in said(page)
        assert "Approve and freeze" not in said(page)


class TestOvertaken:
    TYPED = {
        "lines/new/": {"factory": "", "amount": "77", "reason": "what I typed", "category": "rnd"},
        "paste/": {"table": "F01\twhat I typed", "mode": "merge"},
        "approve/": {"in_force_from": "2026-03-03", "reason": "what I typed"},
        "discard/": {},
    }  # fmt: skip

    @pytest.mark.parametrize("tail", [*TYPED])
    def test_a_form_of_a_baseline_approved_meanwhile_says_who_did_it_and_keeps_what_was_typed(self, place: Budgets, tail: str) -> None:
        approver = place.person("editor")
        approver.first_name, approver.last_name = "Anna", "Approver"
        approver.save()
        page = place.client().get(place.at("approve/"))
        body = {"version": hidden(page, "version"), "amendment": place.amendment.pk, "in_force_from": "2026-02-01"}
        assert place.client().post(place.at("approve/"), body).status_code == 302
        for answer in (place.client().get(place.at(tail)), place.client().post(place.at(tail), self.TYPED[tail])):
            assert answer.status_code == 409
            text = said(answer)
            assert "“Second budget” was approved meanwhile and is frozen." in text
            assert f"Anna Approver, {localdate():%b} {localdate().day}, {localdate().year}" in text
            assert f'href="{place.at()}"' in answer.content.decode()
        if tail != "discard/":
            assert "what I typed" in answer.content.decode()

    def test_a_form_of_a_withdrawn_baseline_says_so_and_a_stranger_learns_nothing(self, place: Budgets) -> None:
        discard_baseline(baseline_id=place.draft.pk, by=place.person("editor"))
        answer = place.client().post(place.at("lines/new/"), self.TYPED["lines/new/"])
        assert answer.status_code == 409
        assert "“Second budget” was withdrawn meanwhile; the history keeps it." in said(answer)
        assert "what I typed" in answer.content.decode()
        assert place.client().get(f"{place.root}999999/approve/").status_code == 404
        for who, status in (("own", 403), ("outsider", 404)):
            assert place.client(who).get(place.at("approve/")).status_code == status
