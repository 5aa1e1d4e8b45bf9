"""The arrows of dependencies, cut into the pieces that each row of the chart draws."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cluster.domain.network import LinkType

ROW, MIDDLE = 26, 13
_TOP, _BOTTOM = 8, 18
_CLEAR = 5
# An arrow whose other end is not shown comes from, or goes to, so far away.
_STUB = 14


@dataclass(frozen=True, slots=True)
class Arrow:
    """A dependency between two bars by their keys; `critical` where it drives the critical path."""

    predecessor: int
    successor: int
    type: LinkType = LinkType.FS
    critical: bool = False


class Place(NamedTuple):
    """Where a bar lies: its row, where its work starts and where it ends."""

    row: int
    start: int
    end: int


@dataclass(slots=True)
class Pieces:
    """Path data of one row: ordinary arrows, those of the critical path, and ends of which the other one is not shown."""

    plain: str = ""
    critical: str = ""
    stubs: str = ""


def pieces(arrows: Iterable[Arrow], places: Mapping[int, Place], rows: int) -> list[Pieces]:
    """What each of the `rows` rows draws. Between bars that share a row (a folded group) there is no arrow."""
    found = [Pieces() for _ in range(rows)]
    drawn: set[tuple[Place, Place, str]] = set()
    for arrow in arrows:
        before, after = places.get(arrow.predecessor), places.get(arrow.successor)
        if before and after:
            seen = (before, after, arrow.type.value)
            if before.row != after.row and seen not in drawn:
                drawn.add(seen)
                for row, path in _path(before, after, arrow.type):
                    if arrow.critical:
                        found[row].critical += path
                    else:
                        found[row].plain += path
        elif after:
            x = after.end if arrow.type in (LinkType.FF, LinkType.SF) else after.start
            found[after.row].stubs += f"M{x - _STUB} {MIDDLE}H{x - 1}m-4-3l4 3l-4 3"
        elif before:
            x = before.start if arrow.type in (LinkType.SS, LinkType.SF) else before.end
            found[before.row].stubs += f"M{x} {MIDDLE}h{_STUB}"
    return found


def _path(before: Place, after: Place, kind: LinkType) -> list[tuple[int, str]]:
    """From the end of one bar over the rows between to the start of the other (or as the type says), with a head."""
    down = after.row > before.row
    leave = before.end if kind in (LinkType.FS, LinkType.FF) else before.start
    arrive = after.start if kind in (LinkType.FS, LinkType.SS) else after.end
    way_in, way_out = (0, ROW) if down else (ROW, 0)
    if kind is LinkType.FS:
        # Down onto the start of the bar; where that lies before the end of the other one, back in the gap between two rows.
        target = arrive + 3
        turn = max(target, leave + _CLEAR)
        edge, gap = (_TOP, 2) if down else (_BOTTOM, ROW - 2)
        back = f"V{gap}H{target}" if turn != target else ""
        last = f"M{turn} {way_in}{back}V{edge}" + ("m-3-4l3 4l3-4" if down else "m-3 4l3-4l3 4")
    elif kind is LinkType.SS:
        turn = min(leave, arrive) - _CLEAR
        last = f"M{turn} {way_in}V{MIDDLE}H{arrive}m-4-3l4 3l-4 3"
    else:
        turn = max(leave, arrive) + _CLEAR
        last = f"M{turn} {way_in}V{MIDDLE}H{arrive}m4-3l-4 3l4 3"
    step, through = (1 if down else -1), f"M{turn} 0v{ROW}"
    between = [(row, through) for row in range(before.row + step, after.row, step)]
    return [(before.row, f"M{leave} {MIDDLE}H{turn}V{way_out}"), *between, (after.row, last)]
