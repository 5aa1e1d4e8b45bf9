"""Brands, vehicle models and published shares."""

from rest_framework import serializers

from cluster.api.fields import ContractReference
from cluster.api.filtering import filters
from cluster.api.records import Records, RecordSerializer
from production.models import Brand, BrandShare, VehicleModel


class BrandSerializer(RecordSerializer):
    """A make of vehicles built under a contract."""

    class Meta:
        model = Brand
        fields = ["id", "contract", "code", "name", "segment", "started", "note", "source"]


class Brands(Records):
    """Brands."""

    noun = ("a brand", "brands")
    about = "Makes of vehicles built under a contract, with the date from which they are built here."
    queryset = Brand.objects.select_related("contract", "source")
    serializer_class = BrandSerializer
    filterset_class = filters(Brand, contract="contract__code", code="code", segment="segment")
    ordering_fields = {"code": "code", "started": "started_latest"}


class VehicleModelSerializer(RecordSerializer):
    """A model of a brand."""

    contract = ContractReference(source="brand.contract", read_only=True)

    class Meta:
        model = VehicleModel
        fields = ["id", "contract", "brand", "name", "segment", "note", "source"]


class VehicleModels(Records):
    """Vehicle models."""

    noun = ("a vehicle model", "vehicle models")
    about = "Models of the brands: passenger, commercial, electric."
    queryset = VehicleModel.objects.select_related("brand__contract", "source").order_by("brand__contract_id", "brand__code", "name")
    serializer_class = VehicleModelSerializer
    filterset_class = filters(VehicleModel, contract="brand__contract__code", brand="brand__code", segment="segment")
    ordering_fields = {"name": "name", "brand": "brand__code"}


class BrandShareSerializer(RecordSerializer):
    """A published share of a brand in a year's output."""

    contract = ContractReference(source="brand.contract", read_only=True)
    percent = serializers.DecimalField(max_digits=5, decimal_places=2, read_only=True)

    class Meta:
        model = BrandShare
        fields = ["id", "contract", "brand", "year", "percent", "source"]


class BrandShares(Records):
    """Brand shares."""

    noun = ("a brand share", "brand shares")
    about = "Shares of brands in a year's output, where a source gives shares and no units."
    queryset = BrandShare.objects.select_related("brand__contract", "source")
    serializer_class = BrandShareSerializer
    filterset_class = filters(
        BrandShare, contract="brand__contract__code", brand="brand__code", year="year", year_from="year__gte", year_to="year__lte"
    )
    ordering_fields = {"year": "year", "percent": "percent"}
