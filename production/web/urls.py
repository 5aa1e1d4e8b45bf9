"""Addresses of the production pages."""

from django.urls import path

from production.web.pages import overview

app_name = "production"

urlpatterns = [
    path("c/<slug:code>/", overview.overview, name="overview"),
]
