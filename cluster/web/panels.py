"""What other applications put on the pages of a contract, a factory and a source: named by dotted path in the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from django.conf import settings
from django.utils.module_loading import import_string

from cluster.models import Contract, Factory, Source, User


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page: its template sees the page's context and this one as `panel`."""

    template: str
    context: dict[str, Any]


PanelMaker: TypeAlias = Callable[[User, int, date], Panel | None]
FactoryPanelMaker: TypeAlias = Callable[[User, Factory, date], Panel | None]
SourcePanelMaker: TypeAlias = Callable[[User, Contract, Source, date], Panel | None]


def panels(reader: User, contract_id: int, as_of: date) -> list[Panel]:
    """The panels of all applications for one contract as of a day; None from a maker means that it has nothing to show."""
    makers: list[PanelMaker] = [import_string(path) for path in settings.DASHBOARD_PANELS]
    made = [maker(reader, contract_id, as_of) for maker in makers]
    return [panel for panel in made if panel is not None]


def factory_panels(reader: User, factory: Factory, as_of: date) -> list[Panel]:
    """The panels for the page of one factory, by settings.FACTORY_PANELS."""
    makers: list[FactoryPanelMaker] = [import_string(path) for path in settings.FACTORY_PANELS]
    made = [maker(reader, factory, as_of) for maker in makers]
    return [panel for panel in made if panel is not None]


def source_panels(reader: User, contract: Contract, source: Source, as_of: date) -> list[Panel]:
    """The panels for the page of one source, by settings.SOURCE_PANELS."""
    makers: list[SourcePanelMaker] = [import_string(path) for path in settings.SOURCE_PANELS]
    made = [maker(reader, contract, source, as_of) for maker in makers]
    return [panel for panel in made if panel is not None]
