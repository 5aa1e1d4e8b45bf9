"""What all nouns share: serializers that know our columns, and the read view with its gate, filters, as-of and ETags."""

import inspect
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils.cache import patch_cache_control, patch_vary_headers
from django_filters.rest_framework import FilterSet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from cluster.api import filtering
from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, Person, Reference, SourceReference, TextsField, Window
from cluster.api.preconditions import etag_of, is_known
from cluster.models import Contract, Source, User
from cluster.models.names import InLanguage
from cluster.models.scope import AnnouncedQuerySet
from cluster.models.windows import Window as WindowColumns
from cluster.queries.conversions import with_known_dollars


class RecordSerializer(serializers.ModelSerializer[Any]):
    """Read-only; `Meta.fields` may name windows (`due`) and texts in two languages (`name`), not only columns."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        attach_example(cls)

    def build_field(self, field_name: str, info: Any, model_class: type[Model], nested_depth: int) -> Any:
        """Windows, texts and references in their own shape; everything else as REST framework does it."""
        match inspect.getattr_static(model_class, field_name, None):
            case WindowColumns():
                return Window, {"read_only": True, "allow_null": True}
            case InLanguage():
                return TextsField, {}
        if field_name in info.relations:
            related = info.relations[field_name].related_model
            shape = reference_to(related)
            if shape is not None:
                nullable = getattr(info.relations[field_name].model_field, "null", True)
                return shape, {"read_only": True, "allow_null": nullable}
        field_class, options = super().build_field(field_name, info, model_class, nested_depth)
        return field_class, {key: value for key, value in options.items() if key != "queryset"} | {"read_only": True}

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """Nothing is required of what is only read."""
        if kwargs.get("read_only"):
            for name in ("required", "default", "min_length", "max_length", "min_value", "max_value", "validators"):
                kwargs.pop(name, None)
        return super().include_extra_kwargs(kwargs, extra_kwargs)


def reference_to(model: type[Model]) -> type[serializers.Serializer[Any]] | None:
    """How an object of `model` is named from another one; None: by its id alone."""
    if model is User:
        return Person
    if model is Source:
        return SourceReference
    if model is Contract:
        return ContractReference
    return Reference if any(field.name == "code" for field in model._meta.fields) else None


class Records(ReadOnlyModelViewSet[Any]):
    """The list and the single objects of one noun, as far as the reader may see them: what lies outside is not there.

    A subclass gives `queryset` (with its select_related), `serializer_class`, `noun`, `about`, and the allow-lists.
    """

    noun: ClassVar[tuple[str, str]]
    about: ClassVar[str]
    filterset_class: ClassVar[type[FilterSet] | None] = None
    ordering_fields: ClassVar[dict[str, str]] = {}
    as_of_column: ClassVar[str] = ""
    route: ClassVar[str] = ""  # of the single object, where objects of this noun are created
    lookup_value_regex = "[0-9]+"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        filtering.refuse_unknown(request, self.parameters())

    def parameters(self) -> set[str]:
        """The query parameters of the current action."""
        if request_method_writes(self.request):
            return set()
        found = {"fields"} | ({"as_of"} if self.takes_as_of() else set())
        if self.action == "list":
            found |= set(getattr(self.paginator, "parameters", ()))
            found |= set(self.filterset_class.base_filters) if self.filterset_class else set()
            found |= {"ordering"} if self.ordering_fields else set()
        return found

    def takes_as_of(self) -> bool:
        """Whether the noun can be asked for as it was known on a past day."""
        return self.has_known_on()

    def has_known_on(self) -> bool:
        """Whether the rows themselves carry the day from which they were known."""
        return bool(self.as_of_column) or isinstance(self.queryset, AnnouncedQuerySet)  # type: ignore[arg-type]

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        rows = rows.for_reader(self.request.user)
        if "as_of" in self.request.query_params and self.has_known_on():
            day = filtering.as_of(self.request)
            rows = rows.filter(**{f"{self.as_of_column}__lte": day}) if self.as_of_column else rows.announced_by(day)
            rows = with_known_dollars(rows, day) if hasattr(rows.model, "conversion") else rows
        return rows  # type: ignore[no-any-return]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return queryset
        rows = super().filter_queryset(queryset)
        rows = rows if rows.query.order_by else rows.order_by(*own_order(rows.model))
        return filtering.ordered(rows, self.request, self.ordering_fields)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer = super().get_serializer(*args, **kwargs)
        one: Any = getattr(serializer, "child", serializer)
        if not request_method_writes(self.request):
            wanted = filtering.chosen_fields(self.request, one.fields)
            for name in set(one.fields) - (wanted or set(one.fields)):
                one.fields.pop(name)
        return serializer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        response = Response(self.get_serializer(record).data)
        response["ETag"] = etag_of(response.data, version_of(record))
        return response

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(response, private=True, no_cache=True)
        patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language"])
        if response.status_code == 200 and request.method in ("GET", "HEAD"):
            if "ETag" not in response:
                response["ETag"] = etag_of(response.data)
            if is_known(request, response["ETag"]):
                response.data, response.status_code = None, 304
        return response

    def represent(self, record: Any) -> dict[str, Any]:
        """The whole representation of one object, as a read gives it."""
        serializer = self.serializer_class(record, context=self.get_serializer_context())  # type: ignore[misc]
        return dict(serializer.data)


def own_order(model: type[Model]) -> list[Any]:
    """The usual order of a noun by columns of its own table: a related object stands by its id.

    By the names and codes of related tables a first page would be the end of sorting every row of every contract.
    """
    columns = {field.name: field.attname for field in model._meta.concrete_fields}

    def own(key: Any) -> Any:
        if not isinstance(key, str):
            return key
        name = key.removeprefix("-")
        return key[: len(key) - len(name)] + columns.get(name, name)

    return [own(key) for key in model._meta.ordering or ()]


def version_of(record: Any) -> int | None:
    """The version by which people's changes are told apart; None for nouns that have none."""
    return getattr(record, "version", None)


def request_method_writes(request: Request) -> bool:
    """Whether the request is to change something."""
    return request.method not in ("GET", "HEAD", "OPTIONS")
