"""The axis of time: how wide a day is, where days lie, and the two lines of labels over them."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

from babel.dates import format_date
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cluster.domain.dates import DateWindow, Precision
from cluster.templatetags.format import language, window_short

HEIGHT = 58


class Zoom(StrEnum):
    """What the lower line of the axis counts."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_UNITS_PER_DAY = {Zoom.WEEK: 8.0, Zoom.MONTH: 1.7, Zoom.QUARTER: 0.62}
_COARSER = {Zoom.WEEK: Precision.MONTH, Zoom.MONTH: Precision.YEAR, Zoom.QUARTER: Precision.YEAR}
_BEYOND = 9
# Labels of the upper line that have less room than this are left out: the end of a month that only just begins.
_ROOM = 34


class Axis:
    """The days from `first` to `last`, both shown, from 0 to `width` units."""

    def __init__(self, first: date, last: date, zoom: Zoom, *, fit: int | None = None) -> None:
        """`fit` is the width, where it does not follow from the zoom."""
        self.first, self.last, self.zoom = first, last, zoom
        self._scale, self._origin = _UNITS_PER_DAY[zoom], first.toordinal()
        if fit:
            self._scale = fit / ((last - first).days + 1)
        self.width = round((last.toordinal() - self._origin + 1) * self._scale)

    @classmethod
    def around(cls, first: date, last: date, zoom: Zoom, *, fit: int | None = None) -> "Axis":
        """The axis that shows at least these days, beginning and ending with whole units of the zoom."""
        if zoom is Zoom.WEEK:
            return cls(first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday()), zoom, fit=fit)
        unit = Precision(zoom.value)
        return cls(DateWindow.containing(first, unit).earliest, DateWindow.containing(last, unit).latest, zoom, fit=fit)

    def x(self, on: date) -> int:
        """Where a day begins; what lies outside is moved just beyond the edge."""
        return self._at(on.toordinal())

    def end(self, on: date) -> int:
        """Where a day ends."""
        return self._at(on.toordinal() + 1)

    def _at(self, ordinal: int) -> int:
        place = round((ordinal - self._origin) * self._scale)
        return -_BEYOND if place < -_BEYOND else min(place, self.width + _BEYOND)

    def lower(self) -> Iterator[tuple[date, str]]:
        """The units of the zoom with their short names: `23`, `нояб.`, `IV кв.`."""
        return ((on, self._name(on)) for on in self._lower())

    def upper(self) -> Iterator[tuple[date, str]]:
        """The months or years over them with their names; the first begins where the axis does."""
        return ((on, window_short(DateWindow.containing(on, _COARSER[self.zoom]))) for on in self._upper())

    def head(self, marks: list[tuple[date, str]]) -> SafeString:
        """The drawing over the rows: both lines of labels, and named days such as today.

        Places stand in per cent, so that the labels keep their shape when the chart is fitted to a sheet of paper.
        """
        ends = [*list(self._upper())[1:], self.last + timedelta(days=1)]
        written = [
            f'<text x="{self._share(on)}" dx="5" y="30" class="up">{escape(name)}</text>'
            for (on, name), end in zip(self.upper(), ends, strict=True)
            if self.x(end) - self.x(on) >= _ROOM
        ]
        written += [f'<text x="{self._share(on)}" dx="5" y="49">{escape(name)}</text>' for on, name in self.lower()]
        for on, name in marks:
            if self.first <= on <= self.last:
                place = (
                    f'x="{self._share(on)}" dx="-5" text-anchor="end"' if self.x(on) > self.width - 90 else f'x="{self._share(on)}" dx="5"'
                )
                written.append(f'<text {place} y="13" class="today">{escape(name)}</text>')
        return mark_safe(f'<svg class="axis" height="{HEIGHT}">{"".join(written)}</svg>')  # noqa: S308 (escaped above)

    def grid(self, height: int, marks: list[date]) -> str:
        """Path data of the lines of the lower and of the upper units, and of the named days, as SVG to be used in each row."""
        strong = set(self._upper())
        thin = "".join(f"M{self.x(on)} 0v{height}" for on in self._lower() if on not in strong)
        thick = "".join(f"M{self.x(on)} 0v{height}" for on in sorted(strong))
        now = "".join(f'<path class="gantt-now" d="M{self.x(on)} 0v{height}"/>' for on in marks if self.first <= on <= self.last)
        return f'<path class="gantt-line" d="{thin}"/><path class="gantt-line strong" d="{thick}"/>{now}'

    def _lower(self) -> Iterator[date]:
        on = self.first
        while on <= self.last:
            yield on
            if self.zoom is Zoom.WEEK:
                on += timedelta(days=7)
            else:
                on = DateWindow.containing(on, Precision(self.zoom.value)).latest + timedelta(days=1)

    def _upper(self) -> Iterator[date]:
        on = self.first
        while on <= self.last:
            yield on
            on = DateWindow.containing(on, _COARSER[self.zoom]).latest + timedelta(days=1)

    def _share(self, on: date) -> str:
        return f"{self.x(on) / self.width * 100:.2f}%"

    def _name(self, on: date) -> str:
        if self.zoom is Zoom.WEEK:
            return str(on.day)
        if self.zoom is Zoom.MONTH:
            return str(format_date(on, "LLL", locale=language()))
        return window_short(DateWindow.containing(on, Precision.QUARTER)).removesuffix(f"\u00a0{on.year}")
