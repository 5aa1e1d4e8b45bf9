"""A schedule pasted from a spreadsheet: what is read, which cell is refused and how, what the rows would change."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.errors import DomainError
from cluster.domain.network import LinkType
from cluster.domain.schedule_table import (
    COLUMNS,
    Change,
    PlannedLink,
    PlannedMilestone,
    ScheduleTable,
    Vocabulary,
    fingerprint,
    parse_schedule,
    read_links,
    written_links,
)
from cluster.domain.tables import Codes

WORDS = Vocabulary({"x01": 1, "завод прессов": 1, "x02": 2}, {"opening": "opening", "открытие": "opening", "design": "design"}, {"anna": 7})
STORED = {
    "X01-D01": PlannedMilestone("X01-D01", 1, "design", "Проект", "Design", 20),
    "X01-D02": PlannedMilestone("X01-D02", 1, "design", "Смета", "", 10, 5, 30, "Поставщик", 7, (PlannedLink("X01-D01"),)),
    "X01-O01": PlannedMilestone("X01-O01", 1, "opening", "Открытие", "Opening", 0, predecessors=(PlannedLink("X01-D02"),)),
}
CODES = Codes(STORED)


def read(text: str, stored: dict[str, PlannedMilestone] | None = None) -> ScheduleTable:
    return parse_schedule(text, WORDS, STORED if stored is None else stored)


def problems(text: str) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.field, problem.error.code) for problem in read(text).sheet.problems]


class TestLinks:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", ()),
            ("X01-D01", (PlannedLink("X01-D01"),)),
            ("X01-D01FS+5d; X01-D02", (PlannedLink("X01-D01", LinkType.FS, 5), PlannedLink("X01-D02"))),
            ("X01-D01SS, X01-D02FF-3 days", (PlannedLink("X01-D01", LinkType.SS), PlannedLink("X01-D02", LinkType.FF, -3))),
            ("X01-D01 SF + 2 d", (PlannedLink("X01-D01", LinkType.SF, 2),)),
            ("X01-D01НН+5 дн", (PlannedLink("X01-D01", LinkType.SS, 5),)),
            ("X01-D01ОН−4 дней;", (PlannedLink("X01-D01", LinkType.FS, -4),)),
            ("X01-D01fs+5", (PlannedLink("X01-D01", LinkType.FS, 5),)),
            ("x01-d01", (PlannedLink("X01-D01"),)),
            ("X01-D01+5d", (PlannedLink("X01-D01", LinkType.FS, 5),)),
        ],
    )
    def test_ms_projects_notation_is_read_in_both_languages(self, text: str, expected: tuple[PlannedLink, ...]) -> None:
        assert read_links(text, CODES, waiting="X01-O01") == expected

    def test_a_code_that_ends_like_a_type_or_a_lag_is_a_code(self) -> None:
        codes = Codes(["A-FS", "A-5", "A"])
        assert read_links("A-FS; A-5", codes, waiting="Z") == (PlannedLink("A-5"), PlannedLink("A-FS"))
        assert read_links("A-FSSS+1d", codes, waiting="Z") == (PlannedLink("A-FS", LinkType.SS, 1),)

    @pytest.mark.parametrize(
        ("text", "code", "quoted"),
        [
            ("X09-D01", "choice", "X09-D01"),
            ("X01-D01FS+2w", "choice", "X01-D01FS+2w"),
            ("X01-D01FS+5%", "choice", "X01-D01FS+5%"),
            ("X01-D01-7", "choice", "X01-D01-7"),
            ("Х01-D01", "choice", "X01-D01"),  # a Cyrillic Х
            ("X01-O01", "itself", ""),
            ("X01-D01; X01-D01SS", "duplicate", "X01-D01"),
            ("X01-D01FS+2501d", "range", "2500"),
            ("FS+5d", "choice", "FS+5d"),
            ("=cmd|'/c calc'!A1", "choice", "=cmd"),
            ("x" * 10**5, "choice", "xxx"),
            (";".join(["Y"] * 10**5), "choice", "Y"),
        ],
    )
    def test_what_is_no_link_is_refused_with_what_was_written(self, text: str, code: str, quoted: str) -> None:
        with pytest.raises(DomainError) as caught:
            read_links(text, CODES, waiting="X01-O01")
        assert (caught.value.field, caught.value.code) == ("predecessors", code)
        assert quoted in str(caught.value)
        assert len(str(caught.value)) < 300

    @given(
        st.lists(
            st.tuples(st.sampled_from(["X01-D01", "X01-D02", "X01-O01"]), st.sampled_from(LinkType), st.integers(-2500, 2500)),
            unique_by=lambda one: one[0],
        )
    )
    def test_links_that_were_written_are_read_back(self, links: list[tuple[str, LinkType, int]]) -> None:
        found = tuple(sorted(PlannedLink(*one) for one in links))
        assert read_links(written_links(found), CODES, waiting="Z") == found


HEAD = "Code\tFactory\tKind\tName (Russian)\tMost likely\tOptimistic\tPessimistic\tPredecessors\n"


class TestReading:
    def test_a_new_milestone_a_changed_one_and_one_that_stays(self) -> None:
        table = read(
            HEAD
            + "X01-D01\tX01\tdesign\tПроект\t20\t\t\t\n"
            + "X01-D02\tX01\tdesign\tСмета\t12\t5\t30\tX01-D01SS+2d\n"
            + "X02-O01\tзавод прессов\tОткрытие\tЕщё одно\t0\t\t\tX01-O01; X01-D02\n"
        )
        assert [one.change for one in table.changes] == [Change.UNCHANGED, Change.CHANGED, Change.ADDED]
        assert table.changes[1].columns == ("duration_days", "predecessors")
        new = table.changes[2].new
        assert (new.factory, new.kind, new.duration_days) == (1, "opening", 0)
        assert [link.predecessor for link in new.predecessors] == ["X01-D02", "X01-O01"]

    def test_a_column_that_is_missing_leaves_what_is_there_and_an_empty_cell_empties_it(self) -> None:
        table = read("Код;Оптимистичная;Пессимистичная\nX01-D02;;")
        (one,) = table.changes
        assert one.columns == ("optimistic_days", "pessimistic_days")
        assert (one.new.duration_days, one.new.risk_cause, one.new.predecessors) == (10, "Поставщик", (PlannedLink("X01-D01"),))

    def test_a_row_may_wait_for_a_milestone_of_a_later_row(self) -> None:
        table = read("code;kind;name;predecessors\nN1;opening;Первая;N2FS+1d\nN2;opening;Вторая;", {})
        assert not table.sheet.problems
        assert table.changes[0].new.predecessors == (PlannedLink("N2", LinkType.FS, 1),)

    def test_headings_stand_in_any_order_in_either_language_and_the_example_note_is_not_read(self) -> None:
        text = "\ufeffПримечание;Длительность, дни;Код вехи\nПример;25;X01-D01"
        (one,) = read(text).changes
        assert (one.columns, one.new.duration_days) == (("duration_days",), 25)

    def test_quoted_cells_and_ragged_rows_are_read(self) -> None:
        text = 'code,name_ru,common cause\nX01-D01,"Проект, ""стадия П""",x\nX01-D02,Смета'
        table = read(text)
        assert table.changes[0].new.name_ru == 'Проект, "стадия П"'
        assert table.changes[1].columns == ("risk_cause",)

    def test_what_was_written_as_a_guarded_text_comes_back_as_it_was(self) -> None:
        (one,) = read("code;name_ru;common cause\nX01-D01;Проект;'=SUM(A1)").changes
        assert one.new.risk_cause == "=SUM(A1)"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("code;duration;optimistic;pessimistic\nX01-D01;10;20;30", [(2, "optimistic_days", "order")]),
            ("code;optimistic\nX01-D02;11", [(2, "optimistic_days", "order")]),
            ("code;duration\nX01-D01;-5\nX01-D02;1e400", [(2, "duration_days", "days"), (3, "duration_days", "days")]),
            ("code;factory\nX01-D01;X09", [(2, "factory", "choice")]),
            ("code;factory\nX01-D01;Х01", [(2, "factory", "choice")]),
            ("code;kind\nX01-D01;", [(2, "kind", "required")]),
            ("code;kind\nX01-D01;party", [(2, "kind", "choice")]),
            ("code;responsible\nX01-D01;boris", [(2, "responsible", "choice")]),
            ("code;name\nX01-D01;", [(2, "name_ru", "required")]),
            ("code;name\nX01-D01;" + "ы" * 301, [(2, "name_ru", "too_long")]),
            ("code;name\nX01-D01;a\x07b", [(2, "name_ru", "control_characters")]),
            ("code;name\nX01-D01;a\x00b", [(2, "name_ru", "control_characters")]),
            ("code;name\nX01-D01;\u202eevil", [(2, "name_ru", "control_characters")]),
            ("code;duration\n;5", [(2, "code", "required")]),
            ("code;duration\nX01-D01;5;7", [(2, "", "cells")]),
            ("code;duration\nX01-D01;5\nX01-D01;6", [(3, "code", "duplicate")]),
            ("code;name;kind\nNEW/1;Веха;opening", [(2, "code", "code")]),
            ("code;name\nNEW-1;Веха", [(2, "kind", "required")]),
            ("code;kind;name\nХ01-D01;design;Веха", [(2, "code", "choice")]),
            ("code;predecessors\nX01-D01;NOBODY", [(2, "predecessors", "choice")]),
        ],
    )
    def test_each_bad_cell_is_named_by_row_and_column(self, text: str, expected: list[tuple[int, str, str]]) -> None:
        table = read(text)
        assert [(problem.row, problem.field, problem.error.code) for problem in table.sheet.problems] == expected
        assert all(row in table.sheet.cells for row, _field, _code in expected)
        assert all("\x00" not in cell and "\u202e" not in cell for cells in table.sheet.cells.values() for cell in cells)

    def test_all_bad_cells_are_named_at_once(self) -> None:
        assert problems("code;duration;kind\nX01-D01;a;b\nX01-D02;5;design\nX01-O01;x;opening") == [
            (2, "kind", "choice"), (2, "duration_days", "days"), (4, "duration_days", "days")
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "required"),
            ("\n\n;;\n", "required"),
            ("code;kind;colour\nX;1;2", "heading"),
            ("code;code\nX;1", "heading"),
            ("name;kind\nX;1", "heading"),
            ("code;name\n" + "\n" * 10_001 + "X01-D01;x", "too_many_rows"),
        ],
    )
    def test_a_text_that_is_no_table_is_refused_as_a_whole(self, text: str, code: str) -> None:
        with pytest.raises(DomainError) as caught:
            read(text)
        assert caught.value.code == code

    @given(st.text(max_size=300))
    def test_no_text_ends_in_a_traceback(self, text: str) -> None:
        try:
            table = read(text)
        except DomainError:
            return
        assert table.changes or table.sheet.problems


class TestCircles:
    def test_a_circle_is_refused_with_its_members_in_order(self) -> None:
        (problem,) = read("code;predecessors\nX01-D01;X01-O01").sheet.problems
        assert (problem.row, problem.field, problem.error.code) == (2, "predecessors", "cycle")
        assert "X01-D02 → X01-O01 → X01-D01 → X01-D02" in str(problem.error)

    def test_a_circle_within_the_table_alone_is_found(self) -> None:
        rows = "code;kind;name;predecessors\nN1;design;а;N3\nN2;design;б;N1SS\nN3;design;в;N2FF-5d"
        (problem,) = read(rows, {}).sheet.problems
        assert problem.error.code == "cycle"

    def test_links_that_the_table_takes_away_close_no_circle(self) -> None:
        assert not read("code;predecessors\nX01-O01;\nX01-D01;X01-O01").sheet.problems


class TestBackAndForth:
    def as_table(self, stored: dict[str, PlannedMilestone], mark: str = ";") -> str:
        out = io.StringIO()
        table = csv.writer(out, delimiter=mark)
        table.writerow(["Код", "Завод", "Вид", "name_ru", "name_en", "Most likely", "Optimistic", "Pessimistic", "Общая причина", "Ответственный", "Предшественники"])  # fmt: skip  # noqa: E501
        for one in stored.values():
            cells: list[Any] = [
                {1: "X01", None: ""}[one.factory]
                if name == "factory"
                else "anna"
                if name == "responsible" and one.responsible
                else getattr(one, name)
                for name in COLUMNS
            ]
            cells[-1] = written_links(one.predecessors)
            table.writerow(["" if cell is None else cell for cell in cells])
        return out.getvalue()

    @pytest.mark.parametrize("mark", ["\t", ";", ","])
    def test_a_table_of_what_is_there_changes_nothing(self, mark: str) -> None:
        table = read(self.as_table(STORED, mark))
        assert not table.sheet.problems
        assert [one.change for one in table.changes] == [Change.UNCHANGED] * 3

    def test_the_fingerprint_differs_when_anything_does(self) -> None:
        other = dict(STORED) | {"X01-D01": PlannedMilestone("X01-D01", 1, "design", "Проект", "Design", 21)}
        assert fingerprint(STORED) == fingerprint(dict(reversed(STORED.items())))
        assert len({fingerprint(STORED), fingerprint(other), fingerprint({})}) == 3
