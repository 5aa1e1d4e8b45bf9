"""The page of what is asked of a person, its two forms, the mark in the head, and what changed since the last visit."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from cluster.domain.access import Role
from cluster.domain.dates import DateWindow
from cluster.models import Baseline, Claim, Comment, DelayEvent, DelayFlag, ForecastRevision, JobRun, Milestone, RiskRun, Visit
from tests.cluster.queries.test_changes import everything
from tests.cluster.web.place import BUDGET, Place, make_place, title, words
from tests.factories import make_factory, make_milestone, make_rate, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Place:
    return make_place()


def day(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def forecast(milestone: Milestone, ends: int) -> Milestone:
    """A forecast told two months ago that ends so many days from today."""
    revision = ForecastRevision(milestone=milestone, reason="other")
    revision.new, revision.announced = DateWindow.day(day(ends)), DateWindow.day(day(-60))
    revision.save()
    return milestone


def make_flag(place: Place, **fields: Any) -> DelayFlag:
    row = {"kind": "over_budget", "severity": "major", "since": day(-40), "opened_on": day(-30), "amount": 12_000_000}
    factory = fields.pop("factory", place.factory)
    return DelayFlag.objects.create(contract=place.contract, factory=factory, subject_id=factory.pk, **row | fields)


def mine(place: Place, who: str = "own") -> Any:
    return place.client(who).get("/my/")


class TestPage:
    def test_a_manager_confirms_all_but_what_is_unticked(self, place: Place) -> None:
        first, second = (forecast(make_milestone(place.factory, code=f"M{n}", name_en=f"Part {n}"), 10) for n in (1, 2))
        place.promised.delete()
        answer = mine(place)
        assert re.findall(r'name="milestone" value="(\d+)" checked', answer.content.decode()) == [str(first.pk), str(second.pk)]
        answer = place.client("own").post("/my/confirm/", {"milestone": [first.pk]}, follow=True)
        assert "1 forecast is confirmed." in words(answer)
        newest = ForecastRevision.objects.latest("pk")
        assert (newest.milestone, newest.reason, newest.recorded_by) == (first, "confirmed", place.person("own"))
        assert re.findall(r'name="milestone" value="(\d+)"', mine(place).content.decode()) == [str(second.pk)]

    def test_sent_twice_it_is_confirmed_once(self, place: Place) -> None:
        milestone = forecast(make_milestone(place.factory), 10)
        for _ in range(2):
            assert place.client("own").post("/my/confirm/", {"milestone": [milestone.pk]}).status_code == 302
        assert ForecastRevision.objects.filter(reason="confirmed").count() == 1

    def test_what_has_passed_or_is_missing_is_to_be_told_anew(self, place: Place) -> None:
        forecast(make_milestone(place.factory, code="PAST"), -3)
        page = mine(place)
        text = words(page)
        assert "Say what is expected now 2" in text
        assert "no forecast 2023" in text
        assert f"{place.base}milestones/PAST/forecast/" in page.content.decode()
        assert f"{place.base}milestones/PAST/progress/" in page.content.decode()
        assert 'name="milestone"' not in page.content.decode()

    @pytest.mark.parametrize("ids", [["x"], ["0"], ["9" * 30], ["-1"], ["1", "²"]])
    def test_what_is_no_milestone_is_refused_and_nothing_is_stored(self, place: Place, ids: list[str]) -> None:
        answer = place.client("own").post("/my/confirm/", {"milestone": ids}, follow=True)
        assert "There is no such milestone." in words(answer)
        assert not ForecastRevision.objects.exists()

    def test_all_or_none_is_confirmed(self, place: Place) -> None:
        mine_, foreign = forecast(make_milestone(place.factory), 10), forecast(make_milestone(place.other), 10)
        answer = place.client("own").post("/my/confirm/", {"milestone": [mine_.pk, foreign.pk]}, follow=True)
        assert "There is no such milestone." in words(answer)
        assert not ForecastRevision.objects.filter(reason="confirmed").exists()

    def test_without_a_tick_the_page_says_what_to_do(self, place: Place) -> None:
        assert "Tick the milestones whose forecast still holds." in words(place.client("own").post("/my/confirm/", follow=True))

    def test_decisions_link_to_where_they_are_made(self, place: Place) -> None:
        draft = Baseline.objects.create(contract=place.contract, name_ru="План", name_en="Plan")
        for value in (10, 12):
            Claim.objects.create(contract=place.contract, figure="commitment", unit="RUB", value=value, source=place.source)
        dead = JobRun.objects.create(name="convert", status="dead", scheduled_for=timezone.now())
        make_rate("2024-01-10", "90", status="quarantined")
        place.people["all"] = make_user(Role.EDITOR)
        page = mine(place, "all")
        text = words(page)
        assert "A proposed baseline waits for approval: Plan" in text
        assert "Sources disagree on 1 figure, and none of them is in use: Choose the claim in use Contract Alpha" in text
        assert "A job was given up: convert roubles to dollars" in text
        assert "1 rate waits in quarantine for a decision." in text
        for link in (f"{place.base}budgets/{draft.pk}/", f"{place.base}record/", f"/jobs/{dead.pk}/"):
            assert f'href="{link}' in page.content.decode()

    @pytest.mark.parametrize(
        ("who", "sentence"),
        [
            ("foreign", "Your forecasts are told, and somebody takes note of each delay."),
            ("editor", "No delay is without a note, and nothing waits for your decision."),
            ("admin", "No delay is without a note"),
            ("controller", "Your role reads"),
            ("auditor", "Your role reads"),
        ],
    )
    def test_each_role_is_told_why_nothing_is_asked(self, place: Place, who: str, sentence: str) -> None:
        text = words(mine(place, who))
        assert "Nothing is asked of you" in text
        assert sentence in text

    def test_who_has_no_role_is_told_whom_to_ask(self, place: Place) -> None:
        assert "Nothing is shared with you yet" in words(mine(place, "nobody"))
        assert mine(place, "anonymous").headers["Location"] == "/login/?next=/my/"

    def test_who_was_mentioned_is_told_where_and_it_is_not_counted(self, place: Place) -> None:
        comment = Comment.objects.create(
            contract=place.contract, factory=place.factory, milestone=place.milestone, text="<b>look</b>", by=place.person("editor")
        )
        comment.mentioned.add(place.person("controller"))
        page = mine(place, "controller")
        assert "You were mentioned Press plant opens" in words(page)
        assert "&lt;b&gt;look" in page.content.decode()
        assert f"{place.base}milestones/F01-OPEN/#comment-{comment.pk}" in page.content.decode()
        assert "Nothing is asked of you" in words(page)
        assert "You were mentioned" not in words(mine(place, "auditor"))
        Comment.objects.update(at=timezone.now() - timedelta(days=31))
        assert "You were mentioned" not in words(mine(place, "controller"))

    @pytest.mark.parametrize("path", ["/my/confirm/", "/my/acknowledge/"])
    def test_forms_are_posted_today(self, place: Place, path: str) -> None:
        assert place.client("own").get(path).status_code == 405
        assert place.client("own").post(f"{path}?as_of=2025-01-01", {"milestone": "1", "flag": "1"}).status_code == 403
        assert place.client("own").post("/my/").status_code == 405

    def test_it_keeps_within_the_budget_whatever_is_asked(self, place: Place, django_assert_max_num_queries: Any) -> None:
        TestPage.test_decisions_link_to_where_they_are_made(self, place)
        editor = place.person("all")
        for number in range(6):
            forecast(make_milestone(make_factory(place.contract), responsible=editor, code=f"M{number}"), 3)
            make_flag(place, kind=f"k{number}", factory=make_factory(place.contract))
            RiskRun.objects.create(contract=place.contract, as_of=day(0), requested_by=editor, finished_at=timezone.now())
        make_rate("2024-01-09", "90")
        Comment.objects.create(contract=place.contract, text="x", by=editor).mentioned.add(editor)
        client = place.client("all")
        with django_assert_max_num_queries(BUDGET - 1):  # of no contract, so that no visit is noted
            text = words(client.get("/my/"))
        assert "Forecasts to confirm 6" in text
        assert "Delays of which nobody takes note 6" in text


class TestAcknowledging:
    def send(self, place: Place, who: str = "own", **data: Any) -> Any:
        return place.client(who).post("/my/acknowledge/", {"reason": "known", "until": day(30).isoformat()} | data, follow=True)

    def test_several_are_noted_with_one_reason_and_leave_the_page(self, place: Place) -> None:
        flags = [make_flag(place, kind=kind) for kind in ("over_budget", "underspent")]
        answer = self.send(place, flag=[flag.pk for flag in flags])
        assert "2 delays are acknowledged." in words(answer)
        assert "Delays of which nobody takes note" not in words(answer)
        assert set(DelayFlag.objects.values_list("acknowledged_by", "acknowledged_until", "acknowledged_reason")) == {
            (place.person("own").pk, day(30), "known")
        }
        self.send(place, flag=[flag.pk for flag in flags])
        assert DelayEvent.objects.filter(kind="acknowledged").count() == 2

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            ({"reason": ""}, "Fill in “Why”."),
            ({"until": "soon"}, "Write the date as 15.04.2024 or 2024-04-15."),
            ({"until": "2020-01-01"}, "The day lies in the past."),
            ({"reason": "x" * 3000}, "Write at most 2000 characters of text."),
            ({"flag": []}, "Tick the delays that you take note of."),
            ({"flag": ["x"]}, "There is no such delay."),
            ({"flag": ["9" * 40]}, "There is no such delay."),
        ],
    )
    def test_a_refusal_is_named_and_what_was_typed_stays(self, place: Place, data: dict[str, Any], sentence: str) -> None:
        flag = make_flag(place)
        answer = self.send(place, **{"flag": [flag.pk], "reason": "known"} | data)
        assert answer.status_code == 422
        assert sentence in words(answer)
        assert title(answer).startswith("Error:")
        if "flag" not in data:
            assert f'value="{flag.pk}" checked' in answer.content.decode()
        assert not DelayFlag.objects.filter(acknowledged_by__isnull=False).exists()

    def test_all_or_none_is_noted(self, place: Place) -> None:
        own, foreign, closed = make_flag(place), make_flag(place, factory=place.other), make_flag(place, kind="x", closed_on=day(-1))
        for others, sentence in (([foreign.pk], "There is no such delay."), ([closed.pk], "This delay is closed.")):
            assert sentence in words(self.send(place, flag=[own.pk, *others]))
        assert "Your role does not allow this." in words(self.send(place, "controller", flag=[own.pk]))
        assert not DelayEvent.objects.exists()


class TestMark:
    def test_the_head_of_each_page_says_how_much_is_asked(self, place: Place) -> None:
        make_flag(place)
        page = words(place.client("own").get(place.base + "factories/"))
        assert "My work 2 2 things are asked of you." in page
        assert "2 things are asked of you. My work" in words(place.client("own").get(place.base))
        assert "asked of you" not in words(place.client("auditor").get(place.base))


class TestVisits:
    def been(self, place: Place, who: str = "auditor", days: int = 3) -> None:
        Visit.objects.create(user=place.person(who), contract=place.contract, seen_at=timezone.now() - timedelta(days=days))

    def test_the_first_visit_tells_no_changes_and_is_noted(self, place: Place) -> None:
        assert "since your last visit" not in words(place.client("auditor").get(place.base))
        assert Visit.objects.get().user == place.person("auditor")

    def test_the_next_one_tells_what_changed_with_the_way_to_it(self, place: Place) -> None:
        self.been(place)
        forecast(place.milestone, 100)
        flag = make_flag(place)
        DelayEvent.objects.create(flag=flag, kind="opened", on_date=day(0), days=1, severity="major")
        client = place.client("auditor")
        for _ in range(2):  # the second page belongs to the same visit
            page = client.get(place.base)
            text = words(page)
            assert "What changed since your last visit" in text
            assert "1 forecast moved Press plant opens" in text
            assert "1 delay opened Press plant over budget" in text
            assert f"{place.base}delays/{flag.pk}/" in page.content.decode()
            assert f"{place.base}milestones/F01-OPEN/" in page.content.decode()

    def test_every_kind_of_change_leads_to_a_page_that_is_there(self, place: Place) -> None:
        self.been(place)
        everything(place.factory, place.milestone)
        client = place.client("auditor")
        found = re.search(r'<section class="card" id="changes".*?</section>', client.get(place.base).content.decode(), flags=re.DOTALL)
        assert found
        links = set(re.findall(r'href="([^"]+)"', found[0]))
        assert len(links) > 12
        assert {client.get(link.replace("&amp;", "&")).status_code for link in links} == {200}

    def test_nothing_new_is_said_as_well(self, place: Place) -> None:
        Visit.objects.create(user=place.person("auditor"), contract=place.contract, seen_at=timezone.now())
        Visit.objects.update(before_at=timezone.now())
        assert "Nothing has changed." in words(place.client("auditor").get(place.base))

    def test_a_past_day_tells_nothing_and_is_no_visit(self, place: Place) -> None:
        self.been(place)
        seen = Visit.objects.get().seen_at
        assert "last visit" not in words(place.client("auditor").get(f"{place.base}?as_of=2025-01-01"))
        assert Visit.objects.get().seen_at == seen

    def test_only_a_page_that_was_shown_is_a_visit(self, place: Place) -> None:
        client = place.client("auditor")
        client.head(place.base)
        client.get(place.base + "factories/F01/changes/", headers={"HX-Request": "true"})
        client.get(place.base + "factories/NONE/")
        client.post(place.base + "delays/")
        place.client("outsider").get(place.base)
        client.get("/my/")
        assert not Visit.objects.exists()
        client.get(place.base + "factories/")
        assert Visit.objects.count() == 1

    def test_within_a_minute_the_browser_is_not_noted_again(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        monkeypatch.setattr("cluster.web.door.note_visit", lambda **given: calls.append(given["contract_code"]))
        client = place.client("auditor")
        for _ in range(3):
            answer = client.get(place.base)
        assert calls == ["alpha"]
        client.cookies.pop("visited")
        answer = client.get(place.base)
        assert calls == ["alpha", "alpha"]
        cookie = answer.cookies["visited"]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 60)

    def test_the_page_stands_where_the_note_is_refused(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(**given: Any) -> None:
            raise DatabaseError("read-only")

        monkeypatch.setattr("cluster.web.door.note_visit", refuse)
        answer = place.client("auditor").get(place.base)
        assert answer.status_code == 200
        assert "visited" not in answer.cookies


def test_what_is_asked_is_one_list_to_narrow_and_to_take_away(place: Place) -> None:
    forecast(place.milestone, -3)
    page = words(place.client("own").get("/my/"))
    told = place.client("own").get("/my.csv").content.decode("utf-8-sig").splitlines()
    assert told[0] == "Kind,What it is about,Contract,Factory,By or since,How many,Example"
    assert "Press plant opens" in page
    assert any("F01-OPEN Press plant opens,alpha,F01" in row for row in told[1:])
    assert place.client("own").get("/my.xlsx").status_code == 200
    assert len(place.client("foreign").get("/my.csv").content.decode().splitlines()) == 1
    for query, here in (("of=alpha", True), ("of=beta", False), ("q=press+f01", True), ("q=nothing+like+it", False)):
        text = words(place.client("own").get(f"/my/?view=list&{query}"))
        assert ("F01-OPEN Press plant opens Contract Alpha F01" in text) is here, query
        assert ("Nothing of what is asked of you fits these filters." in text) is not here, query
        assert (len(place.client("own").get(f"/my.csv?{query}").content.decode().splitlines()) > 1) is here, query
    listed = place.client("own").get("/my/?view=list").content.decode()
    assert f'href="{place.base}milestones/F01-OPEN/forecast/"' in listed
