"""What the example says beyond dates: how sure durations are, what works share, what binds them, and own working days."""

from collections.abc import Mapping
from datetime import date, timedelta

from cluster.domain.example.factories import Plant
from cluster.domain.example.network import Work
from cluster.domain.example.rows import Bound, ExceptionRow

# A factory that told nothing for so many days is asked.
SILENT_AFTER_DAYS = 60

# Per cent of the planned duration, at best and at worst, by the kind of the work.
_RANGES = {
    "design": (85, 150),
    "investment": (80, 170),
    "construction_start": (85, 150),
    "construction_end": (90, 140),
    "equipment": (90, 160),
    "commissioning": (85, 175),
    "opening": (90, 130),
    "series": (90, 150),
}
_PERMITS = "Пример: разрешения"
_SUPPLIER = "Пример: один изготовитель линий"
_SUPPLIED = (4, 5, 8, 9)


# The day that a customer set, a ship that calls in its season, and ground that has to thaw.
BOUNDS: Mapping[str, Bound] = {
    "X04-O01": Bound("FNLT", date(2026, 12, 31)),
    "X11-E03": Bound("FNET", date(2027, 2, 15)),
    "X12-C11": Bound("SNET", date(2027, 3, 9)),
}


def three_points(kind: str, days: int) -> tuple[int, int] | None:
    """The working days at best and at worst of a work planned for `days`; a mere date has none."""
    if not days:
        return None
    best, worst = _RANGES[kind]
    return days * best // 100, -(-days * worst // 100)


def cause_of(plant: Plant, work: Work) -> str:
    """What makes the work go wrong together with others: the authority that permits, or the one maker of some main lines."""
    if work.suffix in ("D07", "D08"):
        return _PERMITS
    return _SUPPLIER if work.suffix in ("E01", "E02", "E03") and plant.number in _SUPPLIED else ""


def exceptions() -> tuple[ExceptionRow, ...]:
    """One factory works on Saturdays to catch up, another one rests for two weeks."""
    saturdays = (date(2026, 11, 28) + timedelta(weeks=n) for n in range(4))
    rests = (date(2027, 7, 19) + timedelta(days=n) for n in range(14))
    return (
        *(ExceptionRow("X05", on, works=True, reason="Пример: рабочая суббота") for on in saturdays),
        *(ExceptionRow("X06", on, works=False, reason="Пример: остановка завода") for on in rests if on.weekday() < 5),
    )
