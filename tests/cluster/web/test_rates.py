"""The pages of the rates: where they stand, what is missing, waits or was corrected, what used them; who may do what."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cluster.domain.access import Role
from cluster.models import ExchangeRate, JobRun, LedgerConversion, LedgerEntry
from cluster.services.rates import accept_rate
from tests.cluster.web.reading import words
from tests.factories import make_contract, make_factory, make_rate, make_user

pytestmark = pytest.mark.django_db
# A Monday; Saturday's rate is in force.
TODAY = date(2024, 4, 15)
D12, D13, D16 = (date(2024, 4, day) for day in (12, 13, 16))
APRIL = "/rates/?from=2024-04-01&to=2024-04-15"


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: TODAY)
    monkeypatch.setattr("cluster.services.jobs.local_day", lambda now: TODAY)
    monkeypatch.setattr("cluster.services.jobs.broker.wake", lambda runs: True)


def enter(role: Role | None, **place: Any) -> Client:
    """A browser of somebody in that role, reading English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(role, **place))
    return client


@pytest.fixture
def editor() -> Client:
    return enter(Role.EDITOR)


@pytest.fixture
def waiting() -> ExchangeRate:
    make_rate(D12, "90")
    return make_rate(D13, "120", status="quarantined")


def pay(factory: Any, rate: ExchangeRate, **fields: Any) -> LedgerEntry:
    entry = LedgerEntry.objects.create(
        factory=factory, kind="payment", date=TODAY, amount_rub=Decimal("93441.90"), document="order 1", counterparty="c"
    )
    LedgerConversion.objects.create(entry=entry, rate=rate, usd=Decimal("1000.00"), converted_at=timezone.now(), **fields)
    return entry


class TestWhoSeesWhat:
    @pytest.mark.parametrize("role", list(Role))
    def test_everybody_with_a_role_reads_the_rates_and_finds_them_in_the_navigation(self, role: Role) -> None:
        row = make_rate(D13, "93.4419")
        client = enter(role, factory=make_factory()) if role is Role.MANAGER else enter(role, contract=make_contract())
        answer = client.get("/rates/")
        assert "93.4419" in words(answer)
        assert '<a href="/rates/" aria-current="page">Rates</a>' in answer.content.decode()
        assert client.get(f"/rates/{row.pk}/").status_code == 200

    def test_without_a_role_there_is_no_such_page(self) -> None:
        row = make_rate(D13, "93.4419")
        client = enter(None)
        statuses = [client.get(path).status_code for path in ("/rates/", f"/rates/{row.pk}/", "/rates/new/")]
        statuses += [client.post(path).status_code for path in ("/rates/backfill/", f"/rates/{row.pk}/decide/")]
        assert statuses == [404] * 5

    def test_strangers_are_sent_to_the_login(self, client: Client) -> None:
        assert client.get("/rates/").headers["Location"] == "/login/?next=/rates/"

    @pytest.mark.parametrize("role", [Role.MANAGER, Role.CONTROLLER, Role.AUDITOR])
    def test_who_only_reads_is_offered_nothing_and_may_do_nothing(self, role: Role, waiting: ExchangeRate) -> None:
        client = enter(role)
        page = words(client.get(APRIL))
        assert "+33.3% against the rate of April 12, 2024, 90.0000" in page
        for offered in ("Enter a rate", "Reject", "Fetch these rates"):
            assert offered not in page
        assert client.get("/rates/new/").status_code == 403
        assert client.post("/rates/backfill/", {"currency": "USD", "first": "2024-04-01", "last": "2024-04-02"}).status_code == 403
        assert client.post(f"/rates/{waiting.pk}/decide/", {"decision": "accept", "reason": "x"}).status_code == 403

    def test_an_editor_of_one_contract_decides_over_no_rate_because_they_belong_to_none(self, waiting: ExchangeRate) -> None:
        client = enter(Role.EDITOR, contract=make_contract())
        assert "Reject" not in words(client.get(APRIL))
        assert client.post(f"/rates/{waiting.pk}/decide/", {"decision": "accept", "reason": "x"}).status_code == 403
        assert client.get("/rates/new/").status_code == 403

    def test_an_administrator_fetches_but_does_not_decide(self, waiting: ExchangeRate) -> None:
        page = words(enter(Role.ADMIN).get(APRIL))
        assert "Fetch these rates" in page
        assert "Reject" not in page


class TestThePage:
    def test_it_says_which_rate_is_in_force_and_that_it_is_the_right_one(self, editor: Client) -> None:
        make_rate(D13, "93.4419")
        make_rate(D16, "93.5891")
        page = words(editor.get("/rates/"))
        assert "for 1 USD, the rate of April 13, 2024" in page
        assert "current By the Russian working calendar no newer one" in page
        assert "tomorrow: 93.5891" in page

    def test_an_old_rate_is_called_old_and_the_missing_one_named(self, editor: Client) -> None:
        make_rate(D12, "93.2198")
        assert "the rate of April 13, 2024 ought to be in force. It is not known here" in words(editor.get("/rates/"))

    def test_the_table_tells_change_revision_and_how_many_amounts_stand_at_each(self, editor: Client) -> None:
        make_rate(D12, "100")
        row = make_rate(D13, "102.5", revision=3)
        pay(make_factory(), row)
        assert "Apr 13, 2024 102.5000 1 +2.5% 3 Bank of Russia official, as published by the bank 1" in words(editor.get(APRIL))

    def test_gaps_are_listed_with_the_amounts_that_stand_at_an_older_rate(self, editor: Client) -> None:
        row = make_rate(date(2024, 4, 10), "93")
        pay(make_factory(), row)
        page = words(editor.get("/rates/?from=2024-04-10&to=2024-04-15"))
        assert "Apr 11, 2024 – Apr 13, 2024 3 1" in page
        assert "3 rates that ought to exist are not known" in page

    def test_corrections_tell_old_and_new_and_what_was_converted_anew(self, editor: Client) -> None:
        old = make_rate(D13, "93.4419", status="superseded")
        new = make_rate(D13, "93.5", revision=2)
        pay(make_factory(), new, replaced=old)
        page = words(editor.get(APRIL))
        assert "Apr 13, 2024 93.4419 93.5000" in page
        assert "official, as published by the bank 1 All rates" in page

    def test_a_currency_that_is_followed_has_a_tab_and_one_that_is_not_is_refused(self, editor: Client, settings: Any) -> None:
        settings.RATE_CURRENCIES = {"USD": "R01235", "JPY": "R01820"}
        make_rate(D13, "60.9420", currency="JPY", nominal=100)
        page = words(editor.get("/rates/?currency=JPY"))
        assert "for 100 JPY, the rate of April 13, 2024" in page
        answer = editor.get("/rates/?currency=XXX")
        assert answer.status_code == 400
        assert "Rates of “XXX” are not followed here: USD, JPY are." in words(answer)

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("from=soon", "“soon” is not a date"),
            ("from=2024-04-12&to=2024-04-01", "lies after the last"),
            ("to=0001-01-01", "lies after the last"),
            ("from=1990-01-01", "The bank has set official rates since Jul 1, 1992"),
            ("to=2024-04-16", "lies in the future"),
            ("from=%00", "a character that no text can have"),
        ],
    )
    def test_a_time_that_cannot_be_is_answered_with_a_sentence(self, editor: Client, query: str, said: str) -> None:
        answer = editor.get(f"/rates/?{query}")
        assert answer.status_code == 400
        assert said in words(answer)

    def test_without_any_rate_it_says_what_to_do(self, editor: Client) -> None:
        page = words(editor.get("/rates/"))
        assert "no rate is known" in page
        assert "Fetch the rates of this time above, or enter one with its source." in page

    def test_the_statements_do_not_grow_with_the_rates(self, editor: Client, django_assert_max_num_queries: Any) -> None:
        factory = make_factory()
        for day in range(1, 14):
            pay(factory, make_rate(date(2024, 4, day), "93"))
            make_rate(date(2024, 3, day), "120", status="quarantined")
            make_rate(date(2024, 2, day), "90", status="superseded")
            make_rate(date(2024, 2, day), "91", revision=2)
        with django_assert_max_num_queries(36):
            editor.get("/rates/?from=2024-01-01")

    def test_the_staleness_banner_leads_here(self, editor: Client) -> None:
        contract = make_contract()
        make_rate(D12, "93.2198")
        assert 'href="/rates/"' in editor.get(f"/c/{contract.code}/").content.decode().split('class="bar stale"')[1][:2000]


class TestFetching:
    def test_a_time_is_asked_for_and_its_progress_followed(self, editor: Client) -> None:
        answer = editor.post("/rates/backfill/", {"currency": "USD", "first": "01.02.2023", "last": "2023-03-01"})
        assert answer.headers["Location"] == "/rates/?currency=USD#backfill"
        run = JobRun.objects.get(name="backfill_rates")
        assert run.params == {"first": "2023-02-01", "last": "2023-03-01", "currency": "USD"}
        page = editor.get("/rates/")
        assert "Asked for: rates of USD from Feb 1, 2023 to Mar 1, 2023." in words(page)
        assert f'hx-get="/jobs/{run.pk}/"' in page.content.decode()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"first": "01.03.2023", "last": "01.02.2023"}, "The first day (Mar 1, 2023) lies after the last (Feb 1, 2023)."),
            ({"first": "01.03.1990", "last": "01.02.2023"}, "The bank has set official rates since Jul 1, 1992."),
            ({"first": "01.03.2023", "last": "01.02.2029"}, "No rate can be known yet for Feb 1, 2029"),
            ({"first": "soon", "last": "01.02.2023"}, "Write the date as 15.04.2024 or 2024-04-15."),
            ({"first": "", "last": "01.02.2023"}, "Fill in “From”."),
        ],
    )
    def test_a_time_that_cannot_be_is_refused_at_its_field_and_stays_typed(self, editor: Client, given: dict[str, str], said: str) -> None:
        answer = editor.post("/rates/backfill/", {"currency": "USD"} | given)
        assert answer.status_code == 422
        assert words(answer).count(said) == 2
        assert f'value="{given["first"]}"' in answer.content.decode() or not given["first"]
        assert not JobRun.objects.exists()


class TestDeciding:
    def test_a_rate_is_accepted_with_a_reason_that_stays_in_its_history(self, editor: Client, waiting: ExchangeRate) -> None:
        answer = editor.post(f"/rates/{waiting.pk}/decide/", {"decision": "accept", "reason": "seen on the bank's site"}, follow=True)
        waiting.refresh_from_db()
        assert waiting.status == "accepted"
        page = words(answer)
        assert "The rate is accepted and counts from now on" in page
        assert "reason: seen on the bank's site" in page

    def test_the_rate_of_tomorrow_is_accepted_for_its_day(self, editor: Client) -> None:
        make_rate(D12, "90")
        row = make_rate(D16, "120", status="quarantined")
        answer = words(editor.post(f"/rates/{row.pk}/decide/", {"decision": "accept", "reason": "seen"}, follow=True))
        assert "The rate of Apr 16, 2024 is accepted and counts from that day on." in answer

    def test_a_rate_is_rejected(self, editor: Client, waiting: ExchangeRate) -> None:
        editor.post(f"/rates/{waiting.pk}/decide/", {"decision": "reject", "reason": "a slip"})
        waiting.refresh_from_db()
        assert waiting.status == "rejected"

    @pytest.mark.parametrize(
        "given", [{"decision": "accept"}, {"decision": "accept", "reason": "  "}, {"decision": "burn", "reason": "x"}, {}]
    )
    def test_without_a_reason_or_a_decision_nothing_happens(self, editor: Client, waiting: ExchangeRate, given: dict[str, str]) -> None:
        answer = editor.post(f"/rates/{waiting.pk}/decide/", given)
        assert answer.status_code == 422
        waiting.refresh_from_db()
        assert waiting.status == "quarantined"

    def test_who_comes_second_is_told_what_was_decided_meanwhile(self, editor: Client, waiting: ExchangeRate) -> None:
        accept_rate(rate_id=waiting.pk, reason="first", by=make_user(Role.EDITOR))
        answer = editor.post(f"/rates/{waiting.pk}/decide/", {"decision": "reject", "reason": "second"})
        assert answer.status_code == 409
        page = words(answer)
        assert "This rate no longer waits for a decision." in page
        assert "accepted" in page

    def test_asking_by_a_link_decides_nothing(self, editor: Client, waiting: ExchangeRate) -> None:
        assert editor.get(f"/rates/{waiting.pk}/decide/").status_code == 405


GIVEN = {"currency": "USD", "date": "13.04.2024", "value": "93,4419", "nominal": "1", "source_ru": "https://gazette.example/1"}


class TestEntering:
    def test_a_rate_is_entered_with_its_source(self, editor: Client) -> None:
        answer = editor.post("/rates/new/", GIVEN, follow=True)
        row = ExchangeRate.objects.get()
        assert (row.value, row.quality, row.source_ru) == (Decimal("93.4419"), "manual", "https://gazette.example/1")
        assert "The rate of Apr 13, 2024 is recorded and counts from now on" in words(answer)
        assert 'href="https://gazette.example/1"' in answer.content.decode()

    def test_the_rate_of_tomorrow_counts_from_its_day(self, editor: Client) -> None:
        answer = words(editor.post("/rates/new/", GIVEN | {"date": "16.04.2024"}, follow=True))
        assert "The rate of Apr 16, 2024 is recorded and counts from that day on." in answer
        assert "from now on" not in answer

    def test_sent_twice_it_is_entered_once(self, editor: Client) -> None:
        editor.post("/rates/new/", GIVEN)
        assert "was recorded before" in words(editor.post("/rates/new/", GIVEN, follow=True))
        assert ExchangeRate.objects.count() == 1

    def test_a_check_tells_what_it_would_change_and_saves_nothing(self, editor: Client) -> None:
        row = make_rate(D12, "93.2198")
        pay(make_factory(code="F01"), row)
        page = words(editor.post("/rates/new/", GIVEN | {"preview": "1"}))
        assert "Nothing is saved yet" in page
        assert "It would count at once." in page
        assert "+0.24% against the rate of April 12, 2024, 93.2198 ₽." in page
        assert "1 amount stands on the days on which it would be in force:" in page
        assert "F01 order 1, Apr 15, 2024: ₽93,441.90 = $1,000.00 → $1,000.00" in page
        assert ExchangeRate.objects.count() == 1

    def test_a_jump_is_recorded_and_waits(self, editor: Client) -> None:
        make_rate(D12, "80")
        assert "It would wait in quarantine" in words(editor.post("/rates/new/", GIVEN | {"preview": "1"}))
        assert "waits in quarantine for a decision" in words(editor.post("/rates/new/", GIVEN, follow=True))

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"value": "93,441"}, "“93,441” can be read as 93441 or as 93,4410"),
            ({"value": "NaN"}, "“NaN” is not a rate: write 93,4419."),
            ({"value": "1e400"}, "“1e400” is not a rate"),
            ({"value": "-93,4419"}, "A rate is above zero: write the roubles that the bank printed."),
            ({"value": "93,44191"}, "four decimals at most: write it as the bank prints it, such as 93.4419."),
            ({"value": "934,4190"}, "is many times the one of Apr 12, 2024"),
            ({"value": ""}, "Fill in “Roubles”."),
            ({"date": "14.04.2024"}, "The bank dates no rate Apr 14, 2024"),
            ({"date": "17.04.2024"}, "No rate can be known yet for Apr 17, 2024"),
            ({"date": "30.02.2024"}, "Write the date as 15.04.2024"),
            ({"source_ru": "  "}, "Fill in “Where it was published”."),
            ({"source_ru": "a\x07b"}, "This text has control characters."),
            ({"nominal": "7"}, "Select a valid choice."),
            ({"currency": "XXX"}, "Select a valid choice."),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field_and_stays_typed(self, editor: Client, given: dict[str, str], said: str) -> None:
        make_rate(D12, "93.2198")
        answer = editor.post("/rates/new/", GIVEN | given)
        assert answer.status_code == 422
        assert said in words(answer)
        assert "https://gazette.example/1" in answer.content.decode() or "source_ru" in given
        assert ExchangeRate.objects.count() == 1


class TestOneRate:
    def test_it_tells_its_time_in_force_and_what_stands_at_it(self, editor: Client) -> None:
        row = make_rate(D13, "93.4419")
        make_rate(D16, "93.5891")
        entry = pay(make_factory(make_contract(code="alpha", name_en="Contract Alpha"), code="F01"), row)
        answer = editor.get(f"/rates/{row.pk}/")
        page = words(answer)
        assert "from Apr 13, 2024 until the rate of Apr 16, 2024" in page
        assert "What used it 1" in page
        assert "Payment: order 1 Apr 15, 2024 Contract Alpha F01 ₽93,441.90 $1,000.00" in page
        assert f'href="/c/alpha/ledger/{entry.pk}/"' in answer.content.decode()

    def test_a_plant_manager_sees_the_own_rows_and_their_count_and_no_names(self) -> None:
        person = make_user(Role.EDITOR, username="secret.person")
        row = make_rate(D13, "93.4419", recorded_by=person)
        own = make_factory(code="F01")
        pay(own, row)
        pay(make_factory(own.contract, code="F02"), row)
        page = words(enter(Role.MANAGER, factory=own).get(f"/rates/{row.pk}/"))
        assert "What used it 1" in page
        assert "F02" not in page
        assert "secret.person" not in page
        assert "a member of staff" in page

    def test_what_was_converted_anew_is_told_at_the_rate_it_used_before(self, editor: Client) -> None:
        old = make_rate(D13, "93.4419", status="superseded")
        new = make_rate(D13, "93.5", revision=2)
        pay(make_factory(), new, replaced=old)
        assert "converted anew: it used this rate before" in words(editor.get(f"/rates/{old.pk}/"))

    def test_many_uses_are_paged_with_a_fixed_number_of_statements(self, editor: Client, django_assert_max_num_queries: Any) -> None:
        row = make_rate(D13, "93.4419")
        factory = make_factory()
        for _number in range(32):
            pay(factory, row)
        with django_assert_max_num_queries(20):
            first = editor.get(f"/rates/{row.pk}/")
        assert "?page=2#uses" in first.content.decode()
        assert words(editor.get(f"/rates/{row.pk}/?page=2")).count("Payment: order 1") == 2

    def test_a_rate_that_is_not_there_is_not_found(self, editor: Client) -> None:
        assert editor.get("/rates/999999/").status_code == 404


class TestOnAPastDay:
    def test_it_shows_what_was_in_force_then_and_offers_to_enter_nothing(self, editor: Client, waiting: ExchangeRate) -> None:
        make_contract()
        make_rate(D16, "95")
        answer = editor.get("/rates/?as_of=2024-04-12")
        page, text = answer.content.decode(), words(answer)
        assert "In force on Apr 12, 2024 90.0000" in text
        assert "Nothing can be entered." in text
        assert "In force today" not in text
        assert "Enter a rate" not in text
        assert "Accept" not in text
        assert 'action="/rates/backfill/' not in page
        assert 'href="/rates/new/' not in page

    def test_every_link_to_a_rate_and_every_choice_of_a_time_stays_on_the_day(self, editor: Client) -> None:
        make_contract()
        row = make_rate(D12, "90")
        page = editor.get("/rates/?as_of=2024-04-12").content.decode()
        links = re.findall(r'href="(/rates/[^"#]*)', page)
        assert f"/rates/{row.pk}/?as_of=2024-04-12" in links
        # The way back to today is the one link that leaves the day.
        assert [link for link in links if "as_of=2024-04-12" not in link] == ["/rates/"]
        assert '<input type="hidden" name="as_of" value="2024-04-12">' in page

    def test_a_time_after_the_day_and_a_day_to_come_are_refused(self, editor: Client) -> None:
        assert "Apr 13, 2024 lies after Apr 12, 2024" in words(editor.get("/rates/?as_of=2024-04-12&to=2024-04-13"))
        assert editor.get("/rates/?as_of=2024-04-16").status_code == 400

    def test_nothing_is_written_from_a_past_day(self, editor: Client, waiting: ExchangeRate) -> None:
        for path in ("/rates/new/", f"/rates/{waiting.pk}/decide/", "/rates/backfill/"):
            assert editor.post(f"{path}?as_of=2024-04-12", {"decision": "accept", "reason": "x"}).status_code == 403
        assert "Accept" not in words(editor.get(f"/rates/{waiting.pk}/?as_of=2024-04-14"))


class TestAmongContracts:
    def test_invented_amounts_are_marked_and_come_after_the_real_ones(self, editor: Client) -> None:
        row = make_rate(D13, "93.4419")
        example = make_contract(code="example", name_en="Example Park", is_example=True)
        pay(make_factory(make_contract(name_en="Real Park"), code="F01"), row)
        pay(make_factory(example, code="F10"), row)
        text = words(editor.get(f"/rates/{row.pk}/"))
        assert text.index("Real Park F01") < text.index("Example Park example: not real figures F10")

    def test_the_contract_that_was_looked_at_stays_in_the_head(self, editor: Client) -> None:
        row = make_rate(D12, "90")
        first, second = make_contract(code="a1", name_en="Park One"), make_contract(code="b2", name_en="Park Two")
        here = f"/rates/?contract={second.code}"
        assert f'href="{here}"' in editor.get(f"/c/{second.code}/").content.decode()
        for address in (here, f"/rates/{row.pk}/?contract={second.code}"):
            page = editor.get(address).content.decode()
            assert re.search(r'<span class="long">\s*Park Two', page)
            assert f'href="/c/{second.code}/money/"' in page
            assert f'href="{here}"' in page
            assert f'href="/c/{first.code}/money/"' not in page
        answer = editor.post(f"/rates/new/?contract={second.code}", GIVEN)
        assert answer.headers["Location"].endswith(f"?contract={second.code}")

    @pytest.mark.parametrize("code", ["nothing", "%00", "b2'"])
    def test_a_contract_that_is_not_there_is_no_reason_to_fail(self, editor: Client, code: str) -> None:
        make_contract()
        assert editor.get(f"/rates/?contract={code}").status_code in (200, 400)
