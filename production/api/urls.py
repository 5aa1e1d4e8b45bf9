"""Addresses of production's nouns, under the same /api/v1/ as those of cluster."""

from rest_framework.routers import SimpleRouter

from production.api.brands import Brands, BrandShares, VehicleModels
from production.api.output import Capacities, Outputs, PlanRevisions

app_name = "production_api"

router = SimpleRouter()
router.register("brands", Brands, basename="brand")
router.register("vehicle-models", VehicleModels, basename="vehicle-model")
router.register("brand-shares", BrandShares, basename="brand-share")
router.register("plan-revisions", PlanRevisions, basename="plan-revision")
router.register("outputs", Outputs, basename="output")
router.register("capacities", Capacities, basename="capacity")

urlpatterns = router.urls
