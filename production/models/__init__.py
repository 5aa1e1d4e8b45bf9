"""State of production: brands and models, plans, output, capacity."""

from production.models.brand import Brand, BrandShare, Segment, VehicleModel
from production.models.output import Capacity, Output, PlanRevision

__all__ = ["Brand", "BrandShare", "Capacity", "Output", "PlanRevision", "Segment", "VehicleModel"]
