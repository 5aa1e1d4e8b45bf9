"""What was typed into the search: its words, the other keyboard layout, slips of the finger, and which hit stands first."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster.domain.texts import without_twins

# What is longer than these is not read: nobody means it.
LONGEST, LONGEST_WORD, MOST_WORDS = 100, 40, 8
# So many words a typed one may stand for.
_MOST_MEANT = 6
# Short words that say nothing of a code: в is no B.
_PREPOSITIONS = frozenset(["а", "в", "и", "к", "о", "с", "у", "я", "во", "за", "из", "ко", "на", "не", "но", "об", "от", "по", "со"])

_WORD = re.compile(r"[^\W_]+")
_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?@#$^&|"
_RUSSIAN = 'ёйцукенгшщзхъфывапролджэячсмитьбю.ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,"№;:?/'
_TO_RUSSIAN, _TO_LATIN = str.maketrans(_LATIN, _RUSSIAN), str.maketrans(_RUSSIAN, _LATIN)


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, each once, ё as е: the first `MOST_WORDS` of them, cut to `LONGEST_WORD` letters."""
    plain = unicodedata.normalize("NFC", text).lower().replace("ё", "е")
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(plain)))[:MOST_WORDS]


def in_other_layout(text: str) -> str:
    """What the same keys give in the other of the two layouts, Russian and US: `pfdjl` is `завод`, `афсещкн` is `factory`."""
    latin = sum("a" <= letter <= "z" for letter in text.lower())
    russian = sum("а" <= letter <= "я" or letter == "ё" for letter in text.lower())
    return text.translate(_TO_RUSSIAN if latin > russian else _TO_LATIN)


def spellings(word: str) -> list[str]:
    """The ways in which a word may stand: a code typed with Cyrillic letters that look Latin (Х01) is that code (X01) too."""
    twin = without_twins(word).lower()
    of_a_code = (len(word) <= 2 and word not in _PREPOSITIONS) or any(sign.isdigit() for sign in word)
    return [word, twin] if of_a_code and twin != word else [word]


def slips_allowed(word: str) -> int:
    """How many slips a word may have to be read as another one. A code has none: another code is another thing."""
    if len(word) < 4 or any(sign.isdigit() for sign in word):
        return 0
    return 1 if len(word) < 8 else 2


def distances(typed: str, known: str) -> list[int]:
    """How many slips lie between `typed` and each beginning of `known`, the empty one first and the whole last.

    A slip is a letter too many, too few, or wrong, or two neighbours exchanged (Damerau and Levenshtein, each letter moved once).
    """
    before_last: list[int] = []
    last = list(range(len(known) + 1))
    for row, letter in enumerate(typed, start=1):
        here = [row]
        for column, other in enumerate(known, start=1):
            least = min(last[column] + 1, here[column - 1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == known[column - 2] and typed[row - 2] == other:
                least = min(least, before_last[column - 2] + 1)
            here.append(least)
        before_last, last = last, here
    return last


def slips(typed: str, known: str) -> int:
    """How many slips lie between `typed` and the beginning of `known` that is nearest: a word is searched while it is typed."""
    return min(distances(typed, known))


def answers(word: str, told: Iterable[str]) -> bool:
    """Whether a typed word begins one of some words, slips allowed."""
    return any(slips(spelling, known) <= slips_allowed(word) for spelling in spellings(word) for known in told)


@dataclass(frozen=True, slots=True)
class Explained:
    """By how many slips a row answers what was typed, by which of its words, and what they begin with."""

    slips: int
    words: tuple[str, ...]
    meant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what was typed: for each word the words that may be meant, with the slips between."""

    words: tuple[Mapping[str, int], ...]

    def explains(self, told: Sequence[str]) -> "Explained | None":
        """How the words of a row answer with the fewest slips; None where one of the typed words is not answered."""
        chosen = [
            min(((count, len(word), word, meant) for word in told for meant, count in one.items() if word.startswith(meant)), default=None)
            for one in self.words
        ]
        found = [one for one in chosen if one is not None]
        if len(found) < len(chosen):
            return None
        return Explained(sum(one[0] for one in found), tuple(one[2] for one in found), tuple(one[3] for one in found))


def reading_of(words: Sequence[str], known: Mapping[str, Iterable[tuple[str, str]]]) -> Reading | None:
    """The reading of some typed words by the words that are `known`: for each typed word pairs of its form (itself or its stem) and
    a known word. None where one of them cannot be read at all. A word that is too short to be corrected is read as it is typed.
    """
    read = []
    for word in words:
        meant: dict[str, int] = dict.fromkeys(spellings(word), 0) if not slips_allowed(word) else {}
        for form, candidate in known.get(word, ()):
            count = slips(form, candidate)
            if count <= slips_allowed(form):
                meant[candidate] = min(count, meant.get(candidate, count))
        if not meant:
            return None
        read.append(_nearest(meant))
    return Reading(tuple(read))


def _nearest(meant: Mapping[str, int]) -> Mapping[str, int]:
    """The nearest of these words, without those that another one begins with no more slips."""
    kept: dict[str, int] = {}
    for word, count in sorted(meant.items(), key=lambda one: (one[1], len(one[0]), one[0])):
        if len(kept) < _MOST_MEANT and not any(word.startswith(other) for other in kept):
            kept[word] = count
    return kept


def rank(words: Sequence[str], *, code: str, titles: Sequence[str], near: bool) -> tuple[int, bool, int, int]:
    """Where a hit stands among others, the least first: its code is what was typed, or begins so; it is of the contract at hand; how
    many of the words its best title has not in full, and how long that title is.
    """
    typed, own = ([spellings(word)[-1] for word in some] for some in (words, words_of(code)))
    begins = bool(own) and own[: len(typed) - 1] == typed[:-1] and own[len(typed) - 1 : len(typed)] != []
    by_code = 0 if typed == own else 1 if begins and own[len(typed) - 1].startswith(typed[-1]) else 2
    missing, length = min((sum(word not in words_of(title) for word in words), len(title)) for title in titles)
    return by_code, not near, missing, length
