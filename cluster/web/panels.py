"""What other applications put on the cluster page: named by dotted path in settings.DASHBOARD_PANELS."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from cluster.models import User


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page: its template sees the page's context and this one as `panel`."""

    template: str
    context: dict[str, Any]


PanelMaker: TypeAlias = Callable[[User, int, date], Panel | None]


def panels(reader: User, contract_id: int, as_of: date) -> list[Panel]:
    """The panels of all applications for one contract as of a day; None from a maker means that it has nothing to show."""
    makers: list[PanelMaker] = [import_string(path) for path in settings.DASHBOARD_PANELS]
    made = [maker(reader, contract_id, as_of) for maker in makers]
    return [panel for panel in made if panel is not None]
