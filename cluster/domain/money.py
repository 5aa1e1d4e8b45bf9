"""Money: exact decimals, one rounding rule, and the strict readers of amounts: those that people type, those that programs send."""

import re
from decimal import ROUND_HALF_UP, Decimal

from cluster.domain.errors import DomainError
from cluster.domain.texts import printable

CENT = Decimal("0.01")
# numeric(20, 2) in the database; a cluster of this kind is counted in tens of billions.
LARGEST_AMOUNT = Decimal("1000000000000")
_SPACES = "\u0020\u00a0\u2009\u202f"
_SCALES = {
    "тыс": 10**3, "thousand": 10**3, "k": 10**3,
    "млн": 10**6, "mln": 10**6, "million": 10**6, "m": 10**6,
    "млрд": 10**9, "bn": 10**9, "billion": 10**9,
}  # fmt: skip
_AMOUNT = re.compile(r"(?P<sign>[+\-\u2212]?)(?P<number>[0-9.,\u0020\u00a0\u2009\u202f]*[0-9])\s*(?P<scale>[a-zа-я]*)\.?\s*[₽р]?\.?")
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


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
    # Thousands begin with one to three digits and with no zero; anything else before the mark can only be a whole number.
    if mark and len(decimals) == 3 and not separators and not scaled and re.fullmatch("[1-9][0-9]{0,2}", groups[0]):
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


def plain_number(given: object) -> Decimal | None:
    """A number as a program sends it: ASCII digits with an optional minus and point, or an exact number; None for all else.

    A Decimal keeps the decimals it was written with. Fractions in binary are not exact, so that they are nothing here.
    """
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        return None
    if isinstance(given, Decimal) and not given.is_finite():
        return None
    text = given if isinstance(given, str) else f"{given:f}" if isinstance(given, Decimal) else str(given)
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def read_amount(given: object, *, least: Decimal = CENT, field: str = "value") -> Decimal:
    """Read roubles as a program sends them: `"1234567.89"`, or the same as a number; kopecks at most, a trillion at most.

    Raises DomainError naming `field`: code `not_a_number`, `precision` for more than two decimals, `too_large`, `negative`,
    and `not_positive` for a 0 where `least` is more.
    """
    text = printable(str(given), 40)
    number = plain_number(given)
    if number is None:
        raise DomainError(
            "“{text}” is not an amount: write digits, and kopecks after a point, without spaces or commas, such as 1234567.89.",
            field=field,
            code="not_a_number",
            text=text,
        )
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -2:
        raise DomainError(
            "“{text}” has more than two decimals: round it to kopecks, such as 1234567.89.", field=field, code="precision", text=text
        )
    if number > LARGEST_AMOUNT:
        raise DomainError(
            "“{text}” is more than a trillion: write roubles, at most {largest}.",
            field=field,
            code="too_large",
            text=text,
            largest=round_money(LARGEST_AMOUNT),
        )
    if number.is_signed() and least >= 0:
        raise DomainError("“{text}” is negative: write the amount without a minus.", field=field, code="negative", text=text)
    if number < least:
        raise DomainError("“{text}” is too little: write {least} or more.", field=field, code="not_positive", text=text, least=least)
    return round_money(number)
