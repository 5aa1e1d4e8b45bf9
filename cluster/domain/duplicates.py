"""When two ledger entries look like the same one: the same document number, counterparty and amount, however they were typed."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from cluster.domain.texts import visible, without_twins

Likeness: TypeAlias = tuple[str, Decimal, str, str]
_QUOTES = str.maketrans(dict.fromkeys("\"'`«»„“”‟‘’‚‛‹›″′", None))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))
# Compatibility composition has made "No" of "№"; the sign tells nothing, so that "№ 17", "No. 17", "N17" and "17" are one number.
_NUMBER_SIGN = re.compile(r"(?<![^\W_])(?:no|n)[.°º]?\s*(?=\d)|#\s*(?=\d)")


def folded(text: str) -> str:
    """A text without what people type differently and cannot see: case, ё and е, quotes, kinds of dashes, number signs, spaces.

    Neither letters of the other alphabet that look the same nor characters that show nothing make a difference.
    """
    plain = without_twins(unicodedata.normalize("NFKC", visible(text)).casefold().replace("ё", "е"))
    plain = _NUMBER_SIGN.sub("", plain.translate(_QUOTES).translate(_DASHES))
    return " ".join(plain.split())


def likeness(*, kind: str, amount: Decimal, document: str, counterparty: str) -> Likeness:
    """What two entries of one contract share when they look like the same one; the amount in roubles."""
    return (kind, amount, folded(document), folded(counterparty))


def first_of_each(entries: Iterable[tuple[int, Likeness]]) -> dict[int, int]:
    """Of (id, likeness), those ids that another one looks like, each with the smallest id among its kin: the first recorded."""
    kin: dict[Likeness, list[int]] = defaultdict(list)
    for key, like in entries:
        kin[like].append(key)
    return {key: min(keys) for keys in kin.values() if len(keys) > 1 for key in keys}
