"""Addresses of the staff pages. Names of pages of one contract take its `code`."""

from django.urls import path

from cluster.web.pages import home, jobs, overview

app_name = "cluster"

urlpatterns = [
    path("", home.home, name="home"),
    path("c/<slug:code>/", overview.contract, name="contract"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/run/", jobs.run_job, name="run_job"),
    path("jobs/<int:run_id>/", jobs.job, name="job"),
]
