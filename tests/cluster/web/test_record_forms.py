"""Forms of contract, parties, amendments, factories, sources and claims, and the choice among competing claims, in the browser's way."""

from decimal import Decimal
from typing import Any

import pytest

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Amendment, Claim, Contract, Factory, Party, Source
from tests.cluster.web.place import Place, make_claim, make_place, title, words
from tests.cluster.web.test_milestone import boxes
from tests.factories import make_rate, make_source, make_user

EVERYBODY = [("editor", 200), ("own", 403), ("controller", 403), ("auditor", 403), ("outsider", 404), ("nobody", 404), ("anonymous", 302)]
FORMS = [
    "edit/", "new/party/", "new/amendment/", "new/factory/", "factories/F01/edit/", "new/source/", "record/sources/kept/edit/",
    "new/claim/", "record/claims/{claim}/", "record/claims/{claim}/choose/", "parties/{party}/", "amendments/{amendment}/",
]  # fmt: skip
CLAIM = {
    "figure": "planned_factories",
    "value": "12",
    "unit": "plants",
    "qualifier": "exact",
    "confidence": "high",
    "announced_date": "2023",
}


@pytest.fixture
def place(db: None) -> Place:
    place = make_place()
    make_source(key="kept", title_en="Kept letter", contract=place.contract)
    return place


@pytest.fixture
def rivals(place: Place) -> tuple[Claim, Claim]:
    """12 plants in use, 14 beside it."""
    whole: dict[str, Any] = {"factory": None, "unit": "plants"}
    used = make_claim(place, "planned_factories", "12", **whole, reason_en="the minister said so", confidence="high")
    other = make_source(key="rival", title_en="It differs")
    return used, make_claim(place, "planned_factories", "14", **whole, in_use=False, source=other, confidence="low")


def open_form(place: Place, path: str, who: str = "editor") -> Any:
    return place.client(who).get(path if path.startswith("/") else place.base + path)


def send(place: Place, path: str, who: str = "editor", **changes: Any) -> Any:
    """The form of a page, filled in as it stands but for the changes."""
    client, address = place.client(who), path if path.startswith("/") else place.base + path
    return client.post(address, boxes(client.get(address)) | changes)


class TestWho:
    @pytest.mark.parametrize("path", FORMS)
    def test_editors_of_the_contract_only_and_not_on_a_past_day(self, place: Place, rivals: tuple[Claim, Claim], path: str) -> None:
        party = Party.objects.create(contract=place.contract, role="region", name_ru="Область")
        amendment = Amendment.objects.create(contract=place.contract, title_ru="Изменение")
        path = path.format(claim=rivals[0].pk, party=party.pk, amendment=amendment.pk)
        got = [(who, place.status(who, path)) for who, _status in EVERYBODY]
        # A manager of one factory does not see claims about the contract as a whole.
        hidden = path.startswith("record/claims")
        assert got == [(who, 404 if who == "own" and hidden else status) for who, status in EVERYBODY]
        assert place.status("controller", path, {}) == 403
        assert place.status("editor", path + "?as_of=2024-01-31") == 403

    def test_a_new_contract_is_for_editors_of_everything(self, place: Place) -> None:
        assert open_form(place, "/contracts/new/").status_code == 403
        place.people["chief"] = make_user(Role.EDITOR)
        assert open_form(place, "/contracts/new/", "chief").status_code == 200
        assert "/contracts/new/" in open_form(place, "/contracts/", "chief").content.decode()
        assert "/contracts/new/" not in open_form(place, "/contracts/").content.decode()


class TestContract:
    def test_a_new_one_is_added_once_and_guides_on_and_every_page_of_it_opens(self, place: Place) -> None:
        place.people["chief"] = make_user(Role.EDITOR)
        filled = {"code": "beta", "name_ru": "Договор Бета", "signed_date": "07.2026", "is_example": "on"}
        for _twice in range(2):
            answer = send(place, "/contracts/new/", "chief", **filled)
            assert (answer.status_code, answer["Location"]) == (302, "/c/beta/about/")
        made = Contract.objects.get(code="beta")
        assert (made.is_example, made.signed, made.major_days) == (False, DateWindow.parse("2026-07"), 90)
        client = place.client("chief")
        about = client.get("/c/beta/about/")
        for link in ("new/party/", "new/claim/", "new/factory/", "new/milestone/", "budgets/propose/", "ledger/new/"):
            assert f'href="/c/beta/{link}"' in about.content.decode(), link
        reader = make_user(Role.CONTROLLER, contract=made)
        place.people["reader"] = reader
        for who in ("chief", "reader"):
            for page in (
                "", "about/", "factories/", "money/", "ledger/", "budgets/", "schedule/", "schedule/trend/", "schedule/slips/", "risk/",
                "schedule/quality/", "earned-value/", "estimates/", "calendar/", "delays/", "record/",
            ):  # fmt: skip
                assert place.client(who).get(f"/c/beta/{page}").status_code == 200, (who, page)
            assert place.client(who).get("/production/c/beta/").status_code == 200, who
        assert "/c/beta/new/factory/" in client.get("/c/beta/").content.decode()
        assert "/c/beta/new/factory/" in client.get("/c/beta/factories/").content.decode()
        assert "new/factory" not in place.client("reader").get("/c/beta/factories/").content.decode()

    def test_what_is_wrong_is_said_at_its_box_and_stays(self, place: Place) -> None:
        answer = send(place, "edit/", moderate_days="95", name_ru="", silent_after_days="1,5", cost_tolerance_percent="1,234")
        text = words(answer)
        assert answer.status_code == 422
        assert title(answer).startswith("Error:")
        for said in ("Fill in “Name (Russian)”.", "Write a whole number in digits, such as 12.", "can mean thousands or decimals"):
            assert said in text, said
        assert '<a href="#id_name_ru">' in answer.content.decode()
        assert 'value="1,234"' in answer.content.decode()
        assert "The days must rise from moderate to critical." in words(send(place, "edit/", moderate_days="95"))
        assert Contract.objects.get(pk=place.contract.pk).moderate_days == 30
        answer = send(place, "edit/", silent_after_days="0", spend_tolerance_percent="101")
        assert answer.status_code == 422
        for box in ("silent_after_days", "spend_tolerance_percent"):
            assert f'<a href="#id_{box}">' in answer.content.decode(), box

    def test_a_code_and_a_number_that_are_taken_are_named_where_they_are_typed(self, place: Place) -> None:
        place.people["chief"] = make_user(Role.EDITOR)
        answer = send(place, "/contracts/new/", "chief", code="alpha", name_ru="Бета")
        assert (answer.status_code, words(answer).count("This is taken already: choose another.")) == (422, 2)
        assert '<a href="#id_code">' in answer.content.decode()
        for title_ru, status in (("Первое", 302), ("Второе", 422)):
            answer = send(place, "new/amendment/", number="1", title_ru=title_ru)
            assert answer.status_code == status
        assert "The contract has an amendment of this number: give another number." in words(answer)

    def test_whether_it_is_an_example_is_no_part_of_the_form(self, place: Place) -> None:
        assert send(place, "edit/", is_example="on", name_en="Renamed").status_code == 302
        stored = Contract.objects.get(pk=place.contract.pk)
        assert (stored.is_example, stored.name_en) == (False, "Renamed")

    def test_parties_and_amendments_are_added_once_and_changed(self, place: Place) -> None:
        for _twice in range(2):
            assert send(place, "new/party/", role="region", name_ru="Область", source=str(place.source.pk)).status_code == 302
            filled = {"title_ru": "Доп. соглашение", "announced_date": "2024-Q1", "approved_on": "12.04.2024"}
            assert send(place, "new/amendment/", **filled).status_code == 302
        party, amendment = Party.objects.get(), Amendment.objects.get()
        assert amendment.announced == DateWindow.parse("2024-Q1")
        assert send(place, f"parties/{party.pk}/", name_en="The region", reason="translated").status_code == 302
        text = words(open_form(place, "about/"))
        for said in ("The region", "The first promise", "Доп. соглашение", "announced Q1 2024"):
            assert said in text, said
        assert party.history.count() == 2  # type: ignore[attr-defined]
        assert place.status("controller", "about/") == 200


class TestFactory:
    def test_it_is_added_and_a_decision_needs_its_day_and_reason(self, place: Place) -> None:
        assert send(place, "new/factory/", code="F03", name_ru="Третий")["Location"] == "/c/alpha/factories/F03/"
        assert Factory.objects.get(code="F03").order == 3
        answer = send(place, "factories/F03/edit/", decision="suspended", decision_on="01.02.2026")
        assert "A decision needs its date and its reason." in words(answer)
        assert 'href="#id_decision_reason"' in answer.content.decode()
        filled = {"decision": "suspended", "decision_on": "01.02.2026", "decision_reason": "no money"}
        assert send(place, "factories/F03/edit/", **filled).status_code == 302
        assert "no money" in words(open_form(place, "factories/F03/"))
        assert "factories/F03/edit/" in open_form(place, "factories/F03/").content.decode()
        assert "F03/edit/" not in open_form(place, "factories/F03/", "controller").content.decode()

    def test_a_taken_code_and_a_manager_without_a_role_are_refused(self, place: Place) -> None:
        assert "This is taken already: choose another." in words(send(place, "new/factory/", code="F01", name_ru="Другой"))
        answer = send(place, "factories/F02/edit/", manager=str(place.person("own").pk))
        assert answer.status_code == 422
        assert send(place, "factories/F01/edit/", manager=str(place.person("own").pk)).status_code == 302

    def test_two_people_are_merged_or_asked(self, place: Place) -> None:
        client = place.client()
        mine = boxes(client.get(place.base + "factories/F01/edit/"))
        assert send(place, "factories/F01/edit/", name_en="Theirs", membership="candidate").status_code == 302
        answer = client.post(place.base + "factories/F01/edit/", mine | {"name_en": "Mine", "order": "7"})
        assert answer.status_code == 409
        assert title(answer).startswith("Conflict:")
        text = words(answer)
        assert "Press plant Theirs Mine" in text
        assert "candidate, never stated" in text
        merged = boxes(answer)
        assert (merged["name_en"], merged["order"], merged["membership"]) == ("Mine", "7", "candidate")
        # Meanwhile they save once more: what was chosen stays chosen, and what they changed since is taken with it.
        assert send(place, "factories/F01/edit/", name_ru="Ещё раз").status_code == 302
        again = client.post(place.base + "factories/F01/edit/", merged | {"take_name_en": "theirs"})
        assert again.status_code == 409
        settled = boxes(again)
        assert (settled["name_en"], settled["order"], settled["name_ru"]) == ("Theirs", "7", "Ещё раз")
        assert client.post(place.base + "factories/F01/edit/", settled).status_code == 302
        stored = Factory.objects.get(pk=place.factory.pk)
        assert (stored.name_en, stored.order, stored.membership) == ("Theirs", 7, "candidate")

    def test_their_value_is_taken_as_it_stands(self, place: Place) -> None:
        client = place.client()
        mine = boxes(client.get(place.base + "factories/F01/edit/"))
        assert send(place, "factories/F01/edit/", name_en="Theirs").status_code == 302
        merged = boxes(client.post(place.base + "factories/F01/edit/", mine | {"name_en": "Mine"}))
        assert client.post(place.base + "factories/F01/edit/", merged | {"take_name_en": "theirs"}).status_code == 302
        assert Factory.objects.get(pk=place.factory.pk).name_en == "Theirs"


class TestSource:
    def test_an_editor_of_one_contract_adds_documents_of_it_once(self, place: Place) -> None:
        page = open_form(place, "new/source/").content.decode()
        assert 'value="public"' not in page
        for _twice in range(2):
            answer = send(place, "new/source/", title_ru="Письмо", document="№ 5", published_date="2026-02", belongs="contract")
        made = Source.objects.get(document="№ 5")
        assert (answer.status_code, answer["Location"]) == (302, f"/c/alpha/record/sources/{made.key}/")
        assert made.contract == place.contract
        # The publication is everybody's: not for the editor of one contract.
        assert place.status("editor", "record/sources/gazette/edit/") == 403
        assert send(place, "new/source/", title_ru="Чужое", belongs="public").status_code == 422

    def test_a_publication_and_its_correction(self, place: Place) -> None:
        place.people["chief"] = make_user(Role.EDITOR)
        filled = {"key": "news-1", "title_ru": "Новость", "url": "javascript:alert(1)", "belongs": "public"}
        assert send(place, "new/source/", "chief", **filled).status_code == 422
        assert send(place, "new/source/", "chief", **filled | {"url": "https://news.example/1"}).status_code == 302
        assert Source.objects.get(key="news-1").contract is None
        assert send(place, "record/sources/news-1/edit/", "chief", publisher="News").status_code == 302
        assert "/record/sources/news-1/edit/" in open_form(place, "record/sources/news-1/", "chief").content.decode()


class TestClaim:
    def test_the_only_one_is_in_use_and_the_next_one_waits_for_a_choice(self, place: Place) -> None:
        source = str(place.source.pk)
        for _twice in range(2):
            assert send(place, "new/claim/", **CLAIM, source=source)["Location"] == "/c/alpha/record/sources/gazette/"
        first = Claim.objects.get()
        assert (first.in_use, first.value, first.recorded_by) == (True, Decimal(12), place.person("editor"))
        answer = send(place, "new/claim/", **CLAIM | {"value": "14"}, source=source)
        second = Claim.objects.get(value=14)
        assert (second.in_use, answer["Location"]) == (False, f"/c/alpha/record/claims/{second.pk}/choose/")

    @pytest.mark.parametrize(
        ("typed", "box", "said"),
        [
            ({"value": "1,234"}, "value", "can mean thousands or decimals"),
            ({"value": "1e400"}, "value", "is not an amount"),
            ({"unit": ""}, "unit", "A number needs its unit."),
            ({"text_ru": "двенадцать"}, "value", "exactly one of them"),
            ({"value": ""}, "value", "exactly one of them"),
            ({"value_high": "10"}, "value_high", "The upper end lies below the value."),
            ({"figure": "commitment", "unit": "RUB", "value": "0"}, "", "A sum of money is more than 0."),
            ({"source": ""}, "source", "Fill in “Source”."),
            ({"milestone": "NOTHING"}, "milestone", "no milestone of this code"),
            ({"announced_date": "1850"}, "announced_0", "1990"),
            ({"text_en": "a\u202eb", "value": "", "unit": ""}, "text_en", "control characters"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_box(self, place: Place, typed: dict[str, str], box: str, said: str) -> None:
        answer = send(place, "new/claim/", **{**CLAIM, "source": str(place.source.pk), **typed})
        assert answer.status_code == 422
        assert said in words(answer)
        assert not box or f'href="#id_{box}"' in answer.content.decode()
        assert not Claim.objects.exists()

    def test_the_echo_is_in_roubles_and_dollars_at_the_rate_in_force(self, place: Place) -> None:
        make_rate("2026-02-10", "80")
        asked = {"value": "1,2 млрд", "unit": "RUB", "qualifier": "more_than", "announced_date": "2026-02-11"}
        text = words(place.client().get(place.base + "new/claim/echo/", asked))
        assert "more than ₽1.2bn" in text.replace("\xa0", " ") or "1.2" in text
        assert "15,000,000.00" in text
        text = words(place.client().get(place.base + "new/claim/echo/", asked | {"unit": "USD", "value": "2"}))
        assert "160" in text
        assert "is not an amount" in words(place.client().get(place.base + "new/claim/echo/", {"value": "много"}))
        checked = send(place, "new/claim/", **CLAIM | {"value": "300", "unit": "RUB"}, source=str(place.source.pk), preview="1")
        assert "Nothing is saved yet." in words(checked)
        assert not Claim.objects.exists()

    def test_a_number_with_four_decimals_survives_its_form(self, place: Place) -> None:
        claim = make_claim(place, "floor_area", "10.1234", unit="m2")
        assert send(place, f"record/claims/{claim.pk}/", confidence="low").status_code == 302
        assert Claim.objects.values_list("value", "confidence").get() == (Decimal("10.1234"), "low")


class TestChoice:
    def test_rivals_stand_side_by_side_and_one_is_chosen_with_a_reason(self, place: Place, rivals: tuple[Claim, Claim]) -> None:
        used, other = rivals
        path = f"record/claims/{other.pk}/choose/"
        text = words(open_form(place, path))
        for said in ("12 plants in use", "the minister said so", "14 plants", "It differs", "low"):
            assert said in text, said
        refused = send(place, path, claim=str(other.pk), reason_en="", reason_ru="")
        assert refused.status_code == 422
        assert "Say why this claim is in use." in words(refused)
        chosen = send(place, path, claim=str(other.pk), reason_en="the newer decree")
        assert chosen.status_code == 302
        used.refresh_from_db()
        other.refresh_from_db()
        assert (used.in_use, used.reason_en, other.in_use, other.reason_en) == (False, "", True, "the newer decree")
        history = words(open_form(place, path))
        history = history[history.index("What was decided") :]
        assert history.index("the newer decree") < history.index("the minister said so")

    def test_a_choice_is_taken_back(self, place: Place, rivals: tuple[Claim, Claim]) -> None:
        used, other = rivals
        path = f"record/claims/{used.pk}/choose/"
        send(place, path, claim=str(other.pk), reason_en="by mistake")
        client = place.client()
        undo = boxes(client.get(place.base + path + "?undo=1"))
        assert (undo["claim"], undo["reason_en"]) == (str(used.pk), "the minister said so")
        assert client.post(place.base + path, undo).status_code == 302
        used.refresh_from_db()
        assert (used.in_use, used.reason_en) == (True, "the minister said so")

    def test_none_of_them_leaves_it_undecided_and_my_work_leads_there(self, place: Place, rivals: tuple[Claim, Claim]) -> None:
        path = f"record/claims/{rivals[0].pk}/choose/"
        assert send(place, path, claim="none", reason_en="").status_code == 422
        assert send(place, path, claim="none", reason_ru="оба неверны").status_code == 302
        assert not Claim.objects.filter(in_use=True).exists()
        assert "оба неверны" in words(open_form(place, path))
        assert f'href="{place.base}record/undecided/"' in place.client().get("/my/").content.decode()
        assert open_form(place, "record/undecided/")["Location"].startswith(f"{place.base}record/claims/")
        # What is said of it next is not put in use behind the back of who decided that.
        Claim.objects.filter(pk=rivals[1].pk).update(figure="staff")
        assert send(place, "new/claim/", **CLAIM | {"value": "13", "announced_date": ""}, source=str(place.source.pk)).status_code == 302
        assert not Claim.objects.filter(in_use=True).exists()

    def test_a_stale_choice_is_refused_and_shown_again(self, place: Place, rivals: tuple[Claim, Claim]) -> None:
        used, other = rivals
        client, path = place.client(), f"{place.base}record/claims/{used.pk}/choose/"
        mine = boxes(client.get(path)) | {"claim": str(other.pk), "reason_en": "mine"}
        make_claim(place, "planned_factories", "13", factory=None, unit="plants", in_use=False)
        answer = client.post(path, mine)
        assert answer.status_code == 409
        again = boxes(answer)
        assert (again["claim"], again["reason_en"]) == (str(other.pk), "mine")
        assert "13 plants" in words(answer)
        assert client.post(path, again).status_code == 302
        # Sent twice it is one choice.
        events = other.history.count()  # type: ignore[attr-defined]
        assert client.post(path, again).status_code == 302
        assert other.history.count() == events  # type: ignore[attr-defined]

    def test_claims_of_elsewhere_cannot_be_named(self, place: Place, rivals: tuple[Claim, Claim]) -> None:
        foreign = make_claim(place, "jobs", "5", unit="jobs", in_use=False)
        for wrong in (str(foreign.pk), "999999999999999999999", "x", ""):
            answer = send(place, f"record/claims/{rivals[0].pk}/choose/", claim=wrong, reason_en="why")
            assert answer.status_code == 422, wrong
        assert place.status("editor", "record/claims/999999/choose/") == 404

    def test_disputed_figures_lead_to_the_choice_for_those_who_may(self, place: Place, rivals: tuple[Claim, Claim]) -> None:
        make_claim(place, "jobs", "100", unit="jobs")
        make_claim(place, "jobs", "140", unit="jobs", in_use=False)
        link = "/choose/"
        for path in ("record/", "factories/F01/", "record/sources/gazette/"):
            assert link in open_form(place, path).content.decode(), path
            assert link not in open_form(place, path, "controller").content.decode(), path
            assert link not in place.client().get(place.base + path + "?as_of=2024-01-31").content.decode(), path

    def test_the_page_of_the_choice_is_cheap(self, place: Place, rivals: tuple[Claim, Claim], django_assert_max_num_queries: Any) -> None:
        for number in range(5):
            make_claim(place, "planned_factories", str(20 + number), factory=None, unit="plants", in_use=False, source=make_source())
        client = place.client()
        with django_assert_max_num_queries(14):
            client.get(f"{place.base}record/claims/{rivals[0].pk}/choose/")
