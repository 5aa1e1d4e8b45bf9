"""What production hands to the charts."""

from cluster.charts import BandYear, Chart, bands
from production.queries.output import Year


def band_chart(key: str, years: list[Year], *, since: int | None = None) -> Chart | None:
    """Plan bands and output of the years from `since`; None where there is nothing to draw."""
    drawn = [
        BandYear(y.year, y.first_plan, y.plan, y.quantity, tuple(y.rival_quantities), y.months)
        for y in years
        if (since is None or y.year >= since) and (y.plans or y.quantity is not None)
    ]
    return bands(key, drawn) if drawn else None
