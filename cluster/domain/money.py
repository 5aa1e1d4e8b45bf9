"""Money: exact decimals, one rounding rule, and the one strict reader of amounts that people type."""

import re
from decimal import ROUND_HALF_UP, Decimal

from cluster.domain.errors import DomainError

CENT = Decimal("0.01")
# numeric(20, 2) in the database; a cluster of this kind is counted in tens of billions.
LARGEST_AMOUNT = Decimal("1000000000000")
_SPACES = "\u0020\u00a0\u2009\u202f"
_SCALES = {
    "тыс": 10**3, "thousand": 10**3, "k": 10**3,
    "млн": 10**6, "mln": 10**6, "million": 10**6, "m": 10**6,
    "млрд": 10**9, "bn": 10**9, "billion": 10**9,
}  # fmt: skip
_AMOUNT = re.compile(r"(?P<sign>[+\-\u2212]?)(?P<number>[\d.,\u0020\u00a0\u2009\u202f]*\d)\s*(?P<scale>[a-zа-я]*)\.?\s*[₽р]?\.?")


def round_money(amount: Decimal) -> Decimal:
    """Round half-up to kopecks or cents: the only rounding of money in the project."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def parse_amount(text: str, *, field: str = "amount") -> Decimal:
    """Read an amount as a person types it: `1 234 567,89`, `1234567.89`, `1,2 млрд`, `−5 000`.

    Kopecks at most, a trillion at most. Raises DomainError naming `field`: code `ambiguous` when a lone group of three
    digits after a comma or a point could be thousands or decimals, `precision` for more than two decimals, `too_large`,
    and `not_a_number` for everything else.
    """
    match = _AMOUNT.fullmatch(text.strip().lower())
    scale = match and match["scale"] and _SCALES.get(match["scale"])
    if match is None or (match["scale"] and scale is None):
        raise DomainError("“{text}” is not an amount: write 1 234 567,89.", field=field, code="not_a_number", text=text)
    number = Decimal(_plain_number(match["number"], text, field, scaled=bool(scale))) * (scale or 1)
    if number > LARGEST_AMOUNT:
        raise DomainError("“{text}” is more than a trillion: check the amount.", field=field, code="too_large", text=text)
    if number != round_money(number):
        raise DomainError(
            "“{text}” has more than two decimals: roubles have kopecks, nothing finer.",
            field=field,
            code="precision",
            text=text,
        )
    return round_money(-number if match["sign"] in ("-", "\u2212") and match["sign"] else number)


def _plain_number(number: str, text: str, field: str, *, scaled: bool) -> str:
    """`number` without its group separators and with a decimal point, or a DomainError that says what is unclear."""
    whole, mark, decimals = number, "", ""
    marks = [c for c in number if c in ",."]
    if marks:
        mark = marks[-1]
        whole, decimals = number.rsplit(mark, 1)
    groups = re.split(f"[{_SPACES},.]", whole)
    separators = set(re.findall(f"[{_SPACES},.]", whole))
    grouped = len(groups) > 1
    well_grouped = len(separators) <= 1 and 1 <= len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])
    if (grouped and not well_grouped) or not groups[0] or not (decimals.isdigit() or not mark) or mark in separators:
        if mark and mark in separators and len(separators) == 1 and well_grouped and len(decimals) == 3:
            return "".join(groups) + decimals  # 1,234,567: the mark only groups
        raise DomainError("“{text}” is not an amount: write 1 234 567,89.", field=field, code="not_a_number", text=text)
    if mark and len(decimals) == 3 and not separators and not scaled:
        raise DomainError(
            "“{text}” can mean thousands or decimals: write {thousands} if you mean thousands, {decimal} if you mean decimals "
            "(kopecks at most).",
            field=field,
            code="ambiguous",
            text=text,
            thousands=f"{groups[0]} {decimals}",
            decimal=str(round_money(Decimal(f"{groups[0]}.{decimals}"))).replace(".", ","),
        )
    return "".join(groups) + (f".{decimals}" if mark else "")
