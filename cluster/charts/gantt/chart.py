"""The rows of the chart: bars with their dates, folded or open groups, and what each says in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from cluster.charts.gantt.arrows import MIDDLE, ROW, Arrow, Pieces, Place, pieces
from cluster.charts.gantt.axis import Axis

# No bar is a smaller target than this for a finger or a mouse.
_TARGET = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """A milestone with the work before it: from `start` to `finish`, the day on which it was reached or is expected to be.

    `original`, `due` and `forecast` are the ends of their windows, `due_from` is the first day of the due one. `late` are calendar days
    against `due`, `pushed` those by which what precedes it makes it late, beyond its own forecast. `told` says all of it in words. A
    milestone without any date (`finish` is None) has a row and no bar.
    """

    key: int
    code: str
    name: str
    url: str
    start: date | None
    finish: date | None
    told: str
    original: date | None = None
    due: date | None = None
    due_from: date | None = None
    forecast: date | None = None
    reached: bool = False
    late: int = 0
    pushed: int = 0
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one factory, or of the contract as a whole. `toggle` is the address that folds or opens it; empty: it cannot be."""

    name: str
    bars: Sequence[Bar]
    url: str = ""
    folded: bool = False
    toggle: str = ""


@dataclass(frozen=True, slots=True)
class Gantt:
    """The head and the body of the table, and the grid that its rows use; `height` counts the rows."""

    axis: Axis
    head: SafeString
    grid: SafeString
    body: SafeString
    rows: int


def gantt(groups: Sequence[Group], arrows: Sequence[Arrow], *, axis: Axis, as_of: date, today: date) -> Gantt:
    """The chart of `groups`, as known on `as_of`; where that is a past day, today is marked as well."""
    places: dict[int, Place] = {}
    spans: list[tuple[int, int]] = []
    row = 0
    for group in groups:
        dated = [bar for bar in group.bars if bar.finish]
        span = _span(dated, axis)
        spans.append(span)
        head = row
        row += 1
        for bar in group.bars:
            if group.folded:
                places[bar.key] = Place(head, *span)
            else:
                if bar.finish:
                    places[bar.key] = Place(row, axis.x(bar.start or bar.finish), axis.end(bar.finish))
                row += 1
    drawn = pieces(arrows, places, row)
    words = _Words.now()
    written: list[str] = []
    at = 0
    for group, span in zip(groups, spans, strict=True):
        written += ("<tbody>", _group_row(group, span, drawn[at], axis.width, words))
        at += 1
        if not group.folded:
            for bar in group.bars:
                written.append(_row(bar, places.get(bar.key), axis, drawn[at], words))
                at += 1
        written.append("</tbody>")
    marks = [(as_of, words.today if as_of == today else words.data_date)]
    if as_of != today:
        marks.append((today, words.today))
    return Gantt(
        axis=axis,
        head=axis.head(marks),
        grid=mark_safe(axis.grid(ROW, [on for on, _name in marks])),  # noqa: S308 (numbers alone)
        body=mark_safe("".join(written)),  # noqa: S308 (escaped where it is written)
        rows=row,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of the rows, translated once for all of them."""

    today: str
    data_date: str
    fold: str
    unfold: str
    late: str
    pushed: str
    critical: str
    undated: str

    @classmethod
    def now(cls) -> "_Words":
        return cls(
            today=_("today"),
            data_date=_("data date"),
            fold=_("Fold {name}"),
            unfold=_("Unfold {name}"),
            late=_("days late"),
            pushed=_("days late by knock-on"),
            critical=_("critical"),
            undated=_("no date published"),
        )


def _span(dated: list[Bar], axis: Axis) -> tuple[int, int]:
    """From the first start to the last finish of a group; outside of the axis where nothing is dated."""
    starts = [bar.start or bar.finish for bar in dated if bar.finish]
    ends = [bar.finish for bar in dated if bar.finish]
    return (axis.x(min(starts)), axis.end(max(ends))) if ends else (-9, -9)


def _svg(width: int, inside: str) -> str:
    return f'<svg viewBox="0 0 {width} {ROW}" preserveAspectRatio="none"><use href="#gantt-grid"/>{inside}</svg>'


def arrows_in(drawn: Pieces) -> str:
    """The pieces of arrows in one row."""
    plain = f'<path class="dep" d="{drawn.plain}"/>' if drawn.plain else ""
    stubs = f'<path class="dep stub" d="{drawn.stubs}"/>' if drawn.stubs else ""
    critical = f'<path class="dep crit" d="{drawn.critical}"/>' if drawn.critical else ""
    return plain + stubs + critical


def _group_row(group: Group, span: tuple[int, int], drawn: Pieces, width: int, words: _Words) -> str:
    name = escape(group.name)
    title = f'<a href="{escape(group.url)}">{name}</a>' if group.url else f"<span>{name}</span>"
    toggle = ""
    if group.toggle:
        told = escape((words.unfold if group.folded else words.fold).format(name=group.name))
        sign, expanded = ("▸", "false") if group.folded else ("▾", "true")
        toggle = f'<a class="fold noprint" href="{escape(group.toggle)}" aria-expanded="{expanded}" aria-label="{told}">{sign}</a>'
    start, end = span
    bracket = f'<path class="sum" d="M{start} 9H{end}v8l-4-4H{start + 4}l-4 4z"/>' if end > start else ""
    late = sum(1 for bar in group.bars if bar.late)
    count = f'<span class="n">{late}/{len(group.bars)}</span>' if late else f'<span class="n">{len(group.bars)}</span>'
    head = f'<th scope="rowgroup"><div>{toggle}{title}{count}</div></th>'
    return f'<tr class="group">{head}<td>{_svg(width, arrows_in(drawn) + bracket)}</td></tr>'


def _row(bar: Bar, place: Place | None, axis: Axis, drawn: Pieces, words: _Words) -> str:
    late = f'<b class="late"><span class="vh">{words.late}: </span>+{bar.late}</b>' if bar.late else ""
    if bar.pushed and not bar.late:
        late = f'<b class="pushed"><span class="vh">{words.pushed}: </span>(+{bar.pushed})</b>'
    critical = f'<abbr title="{words.critical}">●</abbr>' if bar.critical else ""
    name = escape(bar.name)
    name = f'<span class="name" title="{name}"><i>{escape(bar.code)}</i> {name}</span>'
    head = f'<th scope="row"><div>{name}{critical}{late}</div></th>'
    if place is None:
        link = f'<a href="{escape(bar.url)}">{words.undated}<span class="vh">: {escape(bar.told)}</span></a>'
        return f'<tr>{head}<td><div class="undated">{link}</div></td></tr>'
    return f"<tr>{head}<td>{_svg(axis.width, arrows_in(drawn) + _bar(bar, place, axis))}</td></tr>"


def _bar(bar: Bar, place: Place, axis: Axis) -> str:
    """The link with the drawing of one milestone; a triangle at the edge where its dates lie outside of the axis."""
    start, end = place.start, place.end
    parts = [_hit(start, end, axis.width)]
    if end <= 0 or start >= axis.width:
        parts.append('<path class="edge" d="M10 7l-7 6l7 6z"/>' if end <= 0 else f'<path class="edge" d="M{axis.width - 10} 7l7 6l-7 6z"/>')
    else:
        parts += work_of(bar, axis, start, end)
    return f'<a href="{escape(bar.url)}"><title>{escape(bar.told)}</title>{"".join(parts)}</a>'


def work_of(bar: Bar, axis: Axis, start: int, end: int) -> list[str]:
    """The marks of one milestone whose work lies from `start` to `end` on the axis."""
    state = "done" if bar.reached else "open"
    due = axis.end(bar.due) if bar.due else None
    parts = []
    if due is not None and bar.due_from and bar.due_from != bar.due:
        parts.append(f'<rect class="window" x="{(early := axis.x(bar.due_from))}" y="5" width="{due - early}" height="16"/>')
    if end - start > 2:
        parts.append(f'<rect class="bar {state}" x="{start}" y="8" width="{end - start}" height="10"/>')
    if (bar.late or bar.pushed) and due is not None and end > due:
        parts.append(f'<rect class="over{"" if bar.late else " pushed"}" x="{due}" y="6" width="{end - due}" height="14"/>')
    if bar.critical:
        parts.append(f'<path class="crit" d="M{start} 22.5H{max(end, start + 4)}"/>')
    if due is not None:
        parts.append(f'<path class="due" d="M{due} 3v20m-3-20h6"/>')
    if bar.original and bar.original != bar.due:
        parts.append(f'<path class="first" d="M{axis.end(bar.original) - 4} 2h8l-4 7z"/>')
    if bar.reached:
        parts.append(_diamond(end, "reached"))
    elif bar.forecast:
        parts.append(_diamond(axis.end(bar.forecast), "forecast"))
    elif end - start <= 2:
        parts.append(_diamond(end, "open"))
    return parts


def _diamond(x: int, class_: str) -> str:
    return f'<path class="mark {class_}" d="M{x} {MIDDLE - 6}l6 6l-6 6l-6-6z"/>'


def _hit(start: int, end: int, width: int) -> str:
    """What can be pointed at: the bar, but never less than a finger needs, and inside of the chart."""
    left, right = max(start, 0), min(end, width)
    missing = max(_TARGET - (right - left), 0)
    left = min(max(left - missing // 2, 0), width - _TARGET)
    return f'<rect class="hit" x="{left}" y="1" width="{max(right - left, _TARGET)}" height="24"/>'
