"""Digests that are written together: what their readers see is read once for all, and each is told the own part alone."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import (
    Baseline,
    Claim,
    Contract,
    DelayEvent,
    DelayFlag,
    Delivery,
    Factory,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    ReportingDuty,
    Subscription,
    User,
)
from cluster.queries import digest_facts
from cluster.queries.digest_asked import asked_section
from cluster.queries.digest_brief import Brief, Shared
from cluster.queries.my_work import asked_of
from cluster.services import digests
from cluster.services.letters import Composed
from production.models import Output
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_source, make_user, promise

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
YESTERDAY = NOW - timedelta(hours=3)
TODAY = NOW.date()


def noted(flag: DelayFlag) -> None:
    event = DelayEvent.objects.create(flag=flag, kind="opened", on_date=TODAY, days=40, severity="moderate")
    with pgtrigger.ignore("cluster.DelayEvent:append_only"):
        DelayEvent.objects.filter(pk=event.pk).update(recorded_at=YESTERDAY)


def plant(contract: Contract, name: str, rub: int) -> Factory:
    """A factory of which there is news of every kind; each bears its name."""
    factory = make_factory(contract, name_ru=f"Завод {name}", name_en="")

    def milestone(what: str, due: str, **fields: Any) -> Any:
        found = make_milestone(factory, name_ru=f"{what} {name}", name_en="", **fields)
        promise(found, due, announced="2020-01-01")
        return found

    late = milestone("Опоздание", "2026-10-01")
    given: dict[str, Any] = {"contract": contract, "factory": factory, "since": date(2026, 10, 1), "opened_on": TODAY}
    noted(DelayFlag.objects.create(milestone=late, subject_id=late.pk, kind="overdue", severity="moderate", **given))
    noted(DelayFlag.objects.create(subject_id=factory.pk, kind="silent", severity="major", **given))
    milestone("Давно", "2025-10-01")
    milestone("Скоро", "2026-11-30")
    milestone("Открытие", "2027-05-01", kind="opening")
    moved = ForecastRevision(milestone=milestone("Перенос", "2027-01-01"), reason="permit")
    moved.old, moved.new = DateWindow.parse("2027-01-01"), DateWindow.parse("2027-03-01")
    moved.save()
    with pgtrigger.ignore("cluster.ForecastRevision:append_only"):
        ForecastRevision.objects.filter(pk=moved.pk).update(recorded_at=YESTERDAY)
    LedgerEntry.objects.create(
        factory=factory, kind="payment", date=date(2026, 11, 20), amount_rub=Decimal(rub), document="1", counterparty="c"
    )
    output = Output(
        contract=contract, factory=factory, year=2026, month=10, quantity=rub, unit="batteries", source=make_source(), in_use=True
    )
    output.announced = DateWindow.parse("2026-11-20")
    output.save()
    Output.objects.filter(pk=output.pk).update(recorded_at=YESTERDAY)
    return factory


@pytest.fixture
def readers() -> dict[str, User]:
    """Readers of each kind of scope, in one language and zone, all due at one moment."""
    make_rate("2026-11-21", "80")
    contract, other = make_contract(name_ru="Первый контракт"), make_contract(name_ru="Второй контракт")
    axles, seats, paint = plant(contract, "мостов", 1_111_111), plant(contract, "сидений", 2_222_222), plant(other, "окраски", 3_333_333)
    claim = Claim(contract=contract, figure="commitment", value=71_300_000_000, unit="RUB", source=make_source(), in_use=True)
    claim.announced = DateWindow.parse("2024-04-15")
    claim.save()
    found = {
        "axles": make_user(Role.MANAGER, factory=axles),
        "seats": make_user(Role.MANAGER, factory=seats),
        "again": make_user(Role.MANAGER, factory=axles),
        "contract": make_user(Role.CONTROLLER, contract=contract),
        "other": make_user(Role.CONTROLLER, contract=other),
        "paint": make_user(Role.MANAGER, factory=paint),
        "all": make_user(Role.AUDITOR),
        "narrowed": make_user(Role.AUDITOR),
    }
    for name, user in found.items():
        subscription = Subscription.objects.create(user=user, cadence="daily", also_when_nothing_new=True)
        subscription.factories.set([paint] if name == "narrowed" else [])
    Subscription.objects.update(created_at=NOW - timedelta(days=9))
    digests.make_due(NOW)
    return found


def written(*, together: bool) -> dict[int, Composed]:
    """The letters of all readers, written as one portion or each by itself."""
    letters = list(Delivery.objects.select_related("user", "subscription__user").order_by("pk"))
    of_all = digests.writer(letters)
    found = {one.user_id: (of_all if together else digests.writer([one]))(one, NOW) for one in letters}
    return {key: letter for key, letter in found.items() if letter is not None}


def test_a_letter_written_among_others_is_the_one_that_is_written_alone(readers: dict[str, User]) -> None:
    letters = written(together=True)
    assert letters == written(together=False)
    names = {name: letters[user.pk].text + letters[user.pk].html for name, user in readers.items()}
    told = {
        name: {
            what
            for what in ("мостов", "сидений", "окраски", "1 111 111", "2 222 222", "3 333 333", "71,3")
            if what in text.replace("\xa0", " ")
        }
        for name, text in names.items()
    }
    axles, seats, paint = {"мостов", "1 111 111"}, {"сидений", "2 222 222"}, {"окраски", "3 333 333"}
    assert told == {
        "axles": axles,
        "seats": seats,
        "again": axles,
        "contract": axles | seats | {"71,3"},
        "other": paint,
        "paint": paint,
        "all": axles | seats | paint | {"71,3"},
        "narrowed": paint,
    }
    for kind in ("Опоздание", "Давно", "Скоро", "Открытие", "Перенос"):
        assert f"{kind} мостов" in letters[readers["axles"].pk].html or kind == "Открытие"


def test_what_cannot_be_read_for_all_is_read_for_each(readers: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = written(together=False)

    def state_of(brief: Any, *rest: Any) -> Any:
        if brief.reader.pk is None:
            message = "a row that nobody expected"
            raise ValueError(message)
        return digest_facts.state_of(brief, *rest)

    monkeypatch.setattr("cluster.queries.digest_news.state_of", state_of)
    assert written(together=True) == alone


def test_what_is_asked_of_many_is_what_is_asked_of_each(readers: dict[str, User]) -> None:
    responsible = Milestone.objects.get(name_ru="Давно окраски")
    # Somebody who may not tell the forecast is not asked for it.
    Milestone.objects.filter(name_ru="Давно мостов").update(responsible=readers["seats"])
    editor, approver = make_user(Role.EDITOR, contract=responsible.contract), make_user(Role.EDITOR)
    Milestone.objects.filter(pk=responsible.pk).update(responsible=editor)
    Baseline.objects.create(contract=responsible.contract, kind="draft")
    people = [*readers.values(), editor, approver]
    duty = {"contract": responsible.contract, "kind": "spend", "starts_on": date(2026, 9, 1)}
    for person in (readers["paint"], readers["seats"]):
        ReportingDuty.objects.create(owed_by=person, escalates_to=approver, factory=responsible.factory, **duty)
        duty["kind"] = "forecasts"
    shared = Shared()
    briefs = [Brief(reader=one, since=YESTERDAY, until=NOW, as_of=TODAY, shared=shared) for one in people]
    found = {one.reader: asked_section(one) for one in briefs}
    assert all(one.reader.scope for one in briefs)
    counts = {person: +section.data.counts.of if section else Counter[str]() for person, section in found.items()}
    assert counts == {person: +asked_of(person, today=TODAY).of for person in people}
    assert set().union(*counts.values()) == {"forecasts", "flags", "baselines", "reports"}
    named = {
        person: [str(line.about.name) for one in section.data.waiting for line in one.lines] for person, section in found.items() if section
    }
    assert named[editor][0] == "Давно окраски"
    assert not any("окраски" in name for name in named[readers["axles"]])


def test_one_more_reader_of_a_portion_costs_few_statements(readers: dict[str, User], django_assert_max_num_queries: Any) -> None:
    # What all share is read in at most 30; each reader is asked for what waits, and for the first of it.
    with django_assert_max_num_queries(30 + 6 * len(readers)):
        written(together=True)
