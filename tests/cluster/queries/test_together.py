"""Reads that come in one statement give what each gives by itself: rows, types, order, what they are joined with."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Count, F, Sum, Value
from django.db.models.functions import TruncMonth
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import Contract, ExchangeRate, Factory, JobRun, LedgerEntry
from cluster.queries.conversions import with_known_dollars
from cluster.queries.head import head_of
from cluster.queries.people import person_with_scope
from cluster.queries.together import Written, together
from tests.factories import hold_role, make_contract, make_factory, make_user

pytestmark = pytest.mark.django_db


def told(row: Any) -> Any:
    """All that a row holds, with its types and what it was read with."""
    if isinstance(row, tuple | dict):
        return row
    columns = {name: (value, type(value)) for name, value in vars(row).items() if name != "_state"}
    return columns, {name: other and told(other) for name, other in row._state.fields_cache.items() if name != "conversion"}


def test_each_read_gives_what_it_gives_by_itself(django_assert_num_queries: Any) -> None:
    contract = make_contract(cost_tolerance_percent=Decimal("7.50"), name_ru='Завод «Ё» \\ "1"\n50 %', signed_earliest=None)
    for order, code in enumerate(("F03", "F01", "F02")):
        factory = make_factory(contract, code=code, order=order, manager=make_user(Role.MANAGER) if order else None)
        for amount in ("0.10", "1234567890123456.78", "5"):
            fields = {"kind": "commitment", "date": date(2024, 2, 29), "document": amount, "counterparty": "%s"}
            LedgerEntry.objects.create(factory=factory, amount_rub=Decimal(amount), **fields)
    JobRun.objects.create(name=JobRun.Name.CONVERT, scheduled_for=timezone.now(), figures={"n": [1, 2.5, None, "а"]})
    entries = LedgerEntry.objects.select_related("factory__manager", "recorded_by")
    nothing, paid = Contract.objects.none(), "ledger_entries__amount_rub"
    reads: list[Any] = [
        entries.order_by("-amount_rub", "pk")[:5],
        Factory.objects.select_related("contract").annotate(rub=Sum(paid), n=Count("ledger_entries")).order_by("code"),
        with_known_dollars(entries.select_related("conversion__rate"), date(2024, 3, 1)).order_by("pk"),
        JobRun.objects.order_by("pk"),
        nothing,
        ExchangeRate.objects.order_by("pk"),
        Factory.objects.order_by("-code").values_list("code", "contract__name_ru", "order"),
        LedgerEntry.objects.values_list(TruncMonth("date")).annotate(n=Count("pk"), rub=Sum("amount_rub")).order_by(),
        LedgerEntry.objects.order_by("pk").values("date", "recorded_at", rub=F("amount_rub")),
        Factory.objects.filter(code="F01").values_list("code").union(Factory.objects.values_list(Value("x")), all=True),
        Factory.objects.order_by("code").values_list("code", flat=True),
    ]
    alone = [[told(row) if not isinstance(row, str) else row for row in read.all()] for read in reads]
    assert [len(rows) for rows in alone] == [5, 3, 9, 1, 0, 0, 3, 1, 9, 4, 3]
    with django_assert_num_queries(1):
        found = together(*reads)
    assert [[told(row) if not isinstance(row, str) else row for row in rows] for rows in found] == alone


def test_where_nothing_can_be_found_nothing_is_asked(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert together(Contract.objects.none(), Factory.objects.filter(pk__in=[])) == [[], []]


@pytest.mark.parametrize("role", list(Role))
def test_a_person_comes_with_the_scope_in_one_statement(role: Role, django_assert_num_queries: Any) -> None:
    factory = make_factory()
    user = make_user(role, factory=factory)
    with django_assert_num_queries(1):
        found = person_with_scope(user.pk)
        assert found is not None
        scope = found.scope
    assert scope == user.scope
    assert [grant.factory for grant in scope.grants] == [factory.pk]
    assert person_with_scope(0) is None


def test_a_statement_that_is_kept_gives_the_rows_of_the_moment() -> None:
    make_contract(code="alpha")
    kept, nothing = (
        Written(Contract.objects.order_by("code").values_list("code", "signed_latest")),
        Written(Contract.objects.none().values_list("code")),
    )
    first = together(kept, nothing, Contract.objects.values_list("code"))
    make_contract(code="beta", signed_earliest=date(2020, 1, 1), signed_latest=date(2020, 1, 31), signed_precision="month")
    second = together(kept, nothing)
    assert [code for code, _signed in first[0]] == ["alpha"]
    assert second == [[*first[0], ("beta", date(2020, 1, 31))], []]
    assert first[1:] == [[], [("alpha",)]]


def test_what_is_asked_in_the_head_follows_what_a_person_may_do() -> None:
    today = timezone.localdate()
    person = make_user(Role.CONTROLLER)
    JobRun.objects.create(name=JobRun.Name.CONVERT, scheduled_for=timezone.now(), status=JobRun.Status.DEAD)

    def asked() -> int:
        reader = person_with_scope(person.pk)
        assert reader is not None
        return head_of(reader, near="", most=1, as_of=today, today=today).asked.total

    assert asked() == 0
    hold_role(person, Role.EDITOR)
    assert asked() == 1
