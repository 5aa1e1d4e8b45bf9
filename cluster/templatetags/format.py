"""How numbers, money, dates and their wordings look to people in the active language; Babel knows the rules of each.

Import the functions where Python builds text (charts, exports); templates `{% load format %}`. A missing value is
an empty string here: the template says "not published" in its own words.
"""

from datetime import date as Date
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_interval
from babel.numbers import format_decimal
from babel.units import format_unit
from django import template
from django.utils import timezone

from cluster.domain.dates import DateWindow, Precision
from cluster.models import Claim
from cluster.models.claim import Qualifier
from cluster.models.names import day_in_words, in_english

register = template.Library()

NBSP = "\u00a0"
MINUS = "\u2212"
_ROMAN = ("", "I", "II", "III", "IV")
_SIGNS = {"RUB": "₽", "USD": "$", "EUR": "€"}
_SCALES = ((Decimal(10) ** 12, "trillion"), (Decimal(10) ** 9, "billion"), (Decimal(10) ** 6, "million"), (Decimal(10) ** 3, "thousand"))
# Words that are part of a number, kept beside the grammar that uses them.
_WORDS: dict[str, dict[str, str]] = {
    "ru": {
        "trillion": "трлн", "billion": "млрд", "million": "млн", "thousand": "тыс.",
        "more_than": "более", "at_least": "не менее", "about": "около", "almost": "почти", "up_to": "до",
        "half": "полугодие",
    },
    "en": {
        "trillion": "tn", "billion": "bn", "million": "m", "thousand": "k",
        "more_than": "more than", "at_least": "at least", "about": "about", "almost": "almost", "up_to": "up to",
    },
}  # fmt: skip
# The forms of a counted thing: one, few and many in Russian, one and many in English.
_UNITS: dict[str, dict[str, tuple[str, ...]]] = {
    "ru": {
        "vehicles": ("автомобиль", "автомобиля", "автомобилей"),
        "vehicles_per_year": ("автомобиль в год", "автомобиля в год", "автомобилей в год"),
        "motors_per_year": ("двигатель в год", "двигателя в год", "двигателей в год"),
        "batteries_per_year": ("батарея в год", "батареи в год", "батарей в год"),
        "sets_per_year": ("комплект в год", "комплекта в год", "комплектов в год"),
        "units_per_year": ("штука в год", "штуки в год", "штук в год"),
        "units": ("штука", "штуки", "штук"),
        "motors": ("двигатель", "двигателя", "двигателей"),
        "batteries": ("батарея", "батареи", "батарей"),
        "sets": ("комплект", "комплекта", "комплектов"),
        "tonnes": ("тонна", "тонны", "тонн"),
        "tonnes_per_year": ("тонна в год", "тонны в год", "тонн в год"),
        "plants": ("завод", "завода", "заводов"),
        "people": ("человек", "человека", "человек"),
        "jobs": ("рабочее место", "рабочих места", "рабочих мест"),
        "models": ("модель", "модели", "моделей"),
        "brands": ("марка", "марки", "марок"),
        "m2": ("м²", "м²", "м²"),
        "kW": ("кВт", "кВт", "кВт"),
        "percent": ("%", "%", "%"),
    },
    "en": {
        "vehicles": ("vehicle", "vehicles"),
        "vehicles_per_year": ("vehicle a year", "vehicles a year"),
        "motors_per_year": ("motor a year", "motors a year"),
        "batteries_per_year": ("battery a year", "batteries a year"),
        "sets_per_year": ("set a year", "sets a year"),
        "units_per_year": ("unit a year", "units a year"),
        "units": ("unit", "units"),
        "motors": ("motor", "motors"),
        "batteries": ("battery", "batteries"),
        "sets": ("set", "sets"),
        "tonnes": ("tonne", "tonnes"),
        "tonnes_per_year": ("tonne a year", "tonnes a year"),
        "plants": ("plant", "plants"),
        "people": ("person", "people"),
        "jobs": ("job", "jobs"),
        "models": ("model", "models"),
        "brands": ("brand", "brands"),
        "m2": ("m²", "m²"),
        "kW": ("kW", "kW"),
        "percent": ("%", "%"),
    },
}


def language() -> str:
    """The active language as one of the two that are complete."""
    return "en" if in_english() else "ru"


def _digits(value: Any, pattern: str = "#,##0.##") -> str:
    return _written(value, pattern, language())


@lru_cache(maxsize=20_000)
def _written(value: Any, pattern: str, locale: str) -> str:
    return str(format_decimal(value, format=pattern, locale=locale, decimal_quantization=False)).replace("-", MINUS)


@register.filter
def number(value: Any, decimals: int | None = None) -> str:
    """`1 234 567,5`: at most two decimals, or exactly `decimals`, rounded half-up."""
    if value is None or value == "":
        return ""
    value = Decimal(value)
    places = Decimal(1).scaleb(-(2 if decimals is None else decimals))
    value = value.quantize(places, rounding=ROUND_HALF_UP)
    pattern = "#,##0.##" if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    return _digits(value, pattern)


@register.filter
def percent(value: Any, decimals: int = 1) -> str:
    """A number of per cent (31 -> `31 %`, English `31%`); at most `decimals` decimals."""
    if value is None or value == "":
        return ""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return _digits(rounded, "#,##0." + "#" * decimals if decimals else "#,##0") + (f"{NBSP}%" if language() == "ru" else "%")


def _with_sign(digits: str, currency: str) -> str:
    sign = _SIGNS.get(currency, currency)
    if language() == "ru":
        return f"{digits}{NBSP}{sign}"
    return f"{MINUS}{sign}{digits[1:]}" if digits.startswith(MINUS) else f"{sign}{digits}"


def money(value: Any, currency: str = "RUB") -> str:
    """An amount in full, with kopecks or cents: `1 234 567,89 ₽`, English `₽1,234,567.89`."""
    return "" if value is None or value == "" else _with_sign(number(value, 2), currency)


@register.filter
def money_rub(value: Any) -> str:
    """Roubles in full."""
    return money(value, "RUB")


@register.filter
def money_usd(value: Any) -> str:
    """Dollars in full."""
    return money(value, "USD")


def _short_digits(value: Decimal) -> tuple[str, str]:
    """The digits and the word of scale: three or four digits that matter, never more than two decimals."""
    for step, word in _SCALES:
        if abs(value) >= step and (word != "thousand" or abs(value) >= 10 * step):
            scaled = value / step
            break
    else:
        scaled, word = value, ""
    decimals = 0 if abs(scaled) >= 1000 else 1 if abs(scaled) >= 100 else 2
    return number(scaled.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)), word


@register.filter
def money_short(value: Any, currency: str = "RUB") -> str:
    """`70 млрд ₽`, English `₽70bn`; `749,1 млн $`, English `$749.1m`."""
    if value is None or value == "":
        return ""
    digits, word = _short_digits(Decimal(value))
    if not word:
        return _with_sign(digits, currency)
    scale = _WORDS[language()][word]
    return _with_sign(f"{digits}{NBSP}{scale}" if language() == "ru" else f"{digits}{scale}", currency)


def money_range(low: Any, high: Any, currency: str = "RUB") -> str:
    """`28–30 млрд ₽`, or one amount when there is no range."""
    if high is None or high == low:
        return money_short(low, currency)
    first, scale_low = _short_digits(Decimal(low))
    second, scale_high = _short_digits(Decimal(high))
    if scale_low != scale_high:
        return f"{money_short(low, currency)} – {money_short(high, currency)}"
    return money_short(high, currency).replace(second, f"{first}–{second}")


@register.filter
def usd_short(value: Any) -> str:
    """Dollars in short."""
    return money_short(value, "USD")


@register.filter
def rate(value: Any) -> str:
    """Roubles for a dollar, with all four decimals: `93,4419`."""
    return "" if value is None or value == "" else number(value, 4)


@register.filter
def count(value: Any, unit: str) -> str:
    """A number with its unit in the right form: `21 автомобиль`, `300 000 автомобилей в год`."""
    if value is None or value == "":
        return ""
    if unit == "year":  # a calendar year, not a quantity
        return str(int(Decimal(value)))
    return f"{number(value)}{NBSP}{unit_word(value, unit)}".rstrip(NBSP)


def unit_word(value: Any, unit: str) -> str:
    """The form of a unit that follows `value`; an unknown unit is written as it stands."""
    forms = _UNITS[language()].get(unit)
    if forms is None:
        return _SIGNS.get(unit, unit.replace("_", " "))
    value = Decimal(value)
    form = _plural(int(value), language()) if value == int(value) else "few"
    if language() == "en":
        return forms[0] if form == "one" else forms[1]
    return forms[{"one": 0, "few": 1}.get(form, 2)]


@lru_cache(maxsize=5_000)
def _plural(value: int, locale: str) -> str:
    return str(Locale(locale).plural_form(value))


def unit_choices(kept: str = "") -> list[tuple[str, str]]:
    """The units of numbers and the word of each for many, money first; `kept` is offered too, whatever it is."""
    known = [*_SIGNS, *_UNITS[language()]]
    return [(unit, unit_word(Decimal(5), unit)) for unit in ([*known, kept] if kept and kept not in known else known)]


@register.filter
def days(value: Any) -> str:
    """`761 день`, `2 дня`, `305 дней`, English `761 days`."""
    if value is None or value == "":
        return ""
    return _days(int(value), language())


@lru_cache(maxsize=5_000)
def _days(value: int, locale: str) -> str:
    return str(format_unit(value, "duration-day", length="long", locale=locale)).replace(" ", NBSP)


@register.filter
def days_late(value: Any) -> str:
    """Days with a plus sign, as lateness is written: `+761 день`; empty when nothing is late."""
    return f"+{days(value)}" if value else ""


@register.filter
def date(value: Any) -> str:
    """`22 ноября 2026 г.`, English `November 22, 2026`."""
    return _date(value, "long", language()) if value else ""


@lru_cache(maxsize=20_000)
def _date(value: Any, pattern: str, locale: str) -> str:
    return str(format_date(value, pattern, locale=locale))


@register.filter
def date_short(value: Any) -> str:
    """`22.11.2026`, English `Nov 22, 2026`."""
    return day_in_words(value) if value else ""


@register.filter
def day_typed(value: Date) -> str:
    """A day as people type it: `22.11.2026`, English `2026-11-22`."""
    return f"{value:%d.%m.%Y}" if language() == "ru" else value.isoformat()


@register.filter
def month(value: Any) -> str:
    """`ноябрь 2026 г.`, English `November 2026`."""
    return _date(value, "LLLL y 'г'." if language() == "ru" else "LLLL y", language()) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in local time: `22.11.2026, 16:45`, English `Nov 22, 2026, 16:45`."""
    if not value:
        return ""
    local = timezone.localtime(value)
    return f"{date_short(local.date())}, {local:%H:%M}"


@register.filter
def window(value: DateWindow | None) -> str:
    """A date as exactly as it is known: `28 августа 2024 г.`, `август 2024 г.`, `II–III кв. 2025`, `2025 год`."""
    return _window(value, short=False)


@register.filter
def window_short(value: DateWindow | None) -> str:
    """The same for narrow places: days as `28.08.2024`, years as `2025`."""
    return _window(value, short=True)


def _window(value: DateWindow | None, *, short: bool) -> str:
    if value is None:
        return ""
    match value.precision:
        case Precision.DAY:
            return _day_window(value, short=short)
        case Precision.MONTH:
            first, last = month(value.earliest), month(value.latest)
            return first if first == last else _interval(value, "yMMMM")
        case Precision.QUARTER:
            return _parts(value, 3, short=short)
        case Precision.HALF_YEAR:
            return _parts(value, 6, short=short)
        case _:
            first_year, last_year = value.earliest.year, value.latest.year
            if first_year != last_year:
                return f"{first_year}–{last_year}"
            return f"{first_year}{NBSP}год" if language() == "ru" and not short else str(first_year)


def _day_window(value: DateWindow, *, short: bool) -> str:
    written = date_short if short else date
    if value.earliest == value.latest:
        return written(value.earliest)
    return f"{date_short(value.earliest)}–{date_short(value.latest)}" if short else _interval(value, "yMMMMd")


def _interval(value: DateWindow, skeleton: str) -> str:
    return str(format_interval(value.earliest, value.latest, skeleton, locale=language())).replace("\u2009", "")


def _parts(value: DateWindow, months: int, *, short: bool) -> str:
    """Quarters and half-years: `II–III кв. 2025`, `I полугодие 2025`, `IV кв. 2024 – I кв. 2025`; English `Q2–Q3 2025`."""
    first, last = ((on.month - 1) // months + 1 for on in (value.earliest, value.latest))
    first_year, last_year = value.earliest.year, value.latest.year
    if language() == "en":
        letter = "Q" if months == 3 else "H"
        start, end, tail = f"{letter}{first}", f"{letter}{last}", ""
    else:
        start, end = _ROMAN[first], _ROMAN[last]
        tail = f"{NBSP}{'кв.' if months == 3 else ('пг.' if short else _WORDS['ru']['half'])}"
    if (first, first_year) == (last, last_year):
        return f"{start}{tail}{NBSP}{first_year}"
    if first_year == last_year:
        return f"{start}–{end}{tail}{NBSP}{first_year}"
    return f"{start}{tail}{NBSP}{first_year} – {end}{tail}{NBSP}{last_year}"


def qualified(text: str, qualifier: str) -> str:
    """A number as its source words it: `более 70 млрд ₽`."""
    return text if not text or qualifier == Qualifier.EXACT else f"{_WORDS[language()][qualifier]}{NBSP}{text}"


@register.filter
def worded(text: str, told: Any) -> str:
    """The number of a sourced fact in the wording of its source: `{{ row.quantity|count:row.unit|worded:row }}`."""
    return qualified(text, told.qualifier)


@register.filter
def claim_qualifier(claim: Claim) -> str:
    """The wording alone: `более`; empty where the source is exact."""
    return _WORDS[language()].get(claim.qualifier, "")


@register.filter
def claim_bare(claim: Claim) -> str:
    """What a claim says without its wording, for places that set the wording apart."""
    return claim_value(claim).removeprefix(claim_qualifier(claim) + NBSP)


@register.filter
def claim_value(claim: Claim | None) -> str:
    """What a claim says: `более 70 млрд ₽`, `28–30 млрд ₽`, `до 300 000 автомобилей в год`, a text, or a date."""
    if claim is None:
        return ""
    if claim.value is None:
        return str(claim.text) if claim.text else window(claim.date)
    if claim.unit in _SIGNS:
        return qualified(money_range(claim.value, claim.value_high, claim.unit), claim.qualifier)
    return qualified(quantity_range(claim.value, claim.value_high, claim.unit), claim.qualifier)


@register.filter
def implied_rate(claim: Claim) -> Decimal | None:
    """Roubles for a dollar as the source itself reckons; None where it did not print both."""
    return claim.value / claim.quoted_usd if claim.value and claim.quoted_usd else None


def quantity_range(low: Any, high: Any, unit: str) -> str:
    """`80 000–100 000 автомобилей`, or one quantity when there is no range."""
    if high is None or high == low:
        return count(low, unit)
    return f"{number(low)}–{number(high)}{NBSP}{unit_word(high, unit)}"


@register.filter
def iso(value: Date | None) -> str:
    """The date as machines read it, for `datetime` attributes."""
    return value.isoformat() if value else ""
