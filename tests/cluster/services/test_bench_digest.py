"""The benchmark of digests at a small size: it cannot rot, and what it measures stays bounded."""

import importlib
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cluster.models import Contract, Delivery, Subscription
from cluster.services.digests import writer

pytestmark = pytest.mark.django_db


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, settings: Any) -> SimpleNamespace:
    """The parts of `benchmarks/digest.py`."""
    monkeypatch.syspath_prepend(settings.BASE_DIR / "benchmarks")
    return SimpleNamespace(**{part: importlib.import_module(f"digest_{part}") for part in ("world", "writing", "mail")})


def test_the_world_of_the_benchmark_has_news_for_each_of_its_readers(bench: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    bench.world.build(5, 20)
    # What is due, its rows, what a newer one replaces, and the edges of the transaction.
    assert bench.writing.make_due().statements == 5
    letters = list(bench.writing.written())
    assert len(letters) == 20
    assert all(letter.chart for letter in letters), "each reader has promises"
    assert {"Контракт" in letter.text for letter in letters} == {True, False}, "both languages"
    bench.writing.compare(bench.writing.write_all())
    assert "20 letters" in capsys.readouterr().out


def test_a_verdict_on_letters_finds_what_was_lost_what_came_twice_and_what_nobody_is_told_of(bench: SimpleNamespace) -> None:
    bench.world.build(1, 1)
    bench.mail.enqueue(5, Subscription.objects.get().user)
    for number, status in enumerate(("sent", "sent", "uncertain", "dead", "failed")):
        Delivery.objects.filter(recipient=f"p{number}@example.org").update(status=status)
    received = Counter({"p0@example.org": 2, "p2@example.org": 1, "p3@example.org": 1})
    found = bench.mail.verdict(received, {"p0@example.org": ["accept", "accept"]})
    assert (found["lost"], found["twice"], found["unlisted"], found["tries"]) == (2, 1, 1, 2)


def test_a_digest_of_fifty_contracts_takes_as_many_statements_as_one_of_a_single_contract_and_is_not_cut(bench: SimpleNamespace) -> None:
    bench.world.build(50, 20)
    bench.writing.make_due()
    # The twentieth reader sees everything; Russian takes two bytes a letter.
    Subscription.objects.update(language="ru")
    waiting = Delivery.objects.select_related("user", "subscription__user").filter(status="waiting", user=20)

    def statements() -> int:
        delivery = waiting.get()
        with CaptureQueriesContext(connection) as sent:
            letter = writer([delivery])(delivery, bench.world.NOW)
        assert letter is not None
        assert 10_000 < len(letter.html.encode()) < 100_000
        return len(sent)

    many = statements()
    Contract.objects.exclude(pk=1).update(is_example=True)
    assert abs(statements() - many) <= 2
    assert many <= 26
