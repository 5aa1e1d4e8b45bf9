"""Whoever looks at a past day stays on it: every link of the pages of the money that leads to a dated page names the day."""

import html
import re
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.urls import resolve

from cluster.models import Baseline, LedgerEntry
from tests.cluster.purse import AS_OF, Purse, make_purse

# What shows the rates of a day belongs to no contract and is dated all the same.
OF_RATES = {"cluster:rates", "cluster:rate"}


@pytest.fixture
def purse(db: None) -> Purse:
    return make_purse()


def leaves_the_day(page: str, at: str) -> list[str]:
    """The links of a page that lead to a dated page without its day; the banner's way back to today is meant to."""
    page = re.sub(r'<div class="bar past">.*?</div>', "", page, flags=re.S)
    lost = []
    for href in re.findall(r'(?:href|hx-get)="([^"]+)"', page):
        target = urlsplit(urljoin(at, html.unescape(href)))
        if target.netloc or href.startswith("#") or target.path.startswith("/static/"):
            continue
        match = resolve(target.path)
        if ("code" in match.kwargs or match.view_name in OF_RATES) and parse_qs(target.query).get("as_of") != [str(AS_OF)]:
            lost.append(href)
    return lost


@pytest.mark.parametrize(
    "path",
    [
        "money/",
        "factories/F01/money/",
        "factories/F01/",
        "money/rows/?figure=paid",
        "money/rows/?figure=budget",
        "money/rows/?figure=outlook",
        "money/rows/?figure=paid&factory=F01",
        "ledger/",
        "ledger/{entry}/",
        "budgets/",
        "budgets/{baseline}/",
        "budgets/compare/",
    ],
)
def test_every_link_to_a_dated_page_stays_on_the_day(purse: Purse, path: str) -> None:
    at = purse.place.base + path.format(entry=LedgerEntry.objects.earliest("pk").pk, baseline=Baseline.objects.earliest("pk").pk)
    at += f"{'&' if '?' in at else '?'}as_of={AS_OF}"
    answer = purse.place.client().get(at)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count(f"as_of={AS_OF}") > 5
    assert leaves_the_day(page, at) == []
