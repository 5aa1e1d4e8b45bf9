"""Production in the board report: plans as ranges with their revisions, output, capacity and how much of it was used."""

from django.utils.translation import gettext as _

from cluster.gateways.workbook import Column, Kind, Sheet
from cluster.queries.board_report import Facts
from cluster.services.board_chapters import Chapter
from cluster.templatetags.format import window
from cluster.templatetags.quantities import range_words
from production.charts import band_chart
from production.models import Capacity
from production.queries.capacity import capacities, utilisation
from production.queries.output import Year, yearly

# A board looks at the last years; the workbook holds all of them.
YEARS = 8


def production(facts: Facts) -> Chapter | None:
    """Three statements; nothing where neither a plan nor an output nor a capacity is known."""
    years = yearly(facts.reader, facts.contract.pk, facts.as_of)
    claims = capacities(facts.reader, facts.contract.pk, facts.as_of)
    if not (years or claims):
        return None
    since = facts.as_of.year - YEARS
    data = {
        "chart": band_chart("report-production", years, since=since),
        "years": [year for year in reversed(years) if year.year >= since],
        "newest": next((year for year in reversed(years) if year.quantity is not None), None),
        "capacities": claims,
        "capacity": next((claim for claim in claims if claim.in_use), None),
        "utilisation": utilisation(years, claims),
    }
    sheets = [_years(years)] + ([_capacities(claims)] if claims else [])
    return Chapter("production", _("Production"), "production/board_chapter.html", data, sheets)


def _years(years: list[Year]) -> Sheet:
    columns = [
        Column(_("Year"), Kind.TEXT, width=8),
        Column(_("First plan, from"), Kind.INTEGER),
        Column(_("First plan, to"), Kind.INTEGER),
        Column(_("Plan in force, from"), Kind.INTEGER),
        Column(_("Plan in force, to"), Kind.INTEGER),
        Column(_("Built"), Kind.INTEGER),
        Column(_("Months known"), Kind.INTEGER),
        Column(_("Of the low bound"), Kind.PERCENT),
    ]
    return Sheet(
        _("Production"),
        columns,
        [
            [
                str(year.year),
                *(year.first_plan or (None, None)),
                *(year.plan or (None, None)),
                year.quantity,
                year.months or None,
                year.fulfilment / 100 if year.fulfilment is not None else None,
            ]
            for year in years
        ],
    )


def _capacities(claims: list[Capacity]) -> Sheet:
    columns = [
        Column(_("Time"), width=24),
        Column(_("Vehicles a year"), width=24),
        Column(_("Low"), Kind.INTEGER),
        Column(_("High"), Kind.INTEGER),
        Column(_("In use")),
        Column(_("Source"), width=60),
    ]
    rows = [
        [
            window(one.effective),
            range_words(one),
            one.low,
            one.high,
            _("yes") if one.in_use else "",
            str(one.source.title) if one.source else "",
        ]
        for one in claims
    ]
    return Sheet(_("Capacity"), columns, rows)
