"""What the figures rest on: contradictions between sources, and the sources."""

from django.utils.translation import gettext as _

from cluster.gateways.workbook import Column, Kind, Sheet
from cluster.queries.board_report import Facts
from cluster.queries.record import Contradiction
from cluster.services.board_chapters import Chapter
from cluster.templatetags.format import claim_value

# On paper; the workbook holds all of them.
MOST_TOLD = 40


def record(facts: Facts) -> Chapter:
    """Contradictions that nobody has decided come first, numbers before words."""
    found = sorted(facts.record.contradictions, key=lambda one: (one.decided, one.claim.value is None))
    data = {
        "contradictions": found[:MOST_TOLD],
        "more": len(found) - MOST_TOLD,
        "undecided": sum(not one.decided for one in found),
        "sources": facts.sources,
        "claims": facts.record.claims,
        "rate": facts.rate,
    }
    sheets = [_contradictions(found), _sources(facts)]
    return Chapter("record", _("Sources and contradictions"), "reports/chapters/record.html", data, sheets)


def _contradictions(found: list[Contradiction]) -> Sheet:
    columns = [
        Column(_("Figure"), width=36),
        Column(_("Factory"), width=10),
        Column(_("Time"), Kind.DATE),
        Column(_("In use")),
        Column(_("Value"), width=40),
        Column(_("Sources"), width=80),
    ]
    rows: list[list[object]] = [
        [
            str(one.figure.label),
            one.claim.factory.code if one.claim.factory else "",
            one.claim.valid,
            _("yes") if version.claim.in_use else "",
            claim_value(version.claim),
            "; ".join(dict.fromkeys(str(claim.source.title) for claim in version.claims if claim.source)),
        ]
        for one in found
        for version in one.versions
    ]
    return Sheet(_("Contradictions"), columns, rows)


def _sources(facts: Facts) -> Sheet:
    columns = [
        Column(_("Source"), width=70),
        Column(_("Publisher"), width=30),
        Column(_("Published"), Kind.DATE),
        Column(_("Address"), width=60),
        Column(_("Document"), width=30),
    ]
    rows = [[str(one.title), one.publisher, one.published, one.url, one.document] for one in facts.sources]
    return Sheet(_("Sources"), columns, rows)
