"""Addresses of the production pages."""

from django.urls import path

from production.web.pages import output, overview

app_name = "production"

urlpatterns = [
    path("c/<slug:code>/", overview.overview, name="overview"),
    path("c/<slug:code>/output/", output.record, name="record_output"),
]
