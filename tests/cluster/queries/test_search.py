"""The search: what is found, for whom, in which languages, with slips; and that the database keeps its words."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import Attachment, Contract, Factory, Milestone, SearchWord, User
from cluster.queries.search import MOST_OF_A_KIND, Kind, search
from tests.factories import make_contract, make_factory, make_milestone, make_source, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def reader() -> User:
    """An auditor of everything."""
    return make_user(Role.AUDITOR, username="auditor")


@pytest.fixture
def plant() -> Factory:
    """A factory with two milestones."""
    contract = make_contract(code="alpha", name_ru="Ёлочный кластер в Калининграде", name_en="Cluster in Kaliningrad")
    factory = make_factory(contract, code="F03", name_ru="Сварочный цех", name_en="Welding shop")
    make_milestone(factory, code="M-1", name_ru="Открытие сварочного цеха", name_en="Welding shop opens")
    make_milestone(factory, code="M-17", name_ru="Оборудование поставлено", name_en="Equipment supplied")
    return factory


def codes(reader: User, text: str, **options: Any) -> list[str]:
    """The codes of what is found."""
    return [hit.code for hit in search(reader, text, **options).hits]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("сварочный цех", ["F03", "M-1"]),
        ("сварочных цехов", ["F03", "M-1"]),
        ("welding shops", ["F03", "M-1"]),
        ("shop weld", ["F03", "M-1"]),
        ("поставлен", ["M-17"]),
        ("supply equip", ["M-17"]),
        ("елочный", ["alpha"]),
        ("Ёлочный", ["alpha"]),
        ("открытие в цехе", ["M-1"]),
        ("M-17", ["M-17"]),
        ("м 17", ["M-17"]),
        ("auditor", ["auditor"]),
    ],
)
def test_words_are_found_in_both_languages_while_they_are_typed_and_in_any_form(
    reader: User, plant: Factory, text: str, found: list[str]
) -> None:
    assert codes(reader, text) == found


@pytest.mark.parametrize(
    ("text", "found", "instead"),
    [
        ("сварчный цех", ["F03", "M-1"], "сварочный цех"),
        ("Kaliningard", ["alpha"], "kaliningrad"),
        ("cdfhjxysq", ["F03", "M-1"], "сварочный"),
        ("цудвштп", ["F03", "M-1"], "welding"),
        ("jnrhsnbt wt[f", ["M-1"], "открытие цеха"),
        ("cdfhxysq", ["F03", "M-1"], "сварочный"),
    ],
)
def test_slips_and_the_other_layout_are_forgiven_and_told(reader: User, plant: Factory, text: str, found: list[str], instead: str) -> None:
    answer = search(reader, text)
    assert (answer.instead, [hit.code for hit in answer.hits]) == (instead, found)
    assert codes(reader, text, corrects=False) == []


_SIGNS = ["& | ! ( ) :*", "':*", "\\", "'", '"a" <-> !b', "%s %(x)s {}", "<->"]
_ODD = [
    "",
    " ",
    "\x00",
    "\x00завод",
    "и",
    "of",
    "²",
    "٣",
    "я" * 500,
    "a b c d e f g h i",
    "\u202e\u200b",
    "🏭",
    "1e400",
    "ǅ",
    "İ",
    "\ud800",
]


@pytest.mark.parametrize("text", _SIGNS + _ODD)
def test_no_text_is_an_error(reader: User, plant: Factory, text: str) -> None:
    assert isinstance(search(reader, text, near="alpha").hits, tuple)


def test_nobody_finds_what_lies_outside_the_own_scope_nor_learns_that_it_is_there(plant: Factory) -> None:
    sister = make_factory(plant.contract, code="F04", name_ru="Окрасочный цех", name_en="Paint shop")
    make_milestone(sister, code="P-1", name_ru="Окраска начата", name_en="Painting starts")
    make_source(key="plan-f04", title_ru="Окрасочный план", contract=plant.contract, factory=sister)
    foreign = make_contract(code="beta", name_ru="Окрасочный кластер")
    manager, outsider = make_user(Role.MANAGER, factory=plant), make_user(Role.EDITOR, contract=foreign)
    for text in ("окрасочный", "окрсочный", "jrhfcjxysq", "F04"):
        assert search(manager, text).hits == ()
        assert search(manager, text).instead == ""
        assert not search(manager, text).more
    assert codes(manager, "цех") == ["F03", "M-1"]
    assert codes(outsider, "цех") == []
    assert codes(outsider, "окрасочный") == ["beta"]
    assert search(make_user(), "цех").hits == ()


def test_people_are_found_by_those_alone_who_may_see_them(reader: User, plant: Factory) -> None:
    make_user(username="petrova", first_name="Анна", last_name="Петрова")
    controller = make_user(Role.CONTROLLER, username="petrov")
    assert codes(reader, "петрова анна") == ["petrova"]
    assert codes(controller, "petrov") == []


def test_a_withdrawn_file_is_not_found(reader: User, plant: Factory) -> None:
    file = Attachment.objects.create(
        contract=plant.contract, factory=plant, name="Акт приёмки.pdf", media_type="application/pdf", size=1, sha256="0", by=reader
    )
    assert [hit.kind for hit in search(reader, "акт приемки").hits] == [Kind.ATTACHMENT]
    Attachment.objects.filter(pk=file.pk).update(withdrawn_at=timezone.now())
    assert search(reader, "акт приемки").hits == ()


def test_a_file_of_another_factory_is_not_found(plant: Factory) -> None:
    other = make_factory(plant.contract, code="F04")
    for factory in (plant, other):
        Attachment.objects.create(
            contract=plant.contract, factory=factory, name=f"Акт {factory.code}.pdf", media_type="application/pdf", size=1, sha256="0",
            by=make_user(),
        )  # fmt: skip
    found = search(make_user(Role.MANAGER, factory=plant), "акт").hits
    assert [(hit.kind, hit.title) for hit in found] == [(Kind.ATTACHMENT, "Акт F03.pdf")]


def test_a_code_stands_first_even_where_many_begin_so_and_the_contract_at_hand_before_others(reader: User) -> None:
    one, two = make_contract(code="one"), make_contract(code="two")
    for contract in (one, two):
        Milestone.objects.bulk_create(
            Milestone(contract=contract, code=f"M-{n}", kind="opening", name_ru=f"Веха {n}") for n in [*range(100, 160), 1]
        )
    found = search(reader, "m-1", near="two")
    assert [(hit.contract, hit.code) for hit in found.hits][:2] == [("two", "M-1"), ("one", "M-1")]
    assert [hit.code for hit in search(reader, "m-1").hits][:2] == ["M-1", "M-1"]
    assert found.more == {Kind.MILESTONE}
    assert len(found.hits) == MOST_OF_A_KIND
    assert {hit.contract for hit in search(reader, "веха", near="one").hits} == {"one"}


def test_a_search_is_one_statement_and_a_correction_three(reader: User, plant: Factory, django_assert_num_queries: Any) -> None:
    assert reader.scope
    with django_assert_num_queries(1):
        search(reader, "цех", near="alpha")
    with django_assert_num_queries(3):
        search(reader, "сварчный", near="alpha")
    with django_assert_num_queries(2):
        search(reader, "qqqqqqqqqq", near="alpha")


def test_the_words_are_learnt_whoever_writes_and_each_once(reader: User, plant: Factory) -> None:
    before = SearchWord.objects.count()
    make_milestone(plant, code="M-2", name_ru="Сварочный цех", name_en="Welding shop")
    assert SearchWord.objects.count() == before
    Factory.objects.filter(pk=plant.pk).update(name_ru="Гальванический участок")
    assert codes(reader, "гальваничиский") == ["F03"]
    assert set(codes(reader, "сварчный")) == {"M-1", "M-2"}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cluster_contract SET name_en = 'Amber coast' WHERE code = 'alpha'")
    assert codes(reader, "abmer coast") == ["alpha"]
    Contract.objects.create(code="gamma", name_ru="Янтарный")
    assert codes(reader, "янтраный") == ["gamma"]
    Contract.objects.filter(code="gamma").delete()
    assert search(reader, "янтраный").hits == ()
    assert not SearchWord.objects.filter(word__regex="[0-9]").exists()


def test_the_search_reads_milestones_by_the_index(reader: User, plant: Factory) -> None:
    Milestone.objects.bulk_create(Milestone(contract=plant.contract, code=f"Q{n}", kind="opening", name_ru=f"Этап{n}") for n in range(300))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cluster_milestone")
        cursor.execute(
            "EXPLAIN SELECT id FROM cluster_milestone "
            "WHERE cluster_search_vector(code, name_ru, name_en) @@ to_tsquery('russian', 'этап77:*') LIMIT 5"
        )
        assert "milestone_search" in str(cursor.fetchall())
