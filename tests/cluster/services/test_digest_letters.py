"""What a digest tells, in which language and to whom, and how its letter looks."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.domain.digest import Topic
from cluster.models import (
    Baseline,
    BudgetLine,
    Claim,
    DelayFlag,
    Delivery,
    Factory,
    ForecastRevision,
    LedgerEntry,
    Subscription,
    User,
)
from cluster.queries.digest import Digest, Figures, digest_of
from cluster.queries.digest_brief import Brief
from cluster.services.digests import preview
from cluster.services.mailing import deliver_due
from cluster.templatetags.format import money_short
from cluster.templatetags.page import severity_word
from production.models import Output
from tests.cluster.lateness import MONDAY, newly_late, noted, subscriber
from tests.factories import approve, make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise
from tests.mail_server import Post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_address")]
_TOKEN = re.compile(r"/mail/unsubscribe/[\w.-]+/")


def digest_for(**brief: Any) -> Digest:
    return digest_of(Brief(**brief))


def test_a_digest_speaks_the_readers_language(post: Post) -> None:
    subscriber(language="en")
    subscriber(language="ru")
    newly_late(name_ru="Открытие завода", name_en="Plant opens")
    deliver_due(now=MONDAY)
    english, russian = (Delivery.objects.get(subscription__user__language=code) for code in ("en", "ru"))
    assert "Plant opens" in english.body_text
    assert "Открытие завода" not in english.body_text
    assert "Nov 23, 2026" in english.subject
    assert "Открытие завода" in russian.body_text
    assert "23.11.2026" in russian.subject
    assert 'lang="ru"' in russian.body_html


def test_a_reader_of_one_factory_hears_nothing_of_the_others(post: Post) -> None:
    mine, other = newly_late(name_ru="Моя веха"), newly_late(name_ru="Чужая веха")
    manager = make_user(Role.MANAGER, factory=mine.factory)
    subscription = Subscription.objects.create(user=manager, cadence="daily")
    Subscription.objects.filter(pk=subscription.pk).update(created_at=MONDAY - timedelta(days=2))
    deliver_due(now=MONDAY)
    assert "Моя веха" in Delivery.objects.get().body_text
    assert other.name_ru not in Delivery.objects.get().body_text + Delivery.objects.get().body_html


@pytest.mark.parametrize(("zone", "before", "reached"), [("Europe/Kaliningrad", 80, 1), ("Pacific/Kiritimati", 90, 0)])
def test_the_move_of_the_rate_is_since_the_day_of_the_reader(zone: str, before: int, reached: int) -> None:
    """14:00 UTC of Friday is Friday in Kaliningrad and Saturday in Kiritimati; a dearer dollar makes commitments smaller in it."""
    contract = make_contract()
    claim = Claim(contract=contract, figure="commitment", value=72_000_000_000, unit="RUB", source=make_source(), in_use=True)
    claim.announced = DateWindow.parse("2024-04-15")
    claim.save()
    for day, rate in (("2026-11-20", "80"), ("2026-11-21", "90"), ("2026-11-24", "100")):
        make_rate(day, rate)
    since = datetime(2026, 11, 20, 14, tzinfo=UTC)
    brief: dict[str, Any] = {"since": since, "until": since + timedelta(days=5), "as_of": date(2026, 11, 25), "zone": ZoneInfo(zone)}
    milestone = make_milestone(make_factory(contract))
    milestone.actual, milestone.actual_announced_on = DateWindow.parse("2026-11-19"), date(2026, 11, 21)
    milestone.save()
    digest = digest_for(reader=subscriber(), by_announcement=True, **brief)
    assert digest.counts[Topic.REACHED] == reached, "what was announced on the day on which the period began was told"
    figures = next(section.data for section in digest.sections if isinstance(section.data, Figures))
    assert figures.before.rate is not None
    assert figures.before.rate.rate.value == before
    assert figures.move == pytest.approx(Decimal(100 - before) / before * 100)
    assert figures.committed_effect == 720_000_000 - 72_000_000_000 / before
    assert figures.committed_effect < 0
    assert figures.committed_loss == -figures.committed_effect


def test_the_text_twin_stays_below_78_columns_and_links_are_whole(post: Post) -> None:
    subscriber()
    make_rate("2026-11-21", "80.1234")
    newly_late(name_ru="Очень длинное название вехи " * 6)
    deliver_due(now=MONDAY)
    lines = Delivery.objects.get().body_text.splitlines()
    assert max(len(line) for line in lines if "://" not in line) < 78
    assert any(line.strip().startswith("https://tracker.example/") and "/milestones/" in line for line in lines)
    assert "80,1234" in Delivery.objects.get().body_text


def test_the_html_carries_its_styles_inline_and_keeps_the_dark_rules() -> None:
    user = subscriber()
    newly_late(name_ru="<script>alert(1)</script>")
    html = preview(user=user, now=MONDAY).html
    assert "prefers-color-scheme: dark" in html.replace("prefers-color-scheme:dark", "prefers-color-scheme: dark")
    assert "max-width: 640px" in html.partition("</head>")[2]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_digest_takes_as_many_statements_for_many_milestones_as_for_few(django_assert_max_num_queries: Any) -> None:
    user = subscriber()
    milestone = newly_late()
    for _more in range(10):
        extra = make_milestone(milestone.factory)
        promise(extra, "2024-Q1", announced="2020-01-01")
    with django_assert_max_num_queries(34):
        preview(user=User.objects.get(pk=user.pk), now=MONDAY)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_rich_digest_reads_as_the_golden_files(language: str) -> None:
    """After a change of the wording: UPDATE_GOLDEN=1 writes the files anew; read the difference before committing it."""
    contract = make_contract(code="avto", name_ru="СПИК «Пример»", name_en="Example contract")
    plant = make_factory(contract, code="P1", name_ru="Завод сидений", name_en="Seat plant")
    paint = make_factory(contract, code="P2", name_ru="Цех окраски", name_en="Paint shop")
    reader = subscriber(username="reader")
    source = make_source(title_ru="Газета", title_en="Newspaper")
    make_rate("2026-11-21", "80.1234")
    late = newly_late(
        factory=paint, days=1, code="P2-OPEN", name_ru="Открытие цеха окраски", name_en="Paint shop opens", responsible=reader
    )
    revision = ForecastRevision(milestone=late, reason="equipment_delivery", source=source)
    revision.old, revision.new = DateWindow.parse("2026-Q2"), DateWindow.parse("2027-Q1")
    revision.announced = DateWindow.parse("2026-11-23")
    revision.save()
    opened = make_milestone(plant, code="P1-OPEN", name_ru="Открытие завода сидений", name_en="Seat plant opens")
    promise(opened, "2026-H1", announced="2025-03-01")
    opened.actual, opened.actual_announced_on = DateWindow.parse("2026-11-23"), date(2026, 11, 23)
    opened.save()
    soon = make_milestone(plant, code="P1-SERIES", kind="series", name_ru="Серийный выпуск", name_en="Series production")
    promise(soon, "2026-11-30", announced="2025-03-01")
    for figure, value, unit in (("commitment", 70_000_000_000, "RUB"), ("planned_factories", 12, "factories")):
        claim = Claim(contract=contract, figure=figure, value=value, unit=unit, source=source, in_use=True, qualifier="more_than")
        claim.announced = DateWindow.parse("2024-04-15")
        claim.save()
    LedgerEntry.objects.create(
        factory=plant, kind="payment", date=date(2026, 11, 23), amount_rub=Decimal("1900000000.50"), document="1", counterparty="c"
    )
    approved = Baseline.objects.create(contract=contract, kind="draft", name_ru="Бюджет", name_en="Budget")
    BudgetLine.objects.create(baseline=approved, factory=plant, month=date(2026, 3, 1), amount_rub=Decimal("2500000000"))
    approve(approved, "2026-01-01")
    make_rate("2026-11-14", "81.0000")
    output = Output(contract=contract, year=2026, month=10, quantity=3141, source=source, in_use=True)
    output.announced = DateWindow.parse("2026-11-20")
    output.save()
    Output.objects.update(recorded_at=MONDAY - timedelta(hours=1))
    composed = preview(user=reader, now=MONDAY, language=language, by_announcement=True)
    text = _TOKEN.sub("/mail/unsubscribe/TOKEN/", f"{composed.subject}\n\n{composed.text}")
    html = _TOKEN.sub("/mail/unsubscribe/TOKEN/", composed.html)
    for name, found in (("txt", text), ("html", html)):
        golden = Path(__file__).parent / "golden" / f"digest_{language}.{name}"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(found)
        assert found == golden.read_text()
    assert max(len(line) for line in composed.text.splitlines() if "://" not in line) < 78
    assert len(composed.html.encode()) < 100_000
    assert composed.chart is not None
    assert composed.chart.startswith(b"\x89PNG")
    assert len(composed.chart) < 40_000
    assert 'src="cid:chart"' in composed.html


def test_a_second_kind_of_lateness_is_not_newly_late_again() -> None:
    user, milestone = subscriber(), newly_late()
    for kind, change, at in (("overdue", "closed", 19), ("forecast_late", "opened", 20)):
        fresh = {"severity": "moderate", "since": date(2026, 10, 1), "opened_on": MONDAY.date(), "contract": milestone.contract}
        flag, _new = DelayFlag.objects.get_or_create(
            milestone=milestone, factory=milestone.factory, subject_id=milestone.pk, kind=kind, defaults=fresh
        )
        if change == "closed":
            DelayFlag.objects.filter(pk=flag.pk).update(closed_on=MONDAY.date())
        noted(flag, change, MONDAY + timedelta(hours=at))
    digest = digest_for(reader=user, since=MONDAY, until=MONDAY + timedelta(days=1), as_of=date(2026, 11, 24))
    assert {topic for topic, count in digest.counts.items() if count} == {Topic.WORSE}


@pytest.mark.usefixtures("in_english")
class TestOtherSignals:
    DAY = timedelta(days=1)

    def flag(self, factory: Factory, kind: str, events: dict[str, float], **fields: Any) -> DelayFlag:
        """A flag of another kind with its events, in hours after MONDAY."""
        given: dict[str, Any] = {"contract": factory.contract, "factory": factory, "subject_id": factory.pk, "severity": "major"}
        flag = DelayFlag.objects.create(**given | {"kind": kind, "since": date(2026, 11, 1), "opened_on": date(2026, 11, 1)} | fields)
        for event, hours in events.items():
            noted(flag, event, MONDAY + timedelta(hours=hours))
        return flag

    def told(self) -> list[tuple[str, str, bool]]:
        digest = digest_for(reader=subscriber(), since=MONDAY, until=MONDAY + self.DAY, as_of=date(2026, 11, 24))
        return [(str(one.subject), str(one.label), one.is_closed) for part in digest.contracts for one in part.flagged]

    def test_what_opened_or_closed_in_the_period_is_told_and_what_came_and_went_is_not(self) -> None:
        factory, others = make_factory(), [make_factory() for _ in range(3)]
        self.flag(factory, "over_budget", {"opened": 1}, amount=Decimal("1000000"))
        self.flag(others[0], "silent", {"opened": -40, "closed": 2}, closed_on=date(2026, 11, 23))
        self.flag(others[1], "silent", {"opened": 1, "closed": 2}, closed_on=date(2026, 11, 23))
        self.flag(others[2], "silent", {"opened": -40})
        assert sorted(self.told()) == sorted([(str(factory), "over budget", False), (str(others[0]), "silent", True)])

    def test_a_milestone_is_told_once_by_its_gravest_flag_and_not_beside_its_own_delay(self) -> None:
        milestone = make_milestone()
        about: dict[str, Any] = {"milestone": milestone, "subject_id": milestone.pk}
        self.flag(milestone.factory, "at_risk", {"opened": 1}, severity="minor", **about)  # type: ignore[arg-type]
        self.flag(milestone.factory, "knock_on_late", {"opened": 1}, severity="critical", **about)  # type: ignore[arg-type]
        assert self.told() == [(str(milestone), "knock-on late", False)]
        self.flag(milestone.factory, "overdue", {"opened": 1}, **about)  # type: ignore[arg-type]
        assert self.told() == []

    def test_a_letter_says_by_how_much(self) -> None:
        factory = make_factory(name_en="Axle plant")
        self.flag(factory, "over_budget", {"opened": -2}, amount=Decimal("1500000"))
        letter = preview(user=subscriber(), now=MONDAY, language="en")
        assert "OTHER SIGNALS (1)" in letter.text
        line = f"  - {factory}: over budget, {money_short(1500000)} ({severity_word('major')})"
        assert " ".join(line.split()) in " ".join(letter.text.split())
        assert "Other signals" in letter.html


@pytest.mark.parametrize(
    ("language", "line"), [("en", "October 2026: 100 batteries"), ("ru", "октябрь 2026 г.: 100 батарей")], ids=["en", "ru"]
)
def test_output_is_told_in_the_words_of_the_reader(language: str, line: str) -> None:
    output = Output(contract=make_contract(), year=2026, month=10, quantity=100, unit="batteries", source=make_source(), in_use=True)
    output.announced = DateWindow.parse("2026-11-20")
    output.save()
    Output.objects.update(recorded_at=MONDAY - timedelta(hours=1))
    letter = preview(user=subscriber(), now=MONDAY, language=language)
    assert line in letter.text.replace("\xa0", " ")
    assert line.partition(": ")[0] in letter.html.replace("\xa0", " ")
    assert "2026-10" not in letter.text + letter.html


def test_each_contract_of_a_digest_tells_its_own_milestones_and_examples_none() -> None:
    reader = make_user(Role.AUDITOR)
    told = [newly_late(name_ru=f"Веха {n}", factory=make_factory(make_contract(code=f"real-{n}"))) for n in range(2)]
    newly_late(factory=make_factory(make_contract(code="example", is_example=True)))
    since = MONDAY - timedelta(days=1)
    digest = digest_for(reader=reader, since=since, until=MONDAY, as_of=MONDAY.date())
    found = {news.contract.code: [item.dated.milestone.pk for item in news.changes] for news in digest.contracts}
    assert found == {"real-0": [told[0].pk], "real-1": [told[1].pk]}


def test_a_forecast_that_was_confirmed_is_no_change_to_tell() -> None:
    user = subscriber()
    milestone = make_milestone(make_factory(), name_ru="Открытие завода")
    for reason in ("permit", "confirmed"):
        revision = ForecastRevision(milestone=milestone, reason=reason)
        revision.old = revision.new = DateWindow.parse("2027")
        revision.announced = DateWindow.day(MONDAY.date() - timedelta(days=1))
        revision.save()
    told = digest_for(reader=user, since=MONDAY - timedelta(days=2), until=MONDAY, as_of=MONDAY.date(), by_announcement=True)
    (item,) = told.contracts[0].changes
    assert item.revision is not None
    assert item.revision.reason == "permit"
