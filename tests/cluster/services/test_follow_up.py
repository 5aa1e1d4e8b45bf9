"""Writes ask for the work they make necessary, after their commit, whatever the broker does."""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, BudgetLine, Claim, Factory, JobRun
from cluster.services.forecasts import revise_forecast
from cluster.services.ledger import record_entry, reverse_entry
from cluster.services.rates import accept_rate, import_files
from cluster.services.records import delete_record, save_record
from tests.factories import make_factory, make_milestone, make_rate, make_source, make_user, promise

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
Committed = Callable[..., Any]


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were woken for."""
    ids: list[int] = []
    monkeypatch.setattr("cluster.services.follow_up.broker.wake_soon", ids.extend)
    return ids


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Committed:
    """Does a write as if its transaction had ended."""

    def do(write: Callable[..., Any], **given: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return write(**given)

    return do


def pay(factory: Factory, committed: Committed, **changes: Any) -> Any:
    usual: dict[str, Any] = {
        "factory_id": factory.pk, "kind": "payment", "date": date(2026, 2, 27), "amount_rub": Decimal(5), "document": "PO 17",
        "counterparty": "Press Works", "by": make_user(Role.EDITOR), "today": TODAY,
    }  # fmt: skip
    return committed(record_entry, **usual | changes)


def asked() -> list[str]:
    return list(JobRun.objects.filter(status="queued", requested_by=None).order_by("name").values_list("name", flat=True))


def test_a_payment_asks_for_its_dollars_and_a_second_one_for_no_second_run(committed: Committed, woken: list[int]) -> None:
    factory = make_factory()
    pay(factory, committed)
    pay(factory, committed, document="PO 18")
    assert asked() == ["convert"]
    assert woken == list(JobRun.objects.values_list("pk", flat=True))


def test_a_run_that_has_begun_has_not_seen_the_new_payment(committed: Committed) -> None:
    factory = make_factory()
    pay(factory, committed)
    JobRun.objects.update(status="succeeded")
    pay(factory, committed, document="PO 18")
    assert asked() == ["convert"]


def test_a_reversal_asks_for_its_dollars(committed: Committed) -> None:
    entry = pay(make_factory(), committed)
    JobRun.objects.all().delete()
    committed(reverse_entry, entry_id=entry.pk, date=TODAY, note="twice", by=make_user(Role.EDITOR), today=TODAY)
    assert asked() == ["convert"]


def test_what_is_refused_asks_for_nothing(committed: Committed) -> None:
    entry = {"date": date(2026, 3, 3)}
    with pytest.raises(Exception, match="future"):
        pay(make_factory(), committed, **entry)
    assert asked() == []


def test_a_forecast_asks_for_the_delays(committed: Committed) -> None:
    milestone, editor = make_milestone(), make_user(Role.EDITOR)
    window = DateWindow.parse("2026-Q2")
    committed(revise_forecast, milestone_id=milestone.pk, window=window, reason="contractor", by=editor, version=1, today=TODAY)
    assert asked() == ["flag_delays"]


def test_a_rate_taken_out_of_quarantine_and_imported_rates_ask_for_dollars(committed: Committed, tmp_path: Any) -> None:
    make_rate("2024-04-12", "93.2198")
    waiting = make_rate("2024-04-13", "120", status="quarantined")
    committed(accept_rate, rate_id=waiting.pk, reason="seen", by=make_user(Role.EDITOR))
    assert asked() == ["convert"]
    JobRun.objects.all().delete()
    (tmp_path / "rates.csv").write_text("2024-04-11,93.1\n")
    committed(import_files, paths=[tmp_path / "rates.csv"], today=date(2024, 6, 1))
    assert asked() == ["convert"]


def test_records_edited_by_hand_ask_for_what_they_make_out_of_date(committed: Committed) -> None:
    editor, factory = make_user(Role.EDITOR), make_factory()
    milestone = make_milestone(factory)
    promised = promise(milestone, "2025")
    line = BudgetLine(baseline=Baseline.objects.get(), factory=factory, amount_rub=Decimal(5))
    claim = Claim(contract=factory.contract, factory=factory, figure="budget", value=Decimal(5), unit="RUB", source=make_source())
    wanted: list[tuple[Any, list[str]]] = [
        (line, ["convert"]), (claim, ["convert"]), (milestone, ["flag_delays"]), (promised, ["flag_delays"]), (make_source(), []),
    ]  # fmt: skip
    for row, names in wanted:
        committed(save_record, instance=row, by=editor)
        assert asked() == names, row
        JobRun.objects.all().delete()
    committed(delete_record, instance=line, by=editor)
    assert asked() == ["convert"]


def test_a_frozen_broker_does_not_hold_the_answer_up(committed: Committed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("cluster.gateways.broker.current_app.send_task", lambda *args, **options: time.sleep(5))
    begun = time.monotonic()
    pay(make_factory(), committed)
    assert time.monotonic() - begun < 2
    assert asked() == ["convert"]
