"""The bridge: from one total to another by the effects between them, each with its sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cluster.charts.chart import Cell, Chart
from cluster.charts.scale import ValueScale
from cluster.charts.svg import drawing, el, fit, line, rect, text
from cluster.templatetags.format import money, money_short

# A bar stays visible however small its effect.
_THINNEST = 3.0


@dataclass(frozen=True, slots=True)
class Span:
    """One pier or one effect: a total stands on zero, an effect begins where the bar before it ended."""

    label: str
    amount: Decimal
    is_total: bool = False


def bridge(key: str, spans: Sequence[Span], *, title: str, currency: str) -> Chart:
    """The first and the last of `spans` are totals, those between them make the difference."""
    summary = _summary(spans, currency)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        wide=_columns(key, spans, title, summary, currency),
        narrow=_bars(key, spans, title, summary, currency),
        columns=[Cell(_("What")), Cell(_("Amount"), numeric=True)],
        rows=[[Cell(span.label), Cell(_in_full(span, currency), numeric=True)] for span in spans],
        size="full",
        legend=[
            (_swatch(rect(3, 1, 16, 10, "bar-main", radius=2)), _("total")),
            (_swatch(rect(3, 1, 16, 10, "bar-short", radius=2)), _("▲ costs more")),
            (_swatch(rect(3, 1, 16, 10, "bar-less", radius=2)), _("▼ costs less")),
        ],
    )


def _summary(spans: Sequence[Span], currency: str) -> str:
    effects = ", ".join(f"{span.label} {_short(span, currency)}" for span in spans if not span.is_total and span.amount)
    differs, same = _("{first}: {start}. {last}: {end}. The difference: {effects}."), _("{first}: {start}. {last}: {end}. No difference.")
    first, last = spans[0], spans[-1]
    return (differs if effects else same).format(
        first=first.label,
        last=last.label,
        start=money_short(first.amount, currency),
        end=money_short(last.amount, currency),
        effects=effects,
    )


def _short(span: Span, currency: str) -> str:
    written = money_short(span.amount, currency)
    return written if span.is_total or span.amount <= 0 else f"+{written}"


def _in_full(span: Span, currency: str) -> str:
    written = money(span.amount, currency)
    return written if span.is_total or span.amount <= 0 else f"+{written}"


def _marked(span: Span, currency: str) -> str:
    """The amount as it stands at a bar: an arrow says the direction where colours do not."""
    arrow = "" if span.is_total or not span.amount else "▲ " if span.amount > 0 else "▼ "
    return arrow + _short(span, currency)


def _class(span: Span) -> str:
    if span.is_total:
        return "bar-main"
    return "bar-short" if span.amount > 0 else "bar-less" if span.amount else "track"


def _extents(spans: Sequence[Span]) -> list[tuple[Decimal, Decimal]]:
    """Where each bar begins and ends."""
    found: list[tuple[Decimal, Decimal]] = []
    level = Decimal(0)
    for span in spans:
        start = Decimal(0) if span.is_total else level
        level = start + span.amount
        found.append((start, level))
    return found


def _scale(extents: Sequence[tuple[Decimal, Decimal]], near: float, far: float) -> ValueScale:
    """Amounts from `near` to `far`, with room below zero where a bar goes there."""
    ends = [end for extent in extents for end in extent]
    low, high = min(Decimal(0), *ends), max(Decimal(0), *ends)
    if low == high:
        high = Decimal(1)
    zero = near + float(-low / (high - low)) * (far - near)
    return ValueScale(high, zero, far) if high > 0 else ValueScale(low, zero, near)


def _columns(key: str, spans: Sequence[Span], title: str, summary: str, currency: str) -> SafeString:
    width, height, top, foot = 1040.0, 300.0, 30.0, 50.0
    extents = _extents(spans)
    scale = _scale(extents, height - foot, top)
    room = width / len(spans)
    thick = min(120.0, room * 0.62)
    marks: list[str] = [line(0, scale.zero, width, scale.zero, "rule")]
    for n, (span, (start, end)) in enumerate(zip(spans, extents, strict=True)):
        middle = room * (n + 0.5)
        high, low = sorted((scale.at(start), scale.at(end)))
        low = max(low, high + _THINNEST)
        if n:
            y = scale.at(end if span.is_total else start)
            marks.append(line(middle - room + thick / 2, y, middle - thick / 2, y, "link"))
        marks.append(rect(middle - thick / 2, high, thick, low - high, _class(span), radius=3))
        marks.append(text(middle, high - 8, _marked(span, currency), class_="head", anchor="middle"))
        marks += [
            text(middle, height - 28 + 17 * k, words, class_="sub", anchor="middle") for k, words in enumerate(fit(span.label, room - 6, 2))
        ]
    return drawing(key, "wide", width, height, title, summary, marks)


def _bars(key: str, spans: Sequence[Span], title: str, summary: str, currency: str) -> SafeString:
    width, step = 358.0, 46.0
    extents = _extents(spans)
    scale = _scale(extents, 2, width - 2)
    marks: list[str] = [line(scale.zero, 20, scale.zero, len(spans) * step, "rule")]
    for n, (span, (start, end)) in enumerate(zip(spans, extents, strict=True)):
        y = n * step
        left, right = sorted((scale.at(start), scale.at(end)))
        right = max(right, left + _THINNEST)
        marks += [
            text(0, y + 16, fit(span.label, width - 130)[0], class_="sub"),
            text(width, y + 16, _marked(span, currency), class_="head", anchor="end"),
            rect(left, y + 22, right - left, 16, _class(span), radius=3),
        ]
    return drawing(key, "narrow", width, len(spans) * step + 2, title, summary, marks)


def _swatch(*marks: str) -> SafeString:
    return el("svg", *marks, viewBox="0 0 22 12", aria_hidden="true")
