"""Addresses of the staff pages. Names of pages of one contract take its `code`."""

from django.urls import path

from cluster.web.pages import delays, factories, factory, forecast, home, jobs, ledger, money, overview, payment, record

app_name = "cluster"

urlpatterns = [
    path("", home.home, name="home"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/run/", jobs.run_job, name="run_job"),
    path("jobs/<int:run_id>/", jobs.job, name="job"),
    path("c/<slug:code>/", overview.contract, name="contract"),
    path("c/<slug:code>/factories/", factories.factories, name="factories"),
    path("c/<slug:code>/factories/<slug:factory>/", factory.factory, name="factory"),
    path("c/<slug:code>/factories/<slug:factory>/changes/", factory.factory_changes, name="factory_changes"),
    path("c/<slug:code>/factories/<slug:factory>/payment/", payment.payment, name="record_payment"),
    path("c/<slug:code>/factories/<slug:factory>/payment/echo/", payment.payment_echo, name="payment_echo"),
    path("c/<slug:code>/factories/<slug:factory>/ledger/<int:entry_id>/reverse/", payment.reversal, name="reverse_entry"),
    path("c/<slug:code>/ledger/", ledger.ledger, name="ledger"),
    path("c/<slug:code>/ledger.csv", ledger.ledger_csv, name="ledger_csv"),
    path("c/<slug:code>/ledger/new/", payment.new_entry, name="new_entry"),
    path("c/<slug:code>/ledger/new/echo/", payment.new_entry_echo, name="new_entry_echo"),
    path("c/<slug:code>/ledger/<int:entry_id>/", ledger.ledger_entry, name="ledger_entry"),
    path("c/<slug:code>/factories/<slug:factory>/money/", money.factory_money, name="factory_money"),
    path("c/<slug:code>/money/", money.money, name="money"),
    path("c/<slug:code>/money/rows/", money.money_rows, name="money_rows"),
    path("c/<slug:code>/milestones/<str:milestone>/forecast/", forecast.forecast, name="revise_forecast"),
    path("c/<slug:code>/milestones/<str:milestone>/forecast/preview/", forecast.forecast_preview, name="forecast_preview"),
    path("c/<slug:code>/delays/", delays.delays, name="delays"),
    path("c/<slug:code>/delays.csv", delays.delays_csv, name="delays_csv"),
    path("c/<slug:code>/delays/<int:flag_id>/acknowledge/", delays.acknowledge, name="acknowledge"),
    path("c/<slug:code>/record/", record.record_page, name="record"),
    path("c/<slug:code>/record/sources/<slug:key>/", record.source, name="source"),
]
