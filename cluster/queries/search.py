"""Finding contracts, factories, milestones, documents and people by their words, as far as the reader may see them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import Any, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery
from django.db import connection
from django.db.models import BigIntegerField, Case, CharField, F, QuerySet, TextField, Value, When

from cluster.domain.search import LONGEST, Explained, Reading, in_other_layout, rank, reading_of, spellings, words_of
from cluster.domain.texts import is_plain
from cluster.models import Attachment, Contract, Factory, Milestone, Source, User
from cluster.models.names import in_language
from cluster.models.scope import Reader, scope_of
from cluster.models.search import search_vector
from cluster.queries.accounts import sees_accounts

Query: TypeAlias = SearchQuery | CombinedSearchQuery

# So many rows of a kind are looked at for the best ones, and so many are given.
_READ, MOST_OF_A_KIND = 24, 12
# Fewer letters may mean anything.
_CORRECTED_FROM = 3


class Kind(StrEnum):
    """What can be found, in the order in which it is shown."""

    CONTRACT = "contract"
    FACTORY = "factory"
    MILESTONE = "milestone"
    SOURCE = "source"
    ATTACHMENT = "attachment"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found. `contract` and `factory` are codes (empty: of none); names are in Russian and English."""

    kind: Kind
    pk: int
    contract: str
    factory: str
    factory_names: tuple[str, str]
    factory_pk: int | None
    code: str
    names: tuple[str, str]
    note: str

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return in_language(*self.names)

    @property
    def factory_name(self) -> str:
        """The name of the factory that it belongs to, in the reader's language; empty for none."""
        return in_language(*self.factory_names)

    @property
    def told(self) -> list[str]:
        """The words by which it was found."""
        return [word for text in (self.code, *self.names, self.note) for word in words_of(text)]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: the best of each kind, the best kind first; and what is shown instead of what was typed, if that is so."""

    text: str
    hits: tuple[Hit, ...]
    instead: str = ""
    # There is more of these kinds than is given.
    more: frozenset[Kind] = frozenset()

    @property
    def by_kind(self) -> dict[Kind, list[Hit]]:
        """The hits of each kind."""
        return {kind: [hit for hit in self.hits if hit.kind is kind] for kind in dict.fromkeys(hit.kind for hit in self.hits)}


def search(reader: Reader, text: str, *, near: str = "", corrects: bool = True) -> Found:
    """What the words of `text` begin, in any order and either language: one statement.

    Where nothing is found and `corrects`, the other keyboard layout and words with slips are tried by what the reader may see: two more.
    `near` is the code of the contract at hand, whose rows stand first.
    """
    words = words_of(text[:LONGEST])
    text = text[:LONGEST] if is_plain(text) else " ".join(words)
    if not words or scope_of(reader).is_empty:
        return Found(text, ())
    rows = _rows(reader, _all_of(words), text, near)
    if rows or not corrects or max(map(len, words)) < _CORRECTED_FROM:
        return _best(text, words, rows, near)
    return _corrected(reader, text, words, near)


def _corrected(reader: Reader, text: str, words: list[str], near: str) -> Found:
    ways = [way for way in (words, words_of(in_other_layout(text))) if way]
    known = _known({word for way in ways for word in way if len(word) >= _CORRECTED_FROM})
    readings = [reading for way in ways if (reading := reading_of(way, known))]
    if not readings:
        return Found(text, ())
    asked = reduce(_or, (reduce(_and, (reduce(_or, map(_begins, one)) for one in reading.words)) for reading in readings))
    rows = _rows(reader, asked, text, near)
    explained = [(answer, row) for row in rows if (answer := _explained(readings, row))]
    if not explained:
        return Found(text, ())
    best, _row = min(explained, key=lambda one: (one[0].slips, rank(one[0].words, **_standing(one[1], near))))
    meant = [row for answer, row in explained if answer.meant == best.meant]
    return _best(text, best.words, meant, near, instead=" ".join(best.words))


def _explained(readings: Sequence[Reading], row: Hit) -> Explained | None:
    answers = [answer for reading in readings if (answer := reading.explains(row.told))]
    return min(answers, key=lambda answer: answer.slips, default=None)


def _best(text: str, words: Sequence[str], rows: Sequence[Hit], near: str, instead: str = "") -> Found:
    """The best rows of each kind; a kind whose best row bears the code that was typed comes before the others."""
    ranked = sorted(((rank(words, **_standing(row, near)), row) for row in rows), key=lambda one: (one[0], one[1].pk))
    first = {kind: min((place[0] for place, row in ranked if row.kind is kind), default=9) for kind in Kind}
    hits: list[Hit] = []
    for kind in sorted(Kind, key=lambda kind: (first[kind], list(Kind).index(kind))):
        hits += [row for _place, row in ranked if row.kind is kind][:MOST_OF_A_KIND]
    counted = {kind: sum(row.kind is kind for row in rows) for kind in Kind}
    return Found(text, tuple(hits), instead, frozenset(kind for kind, count in counted.items() if count > MOST_OF_A_KIND))


def _standing(row: Hit, near: str) -> dict[str, Any]:
    return {"code": row.code, "titles": row.names, "near": not near or row.contract in ("", near)}


def _begins(word: str, config: str = "simple") -> Query:
    """What begins with this word. It is letters and digits alone, so that nothing in it is an operator."""
    return SearchQuery(f"'{word}':*", config=config, search_type="raw")


def _exactly(text: str) -> Query:
    """What has each of these words in full, as a code that is typed does: few rows, where many begin with them."""
    whole: list[list[Query]] = [
        [SearchQuery(f"'{one}'", config="simple", search_type="raw") for one in spellings(word)] for word in words_of(text)
    ]
    return reduce(_and, (reduce(_or, word) for word in whole))


def _means(word: str) -> Query:
    """What begins with the stem of this word. A stem begins the word, all but one in -y (supply, suppli-); of and и mean nothing."""
    by_stem = _begins(word, "russian")
    return _begins(word) | by_stem if word.endswith("y") else by_stem


def _all_of(words: Sequence[str]) -> Query:
    return reduce(_and, (reduce(_or, map(_means, spellings(word))) for word in words))


def _and(one: Query, other: Query) -> Query:
    return one & other


def _or(one: Query, other: Query) -> Query:
    return one | other


def _rows(reader: Reader, asked: Query, text: str, near: str) -> list[Hit]:
    """The rows that answer, each through the gate of its model: one statement, whatever there is."""
    first, *others = _answering(reader, asked, text, near)
    rows = {row[:2]: row for row in first.union(*others, all=True)}
    return [
        Hit(Kind(kind), pk, contract or "", factory or "", (factory_ru or "", factory_en or ""), factory_pk or None, code, (ru, en), note)
        for kind, pk, contract, factory, factory_ru, factory_en, factory_pk, code, ru, en, note in rows.values()
    ]


def _answering(reader: Reader, asked: Query, text: str, near: str) -> Iterator[QuerySet[Any, Any]]:
    for kind, table, rows, columns in _searched(reader):
        answering = rows.order_by().alias(words=search_vector(table)).filter(words=asked)
        told: dict[str, Any] = {"found_kind": Value(kind.value, output_field=CharField()), "found_pk": F("pk")}
        told |= {name: F(column) if column else _NOTHING.get(name, _EMPTY) for name, column in zip(_COLUMNS, columns, strict=True)}
        answers = answering.annotate(**told).values_list(*told)
        # What stands first is never crowded out: the code that was typed, before it what the contract at hand has.
        code = columns[_CODE]
        first = [answers.filter(words=_exactly(text), **{f"{code}__iexact": text.strip()})[:_READ]] if code and words_of(text) else []
        if near and kind in _MANY:
            is_code = Case(When(**{f"{code}__iexact": text.strip()}, then=Value(0)), default=Value(1))
            first.insert(0, answers.filter(contract__code=near).order_by(is_code)[:_READ])
        yield first[0].union(*first[1:], answers[:_READ], all=True)[: _READ * len(first)] if first else answers[:_READ]


# The columns of a hit beside its kind and id, the place of the code among them, and the kinds of which a contract has many.
_COLUMNS = (
    "of_contract",
    "of_factory",
    "of_factory_ru",
    "of_factory_en",
    "of_factory_pk",
    "found_code",
    "found_ru",
    "found_en",
    "found_note",
)
_CODE = _COLUMNS.index("found_code")
_MANY = (Kind.FACTORY, Kind.MILESTONE)
_EMPTY, _NOTHING = Value("", output_field=TextField()), {"of_factory_pk": Value(0, output_field=BigIntegerField())}


def _searched(reader: Reader) -> Iterator[tuple[Kind, str, QuerySet[Any], tuple[str, ...]]]:
    """Each kind with its table, the rows that the reader may see, and the columns that are told of a row: those of `_COLUMNS`."""
    in_factory = ("contract__code", "factory__code", "factory__name_ru", "factory__name_en", "factory_id")
    names = ("code", "name_ru", "name_en", "")
    yield Kind.CONTRACT, "contract", Contract.objects.for_reader(reader), ("code", "", "", "", "", *names)
    yield Kind.FACTORY, "factory", Factory.objects.for_reader(reader), ("contract__code", "code", "", "", "pk", *names)
    yield Kind.MILESTONE, "milestone", Milestone.objects.for_reader(reader), (*in_factory, *names)
    sources = ("contract__code", "", "", "", "", "key", "title_ru", "title_en", "publisher")
    yield Kind.SOURCE, "source", Source.objects.for_reader(reader), sources
    files = Attachment.objects.for_reader(reader).filter(withdrawn_at=None)
    yield Kind.ATTACHMENT, "attachment", files, (*in_factory, "", "name", "name", "note")
    if not isinstance(reader, AnonymousUser) and sees_accounts(reader):
        # The others see nobody but themselves.
        people = ("", "", "", "", "", "username", "last_name", "last_name", "first_name")
        yield Kind.PERSON, "user", User.objects.for_reader(reader), people


# The words that share most threes of letters with a typed one or its stem. The condition on length lets two letters be missing.
_KNOWN = """
WITH asked AS MATERIALIZED (
    SELECT typed, form, cluster_search_trigrams(form) AS threes
    FROM unnest(%s::text[]) AS typed
    CROSS JOIN LATERAL (SELECT typed UNION SELECT unnest(tsvector_to_array(to_tsvector('pg_catalog.russian', typed)))) AS written (form)
)
SELECT asked.typed, asked.form, near.word
FROM asked CROSS JOIN LATERAL (
    SELECT known.word FROM cluster_searchword AS known
    WHERE cluster_search_trigrams(known.word) && asked.threes AND length(known.word) >= length(asked.form) - 2
    ORDER BY (SELECT count(*) FROM unnest(asked.threes) AS three WHERE strpos('  ' || known.word || ' ', three) > 0) DESC,
        length(known.word), known.word
    LIMIT 40
) AS near
"""


def _known(words: set[str]) -> Mapping[str, list[tuple[str, str]]]:
    """By typed word the words of the lists that are near to it, each with the form that it is near to; one statement, whoever reads."""
    found: dict[str, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [sorted(words)])
        for typed, form, word in cursor.fetchall():
            found.setdefault(typed, []).append((form, word))
    return found
