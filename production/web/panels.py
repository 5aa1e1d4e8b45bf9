"""What production adds to the cluster page."""

from datetime import date

from cluster.models import User
from cluster.web.panels import Panel
from production.queries.output import yearly
from production.web.charts import band_chart

YEARS = 8


def production_panel(reader: User, contract_id: int, as_of: date) -> Panel | None:
    """Plan bands with their revisions against output, the last years; None where nothing is known."""
    years = yearly(reader, contract_id, as_of)
    chart = band_chart("production", years, since=as_of.year - YEARS)
    if chart is None:
        return None
    newest = next((year for year in reversed(years) if year.quantity is not None), None)
    return Panel("production/panel.html", {"chart": chart, "newest": newest})
