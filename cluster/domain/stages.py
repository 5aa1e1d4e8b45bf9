"""The stage of a factory: it follows from the milestones reached; decisions stand above it."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum


class Stage(StrEnum):
    """How far a factory is."""

    PLANNED = "planned"
    BUILDING = "building"
    COMMISSIONING = "commissioning"
    OPENED = "opened"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


def stage_of(reached: Collection[str], *, decision: str = "") -> Stage:
    """The stage from the kinds of the milestones reached; a decision (suspended, cancelled) wins."""
    if decision:
        return Stage(decision)
    if "opening" in reached:
        return Stage.OPENED
    if "commissioning" in reached:
        return Stage.COMMISSIONING
    if {"construction_start", "construction_end", "equipment"} & set(reached):
        return Stage.BUILDING
    return Stage.PLANNED


def decided_by(as_of: date, *, decision: str, on: date | None) -> str:
    """The decision as it stood on a day: empty before it was taken."""
    return decision if on is not None and on <= as_of else ""
