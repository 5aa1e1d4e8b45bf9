"""The frame of the pages: who gets in, what an empty site says, past days, languages, what the policy allows."""

import hashlib
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.views.defaults import server_error

from cluster.domain.access import Role
from cluster.web import urls as cluster_urls
from cluster.web.context import Frame
from production.web import urls as production_urls
from tests.cluster.web.reading import words
from tests.factories import make_contract, make_factory, make_milestone, make_rate, make_user, promise

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 23)
# Every address under a contract and what it takes.
OF_A_CONTRACT = {
    f"{urls.app_name}:{pattern.name}": list(pattern.pattern.converters)
    for urls in (cluster_urls, production_urls)
    for pattern in urls.urlpatterns
    if "code" in pattern.pattern.converters
}
VENDOR = Path(settings.BASE_DIR) / "static" / "vendor"


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cluster.web.door.timezone.localdate", lambda *_: TODAY)


@pytest.fixture
def reader(client: Client) -> Client:
    """An auditor of everything, reading English."""
    client.force_login(make_user(Role.AUDITOR))
    client.cookies["django_language"] = "en"
    return client


@pytest.mark.parametrize("wanted", ["yesterday", "2025-02-30", "30.02.2025", "06/30/2025", "2999-01-01", "%00", "2025-06-30' or 1"])
def test_a_day_that_is_none_is_answered_with_a_sentence(reader: Client, wanted: str) -> None:
    contract = make_contract()
    response = reader.get(f"/c/{contract.code}/?as_of={wanted}")
    assert response.status_code == 400
    assert "This address cannot be answered" in words(response)


def test_what_is_no_day_is_told_both_ways_to_write_one(reader: Client) -> None:
    assert "“soon” is not a date: write 2025-06-30 or 30.06.2025." in words(reader.get(f"/c/{make_contract().code}/?as_of=soon"))


@pytest.mark.parametrize("wanted", ["2026-11-20", "20.11.2026"])
def test_a_past_day_is_asked_for_in_either_form(reader: Client, wanted: str) -> None:
    response = reader.get(f"/c/{make_contract().code}/?as_of={wanted}")
    assert "As of November 20, 2026" in words(response)
    assert "?as_of=2026-11-20" in response.content.decode()


@pytest.mark.parametrize(("language", "shown"), [("ru", "20.11.2026"), ("en", "2026-11-20")])
def test_the_foot_shows_the_day_as_its_reader_would_type_it(reader: Client, language: str, shown: str) -> None:
    reader.cookies["django_language"] = language
    box = re.search(r'<input id="as-of"[^>]*>', reader.get(f"/c/{make_contract().code}/?as_of=2026-11-20").content.decode())
    assert box
    assert f'value="{shown}"' in box[0]
    assert 'type="text"' in box[0]


def test_without_a_rate_the_page_stands_in_roubles_only(reader: Client) -> None:
    contract = make_contract()
    response = reader.get(f"/c/{contract.code}/")
    assert response.status_code == 200
    assert "No dollar rate is known yet" in words(response)


def test_an_empty_contract_says_what_is_missing_and_invents_no_zero(reader: Client) -> None:
    page = words(reader.get(f"/c/{make_contract().code}/"))
    assert "No factory is entered yet" in page
    assert "Committed not published" in page
    assert "Nothing is late." in page
    assert "₽0" not in page


def test_an_example_says_so_on_the_page(reader: Client) -> None:
    assert "Example: not real figures." in words(reader.get(f"/c/{make_contract(is_example=True).code}/"))


def test_a_stranger_is_sent_to_the_login(client: Client) -> None:
    response = client.get("/c/any/")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/c/any/"


def test_an_outsider_cannot_tell_a_foreign_contract_from_none(client: Client) -> None:
    mine, foreign = make_contract(), make_contract(name_en="Secret contract")
    client.force_login(make_user(Role.EDITOR, contract=mine))
    assert client.get(f"/c/{mine.code}/").status_code == 200
    answer = client.get(f"/c/{foreign.code}/")
    assert answer.status_code == client.get("/c/nowhere/").status_code == 404
    assert "Secret" not in words(answer)


def test_a_plant_manager_sees_only_the_own_factory(client: Client) -> None:
    contract = make_contract()
    own, other = make_factory(contract, name_en="Own plant"), make_factory(contract, name_en="Other plant")
    for factory in (own, other):
        promise(make_milestone(factory), "2023", announced="2022")
    client.force_login(make_user(Role.MANAGER, factory=own))
    client.cookies["django_language"] = "en"
    page = words(client.get(f"/c/{contract.code}/"))
    assert "Own plant" in page
    assert "Other plant" not in page
    assert "Jobs" not in page


def test_the_first_page_leads_to_the_contract(reader: Client) -> None:
    contract = make_contract()
    assert reader.get("/").headers["Location"] == f"/c/{contract.code}/"


def test_someone_without_a_role_is_told_whom_to_ask(client: Client) -> None:
    make_contract()
    client.force_login(make_user())
    client.cookies["django_language"] = "en"
    assert "Nothing is shared with you yet" in words(client.get("/"))


def test_a_fresh_rate_raises_no_notice(reader: Client) -> None:
    make_rate("2026-11-21", "80.0000")
    page = words(reader.get(f"/c/{make_contract().code}/"))
    assert "The dollar rate is old" not in page
    assert "1 $ = 80.0000 ₽" in page


def test_a_past_day_offers_nothing_to_enter(client: Client) -> None:
    contract = make_contract()
    client.force_login(make_user(Role.EDITOR, is_staff=True))
    client.cookies["django_language"] = "en"
    assert "Add a factory" in words(client.get(f"/c/{contract.code}/"))
    assert "Add a factory" not in words(client.get(f"/c/{contract.code}/?as_of=2026-11-22"))


def test_each_page_of_a_contract_belongs_to_one_item_of_the_navigation(rf: RequestFactory) -> None:
    user, contract = make_user(Role.AUDITOR), make_contract()
    # What an address names by a number is the first of its kind.
    known = {"code": contract.code, "factory": "F01", "milestone": "M1", "key": "gazette", "kind": "factory", "brand": "kia", "form": "csv"}
    marked = {}
    for name, arguments in OF_A_CONTRACT.items():
        address = reverse(name, kwargs={key: known.get(key, 1) for key in arguments})
        request = rf.get(address)
        request.user, request.resolver_match = user, resolve(address)
        frame = Frame(request)
        marked[name] = [item.key for item in frame.nav].count(frame.section)
    assert marked == dict.fromkeys(OF_A_CONTRACT, 1)


def test_a_milestone_of_the_contract_as_a_whole_belongs_to_the_cluster(client: Client) -> None:
    contract = make_contract()
    milestone = make_milestone(contract=contract)
    client.force_login(make_user(Role.EDITOR, contract=contract))
    html = client.get(f"/c/{contract.code}/milestones/{milestone.code}/forecast/").content.decode()
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', html) == [f"/c/{contract.code}/"]


def test_the_page_in_view_is_marked_in_the_navigation(reader: Client) -> None:
    contract = make_contract()
    html = reader.get(f"/c/{contract.code}/").content.decode()
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', html) == [f"/c/{contract.code}/"]


def test_the_switch_of_contracts_appears_when_there_is_a_choice(reader: Client) -> None:
    one = make_contract()
    assert "Choose a contract" not in words(reader.get(f"/c/{one.code}/"))
    other = make_contract(name_en="Another one")
    page = reader.get(f"/c/{one.code}/")
    assert f'href="/c/{other.code}/"' in page.content.decode()


def test_the_language_is_chosen_by_a_form_that_comes_back_to_the_page(client: Client) -> None:
    client.force_login(make_user(Role.AUDITOR))
    address = f"/c/{make_contract().code}/?as_of=2026-11-20"
    answer = client.post("/i18n/setlang/", {"language": "en", "next": address})
    assert answer.headers["Location"] == address
    assert '<html lang="en">' in client.get(address).content.decode()


@pytest.mark.parametrize("address", ["/login/", "/nowhere/"])
def test_a_page_before_the_login_reveals_no_contract(client: Client, address: str) -> None:
    make_contract(name_ru="Тайный договор", name_en="Secret contract")
    text = words(client.get(address))
    assert "Secret" not in text
    assert "Тайный" not in text


def test_a_failed_login_names_the_error_in_the_title_and_keeps_the_name(client: Client) -> None:
    client.cookies["django_language"] = "en"
    html = client.post("/login/", {"username": "anna", "password": "wrong"}).content.decode()
    assert re.search(r"<title>\s*Error:", html)
    assert 'value="anna"' in html
    assert 'role="alert"' in html


def test_the_policy_forbids_everything_from_elsewhere_and_all_inline_code(client: Client) -> None:
    policy = client.get("/login/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "style-src 'self';" in policy + ";"
    assert "unsafe" not in policy


def test_htmx_runs_without_eval_and_without_styles_of_its_own(client: Client) -> None:
    html = client.get("/login/").content.decode()
    assert '"allowEval":false' in html
    assert '"includeIndicatorStyles":false' in html


def test_the_vendored_files_are_the_ones_that_were_checked() -> None:
    stated = re.findall(r"\| (\S+) \|.*`([0-9a-f]{64})` \|", (VENDOR / "README.md").read_text())
    assert {name for name, _sum in stated} == {path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".css", ".ttf"}}
    for name, expected in stated:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == expected


def test_the_page_of_a_breakdown_needs_neither_request_nor_database(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        text = words(server_error(RequestFactory().get("/")))
    assert "500" in text


@pytest.mark.parametrize("address", ["/logout/", "/admin/logout/", "/jobs/run/"])
def test_the_address_of_a_button_is_answered_in_words(client: Client, address: str) -> None:
    client.force_login(make_user(Role.ADMIN, is_staff=True))
    answer = client.get(address, headers={"accept-language": "en"})
    assert (answer.status_code, answer["Allow"][:4]) == (405, "POST")
    assert "Nothing is shown at this address: a button leads here." in words(answer)


@pytest.mark.parametrize(("language", "said"), [("en", "Nothing was saved"), ("ru", "Ничего не сохранено")])
def test_a_form_that_was_open_too_long_is_answered_with_what_to_do(language: str, said: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(Role.AUDITOR))
    client.cookies["django_language"] = language
    answer = client.post("/jobs/run/", {"name": "flag_delays"})
    assert answer.status_code == 403
    assert said in words(answer)
    assert "CSRF" not in words(answer)
    assert "css/base.css" in answer.content.decode()
