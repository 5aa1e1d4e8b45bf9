"""Addresses of the staff pages. Names of pages of one contract take its `code`."""

from django.urls import path

from cluster.web.pages import home, overview


app_name = "cluster"

urlpatterns = [
    path("", home.home, name="home"),
    path("c/<slug:code>/", overview.contract, name="contract"),
]
