"""Query parameters: an allow-list per noun for filters, ordering and fields. What is not on it is refused by name."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters.filters import CharFilter, NumberFilter, TypedChoiceFilter
from django_filters.rest_framework import FilterSet
from django_filters.utils import get_model_field
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from cluster.domain.money import plain_number
from cluster.domain.texts import is_plain, printable
from cluster.models import Contract, Factory
from cluster.queries.factories import factory_for

_LARGEST_INTEGER = 2**63 - 1


class _Plain(forms.Field):
    """Mixed into fields of numbers: ASCII digits with an optional minus and point, nothing that only Python reads as a number."""

    default_error_messages = {"invalid": gettext_lazy("Write a number in digits, such as 1234.56.")}

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if text and plain_number(text) is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class _PlainWhole(_Plain, forms.IntegerField):
    """A whole number."""


class _PlainDecimal(_Plain, forms.DecimalField):
    """A decimal number."""


class WholeNumberFilter(NumberFilter):
    """A whole number that the database can hold."""

    field_class = _PlainWhole

    def get_max_validator(self) -> None:
        return None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=-_LARGEST_INTEGER, max_value=_LARGEST_INTEGER, **kwargs)


class AmountFilter(NumberFilter):
    """A decimal number of a size that the database can compare with."""

    field_class = _PlainDecimal

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_digits=22, decimal_places=4, **kwargs)


@extend_schema_field({"type": "boolean", "description": "`true` or `false`; both without it."})
class TrueFalseFilter(TypedChoiceFilter):
    """`true` or `false`, nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("widget", None)
        super().__init__(*args, choices=[("true", "true"), ("false", "false")], coerce=lambda text: text == "true", **kwargs)


_LOOKUPS = {"gte", "lte", "icontains"}
_WORDS = {"gte": "from", "lte": "to", "icontains": "has this text", "exact": ""}


def filters(model: type[Model], **parameters: str) -> type[FilterSet]:
    """A filter set with exactly these parameters: name=path, the path ending in __gte, __lte or __icontains where it compares."""
    found: dict[str, Any] = {}
    for name, path in parameters.items():
        column, _separator, lookup = path.rpartition("__")
        if lookup not in _LOOKUPS:
            column, lookup = path, "exact"
        field = get_model_field(model, column)
        assert field is not None, f"{model.__name__} has no {column}"
        label = f"{column.replace('__', ', ').replace('_', ' ')} {_WORDS[lookup]}".strip()
        whole = isinstance(field, (models.IntegerField, models.AutoField)) and not field.choices
        if isinstance(field, models.BooleanField):
            found[name] = TrueFalseFilter(field_name=column, label=label)
        elif whole:
            found[name] = WholeNumberFilter(field_name=column, lookup_expr=lookup, label=label)
        elif isinstance(field, models.DecimalField):
            found[name] = AmountFilter(field_name=column, lookup_expr=lookup, label=label)
        elif lookup == "icontains":
            found[name] = CharFilter(field_name=column, lookup_expr=lookup, label=label)
        else:
            found[name] = FilterSet.filter_for_field(field, column, lookup)
            found[name].label = label
    return type(f"{model.__name__}Filters", (FilterSet,), found)


def refuse_unknown(request: Request, allowed: Iterable[str]) -> None:
    """Raise for a parameter that is not on the list, given twice, or full of control characters."""
    allowed = set(allowed)
    wrong: dict[str, list[str]] = {}
    for name, values in request.query_params.lists():
        if name not in allowed:
            known = ", ".join(sorted(allowed))
            wrong[printable(name)] = [_("There is no such parameter here. Known: {known}.").format(known=known)]
        elif len(values) > 1:
            wrong[name] = [_("Give this parameter once.")]
        elif not is_plain(values[0]):
            wrong[name] = [_("This text has control characters.")]
    if wrong:
        raise ValidationError(wrong, code="parameter")


def ordered(queryset: QuerySet[Any], request: Request, columns: dict[str, str]) -> QuerySet[Any]:
    """The queryset by `?ordering=a,-b`, each name from the list; the id settles ties."""
    text = request.query_params.get("ordering")
    if text is None:
        return queryset
    order = []
    for name in text.split(","):
        column = columns.get(name.removeprefix("-"))
        if column is None:
            raise ValidationError({"ordering": [_("Order by: {known}.").format(known=", ".join(sorted(columns)))]}, code="ordering")
        order.append(f"-{column}" if name.startswith("-") else column)
    return queryset.order_by(*order, "id")


def chosen_fields(request: Request, known: Iterable[str]) -> set[str] | None:
    """The names of `?fields=a,b`, each one known; None when all are wanted."""
    text = request.query_params.get("fields")
    if text is None:
        return None
    names, known = set(text.split(",")), set(known)
    if names - known:
        raise ValidationError({"fields": [_("Known fields: {known}.").format(known=", ".join(sorted(known)))]}, code="fields")
    return names


def factory_in(request: Request, contract: Contract) -> Factory | None:
    """The factory of `?factory=F02`, None without it; NotFound naming the parameter where the reader sees none of that code."""
    code = request.query_params.get("factory")
    return factory_for(request.user, contract_code=contract.code, factory_code=code) if code else None


def as_of(request: Request) -> date:
    """The day of `?as_of=2025-06-30`; today without it."""
    today = timezone.localdate()
    text = request.query_params.get("as_of")
    if text is None:
        return today
    try:
        day = date.fromisoformat(text) if len(text) == len("2025-06-30") else None
    except ValueError:
        day = None
    if day is None:
        raise ValidationError({"as_of": [_("Write a day as 2025-06-30.")]}, code="as_of")
    if day > today:
        raise ValidationError({"as_of": [_("This day lies in the future: nothing is known of it yet.")]}, code="as_of_future")
    return day
