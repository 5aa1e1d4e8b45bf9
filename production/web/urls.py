"""Addresses of the production pages."""

from django.urls import path

from production.web.pages import brand, facts, output, overview, rows

app_name = "production"

urlpatterns = [
    path("c/<slug:code>/", overview.overview, name="overview"),
    path("c/<slug:code>/output/rows/", rows.output, name="output"),
    path("c/<slug:code>/output/rows.<table:form>", rows.output_file, name="output_file"),
    path("c/<slug:code>/plans/", rows.plans, name="plans"),
    path("c/<slug:code>/plans.<table:form>", rows.plans_file, name="plans_file"),
    path("c/<slug:code>/output/", output.record, name="record_output"),
    path("c/<slug:code>/new/brand/", facts.new_brand, name="new_brand"),
    path("c/<slug:code>/brands.<table:form>", overview.brands_file, name="brands_file"),
    path("c/<slug:code>/brands/<slug:brand>/", brand.brand, name="brand"),
    path("c/<slug:code>/brands/<slug:brand>/edit/", facts.edit_brand, name="edit_brand"),
    path("c/<slug:code>/brands/<slug:brand>/models/new/", facts.new_model, name="new_model"),
    path("c/<slug:code>/models/<int:model_id>/edit/", facts.edit_model, name="edit_model"),
    path("c/<slug:code>/plans/new/", facts.new_plan, name="new_plan"),
    path("c/<slug:code>/plans/<int:plan_id>/", facts.correct_plan, name="correct_plan"),
    path("c/<slug:code>/capacity/new/", facts.new_capacity, name="new_capacity"),
    path("c/<slug:code>/capacity/<int:capacity_id>/", facts.correct_capacity, name="correct_capacity"),
]
