"""Columns of a date with a precision: three plain columns, one constraint, and a property that joins them."""

from datetime import date
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster.domain.dates import DateWindow, Precision

PRECISIONS = [
    (Precision.DAY.value, _("day")),
    (Precision.MONTH.value, _("month")),
    (Precision.QUARTER.value, _("quarter")),
    (Precision.HALF_YEAR.value, _("half-year")),
    (Precision.YEAR.value, _("year")),
]


def earliest_column(**options: Any) -> "models.DateField[Any, Any]":
    """The first day of the window."""
    return models.DateField(_("earliest"), **options)


def latest_column(**options: Any) -> "models.DateField[Any, Any]":
    """The last day of the window."""
    return models.DateField(_("latest"), **options)


def precision_column(**options: Any) -> "models.CharField[Any, Any]":
    """How exactly the date was given."""
    return models.CharField(_("precision"), max_length=9, choices=PRECISIONS, **options)


def window_constraint(prefix: str, table: str) -> models.CheckConstraint:
    """All three columns or none, and the window not turned round."""
    earliest, latest, precision = (f"{prefix}_{part}" for part in ("earliest", "latest", "precision"))
    return models.CheckConstraint(
        condition=Q(**{f"{earliest}__isnull": True, f"{latest}__isnull": True, precision: ""})
        | Q(**{f"{earliest}__isnull": False, f"{earliest}__lte": F(latest)}) & ~Q(**{precision: ""}),
        name=f"{table}_{prefix}_window",
        violation_error_message=_("Give the earliest day, the latest day and the precision, in this order of time."),
    )


def refuse_to_come(window: DateWindow | None, **told: Any) -> None:
    """ValidationError for what is said to have happened on a day that is still to come: `told` is its field with the words for it."""
    if window is not None and window.earliest > timezone.localdate():
        raise ValidationError(told)


# The dates of hundreds of rows are few.
@lru_cache(maxsize=20_000)
def window_of(earliest: date, latest: date, precision: str) -> DateWindow:
    """The window of three columns."""
    return DateWindow(earliest, latest, Precision(precision))


class Window:
    """`milestone.actual` for the columns actual_earliest, actual_latest, actual_precision: a DateWindow or None."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.names = [f"{name}_{part}" for part in ("earliest", "latest", "precision")]

    def __get__(self, instance: models.Model | None, owner: type) -> Any:
        if instance is None:
            return self
        earliest, latest, precision = (getattr(instance, name) for name in self.names)
        return window_of(earliest, latest, precision) if earliest else None

    def __set__(self, instance: models.Model, window: DateWindow | None) -> None:
        values = (window.earliest, window.latest, window.precision.value) if window else (None, None, "")
        for name, value in zip(self.names, values, strict=True):
            setattr(instance, name, value)
