"""The page of one milestone and the forms around it: dates, schedule, dependencies, progress, two people who meet, who may."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from cluster.models import CalendarException, Dependency, Milestone
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, title, words
from tests.cluster.web.test_forecast_form import boxes as boxes_and_texts
from tests.factories import make_milestone

TODAY = localdate()
OPEN = "milestones/F01-OPEN/"
EVERYBODY = [
    ("editor", 200), ("own", 403), ("controller", 403), ("auditor", 403), ("admin", 403), ("foreign", 404), ("outsider", 404),
    ("nobody", 404), ("anonymous", 302),
]  # fmt: skip


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def delivery(place: Place) -> Milestone:
    """Forty days of work that lie before the opening."""
    return make_milestone(place.factory, code="F01-EQ", name_en="Presses delivered", duration_days=40)


def boxes(response: Any) -> dict[str, str]:
    """Everything that the form of a page would send as it stands, as a browser does."""
    page = response.content.decode()
    found = boxes_and_texts(response)
    # The frame has boxes without a name, which no form sends.
    for tag in re.findall(r'<input[^>]*type="checkbox"[^>]*>', page):
        name = next(iter(re.findall(r'name="([^"]*)"', tag)), "")
        found[name] = "on"
        if not name or "checked" not in tag:
            del found[name]
    for name, first in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>\s*<option value="([^"]*)"', page):
        found[name] = found[name] or first
    return found


def send(place: Place, path: str, who: str = "editor", **changes: Any) -> Any:
    """The form of a page, filled in as it stands but for the changes."""
    client = place.client(who)
    return client.post(place.base + path, boxes(client.get(place.base + path)) | changes)


class TestPage:
    def test_it_tells_dates_schedule_links_delays_and_changes(self, place: Place, delivery: Milestone) -> None:
        Dependency.objects.create(predecessor=delivery, successor=place.milestone, lag_days=-3)
        Milestone.objects.filter(pk=place.milestone.pk).update(name_en="Press plant opened")
        text = words(place.client().get(place.base + OPEN))
        for said in (
            "Promised at first 2023",
            "Total float",
            "Waits for",
            "F01-EQ Presses delivered",
            "finish to start",
            "Press plant opened",
        ):
            assert said in text, said
        other = words(place.client().get(place.base + "milestones/F01-EQ/"))
        assert "40 working days" in other
        assert "It waits for nothing." in other
        assert "F01-OPEN" in other[other.index("What waits for it") :]

    def test_of_a_milestone_out_of_sight_only_the_code_is_told(self, place: Place) -> None:
        hidden_one = make_milestone(place.other, code="F02-EQ", name_en="Secret seats")
        Dependency.objects.create(predecessor=hidden_one, successor=place.milestone)
        text = words(place.client("own").get(place.base + OPEN))
        assert "F02-EQ" in text
        assert "Secret seats" not in text
        assert place.status("own", "milestones/F02-EQ/") == 404

    @pytest.mark.parametrize(
        ("who", "status"), [*((who, 200) for who in ("editor", "own", "controller", "auditor", "admin")), *EVERYBODY[5:]]
    )
    def test_who_sees_it(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, OPEN) == status

    def test_what_one_may_not_do_is_not_offered(self, place: Place) -> None:
        for who, progress, change in (("editor", True, True), ("own", True, False), ("auditor", False, False)):
            page = place.client(who).get(place.base + OPEN).content.decode()
            assert ("/progress/" in page, "/edit/" in page) == (progress, change), who
        past = place.client().get(place.base + OPEN + "?as_of=2024-01-31").content.decode()
        assert "/edit/" not in past

    @pytest.mark.parametrize(
        "path", ["milestones/NOTHING/", "milestones/%00/", "milestones/..%2F/", "dependencies/999/", "calendar/999/remove/"]
    )
    def test_what_is_not_there_is_not_found(self, place: Place, path: str) -> None:
        assert place.status("editor", path) == 404

    def test_it_is_told_in_russian(self, place: Place) -> None:
        assert "Открытие завода прессов" in words(place.client(language="ru").get(place.base + OPEN))

    def test_the_number_of_statements_is_bounded(self, place: Place, delivery: Milestone, django_assert_max_num_queries: Any) -> None:
        Dependency.objects.create(predecessor=delivery, successor=place.milestone)
        client = place.client()
        with django_assert_max_num_queries(BUDGET + 9):
            client.get(place.base + OPEN)


class TestNew:
    def fill(self, **changes: Any) -> dict[str, Any]:
        return {
            "code": "F01-EQ",
            "kind": "equipment",
            "name_ru": "Поставка прессов",
            "duration_days": "40",
            "reason": "forgotten",
        } | changes

    def test_a_milestone_is_added_to_the_factory_that_one_came_from_and_sent_twice_it_is_one(self, place: Place) -> None:
        for _twice in range(2):
            answer = send(place, "new/milestone/?factory=F01", **self.fill())
            assert answer["Location"] == "/c/alpha/milestones/F01-EQ/"
        made = Milestone.objects.get(code="F01-EQ")
        assert (made.factory, made.duration_days, made.scored) == (place.factory, 40, True)

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"code": ""}, "id_code", "Fill in “Code”."),
            ({"code": "a b"}, "id_code", "A code has letters, digits"),
            ({"code": "F01-OPEN"}, "id_code", "There is already a milestone of this code"),
            ({"kind": "party"}, "id_kind", "Select a valid choice."),
            ({"factory": "999999999999999999999"}, "id_factory", "Select a valid choice."),
            ({"responsible": "x"}, "id_responsible", "Select a valid choice."),
            ({"duration_days": "-1"}, "id_duration_days", "Write a number from 0 to 5000."),
            ({"duration_days": "1,5"}, "id_duration_days", "Write a whole number"),
            ({"duration_days": "１"}, "id_duration_days", "Write a whole number"),
            ({"duration_days": "9" * 400}, "id_duration_days", "Write a whole number"),
            ({"constraint": "FNLT"}, "id_constraint_on", "A constraint needs its date."),
            ({"constraint_on": "31.02.2030"}, "id_constraint_on", "Write the date as"),
            ({"name_ru": "a\u202eb"}, "id_name_ru", "This text has control characters."),
        ],
    )
    def test_the_error_stands_at_its_box_and_what_was_typed_stays(
        self, place: Place, changes: dict[str, str], box: str, sentence: str
    ) -> None:
        answer = send(place, "new/milestone/?factory=F01", **self.fill(name_en="typed with care") | changes)
        assert answer.status_code == 422
        assert title(answer).startswith("Error: ")
        assert re.search(rf'<a\s+href="#{box}">[^<]*{re.escape(sentence)}', answer.content.decode())
        assert boxes(answer)["name_en"] == "typed with care"
        assert Milestone.objects.count() == 1

    @pytest.mark.parametrize(("who", "status"), [*(each for each in EVERYBODY if each[0] != "foreign"), ("foreign", 403)])
    def test_who_may(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, "new/milestone/") == status
        assert place.status(who, "new/milestone/", self.fill(scored="on")) == (302 if status == 200 else status)
        assert Milestone.objects.filter(code="F01-EQ").exists() == (status == 200)


class TestEdit:
    def test_what_is_typed_is_saved_and_a_double_submit_is_one_change(self, place: Place) -> None:
        client = place.client()
        data = boxes(client.get(place.base + OPEN + "edit/")) | {"name_en": "Presses run", "reason": "renamed"}
        assert [client.post(place.base + OPEN + "edit/", data).status_code for _twice in range(2)] == [302, 302]
        place.milestone.refresh_from_db()
        assert (place.milestone.name_en, place.milestone.version) == ("Presses run", 2)

    def test_what_would_move_is_told_before_it_is_saved(self, place: Place, delivery: Milestone) -> None:
        Dependency.objects.create(predecessor=delivery, successor=place.milestone)
        for path, typed in (("edit/", {"duration_days": "400"}), ("progress/", {"actual_date": "01.06.2025"})):
            checked = send(place, f"milestones/F01-EQ/{path}", **typed, preview="1")
            assert checked.status_code == 200
            assert re.search(r"What would follow: .*F01-OPEN Press plant opens: ", words(checked)), path
        delivery.refresh_from_db()
        assert (delivery.duration_days, delivery.actual, delivery.version) == (40, None, 1)

    def test_of_what_would_move_in_other_factories_who_sees_one_is_told_the_number_alone(self, place: Place) -> None:
        Milestone.objects.filter(pk=place.milestone.pk).update(duration_days=20)
        seats = make_milestone(place.other, code="F02-SEATS", name_en="Seats delivered", duration_days=10)
        Dependency.objects.create(predecessor=place.milestone, successor=seats)
        path, typed = OPEN + "progress/", {"actual_date": "01.06.2025", "preview": "1"}
        for who, named in (("editor", True), ("own", False)):
            told = words(send(place, path, who=who, **typed))
            assert "What would follow:" in told, who
            assert ("F02-SEATS" in told) is ("Seats delivered" in told) is named, who
            assert ("1 milestone of another factory would move." in told) is not named, who

    def test_what_only_one_side_touched_is_merged_and_where_both_did_a_person_chooses(self, place: Place) -> None:
        client, address = place.client(), place.base + OPEN + "edit/"
        mine = boxes(client.get(address)) | {"name_en": "Mine", "duration_days": "7"}
        send(place, OPEN + "edit/", name_en="Theirs", name_ru="Их имя")
        met = client.post(address, mine)
        assert met.status_code == 409
        assert title(met).startswith("Conflict: ")
        text = words(met)
        assert "Name in English Press plant opens Theirs Mine" in text
        assert "Name in Russian Открытие завода прессов Их имя Открытие завода прессов theirs: you did not touch it" in text
        shown = boxes(met)
        assert (shown["name_ru"], shown["name_en"], shown["duration_days"]) == ("Их имя", "Mine", "7")
        assert client.post(address, shown | {"take_name_en": "theirs"}).status_code == 302
        place.milestone.refresh_from_db()
        assert (place.milestone.name_en, place.milestone.name_ru, place.milestone.duration_days) == ("Theirs", "Их имя", 7)

    @pytest.mark.parametrize("value", ["", "x", "-1", "1" + "0" * 400, "\x00"])
    def test_a_garbled_version_is_no_server_error(self, place: Place, value: str) -> None:
        assert send(place, OPEN + "edit/", version=value, name_en="x").status_code in (409, 422)

    @pytest.mark.parametrize(("who", "status"), EVERYBODY)
    def test_who_may(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, OPEN + "edit/") == status
        assert place.status(who, OPEN + "delete/") == status
        assert place.status(who, OPEN + "dependencies/new/") == status
        assert place.status(who, OPEN + "edit/", {"name_ru": "x"}) == (422 if status == 200 else status)

    def test_a_past_day_is_read_only(self, place: Place) -> None:
        for path in ("edit/", "progress/", "delete/", "dependencies/new/"):
            assert place.status("editor", f"{OPEN}{path}?as_of=2025-06-30") == 403


class TestProgress:
    def test_the_plant_manager_tells_it_and_a_correction_needs_a_reason(self, place: Place) -> None:
        told = send(place, OPEN + "progress/", "own", started_on="03.02.2025", actual_date="06.2025", actual_note_ru="Акт № 5")
        assert told["Location"] == "/c/alpha/milestones/F01-OPEN/"
        place.milestone.refresh_from_db()
        assert (place.milestone.actual, place.milestone.started_on) == (DateWindow.parse("2025-06"), date(2025, 2, 3))
        assert place.milestone.actual_announced_on == TODAY
        refused = send(place, OPEN + "progress/", "own", actual_date="")
        assert (refused.status_code, "Say why what was told before is corrected." in words(refused)) == (422, True)
        assert send(place, OPEN + "progress/", "own", actual_date="", reason="no act").status_code == 302
        place.milestone.refresh_from_db()
        assert (place.milestone.actual, place.milestone.actual_note_ru) == (None, "")

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"actual_date": (TODAY + timedelta(days=1)).isoformat()}, "id_actual_0", "An actual date cannot lie in the future"),
            ({"actual_date": "2018"}, "id_actual_0", "The contract was signed on"),
            ({"actual_date": "soon"}, "id_actual_0", "“soon” is not a date"),
            ({"started_on": "2999-01-01"}, "id_started_on", "Give a date from 1990 to 2100."),
            ({"started_on": "02.06.2025", "actual_date": "01.06.2025"}, "id_started_on", "The work cannot start after it was finished."),
            ({"actual_date": "01.06.2025", "actual_announced_on": "31.05.2025"}, "id_actual_announced_on", "cannot lie before the actual"),
            ({"actual_source": "99999999999999999999"}, "id_actual_source", "Select a valid choice."),
        ],
    )
    def test_what_cannot_be_stands_at_its_box(self, place: Place, changes: dict[str, str], box: str, sentence: str) -> None:
        answer = send(place, OPEN + "progress/", **changes)
        assert answer.status_code == 422
        assert re.search(rf'<a\s+href="#{box}">[^<]*{re.escape(sentence)}', answer.content.decode()), words(answer)
        place.milestone.refresh_from_db()
        assert place.milestone.version == 1

    def test_two_people_meet_and_the_dates_of_both_are_shown(self, place: Place) -> None:
        client, address = place.client(), place.base + OPEN + "progress/"
        mine = boxes(client.get(address)) | {"actual_date": "01.06.2025"}
        send(place, OPEN + "progress/", "own", actual_date="02.06.2025", started_on="03.02.2025")
        met = client.post(address, mine)
        assert met.status_code == 409
        assert boxes(met)["started_on"] == "03.02.2025"
        taken = client.post(address, boxes(met) | {"take_actual": "theirs", "take_actual_announced_on": "theirs"})
        assert taken.status_code == 302
        place.milestone.refresh_from_db()
        assert place.milestone.actual == DateWindow.parse("2025-06-02")

    @pytest.mark.parametrize(("who", "status"), [("own", 200), *(each for each in EVERYBODY if each[0] != "own")])
    def test_who_may(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, OPEN + "progress/") == status


class TestDelete:
    def test_what_was_promised_stays_and_what_was_entered_by_mistake_goes(self, place: Place, delivery: Milestone) -> None:
        kept = send(place, OPEN + "delete/", reason="twice")
        assert (kept.status_code, "has a date of it" in words(kept)) == (422, True)
        gone = send(place, "milestones/F01-EQ/delete/", reason="twice")
        assert gone["Location"] == "/c/alpha/factories/F01/"
        assert list(Milestone.objects.all()) == [place.milestone]

    def test_what_somebody_changed_meanwhile_is_asked_about_again(self, place: Place, delivery: Milestone) -> None:
        assert send(place, "milestones/F01-EQ/delete/", version="7").status_code == 409
        assert Milestone.objects.filter(pk=delivery.pk).exists()


class TestDependencies:
    def test_a_link_is_checked_saved_changed_and_removed(self, place: Place, delivery: Milestone) -> None:
        path = OPEN + "dependencies/new/"
        typed = {"way": "before", "other": "F01-EQ", "type": "FS", "lag_days": "5"}
        checked = send(place, path, **typed, preview="1")
        assert (checked.status_code, "What would follow:" in words(checked)) == (200, True)
        assert re.search(r"F01-OPEN Press plant opens: .* days later", words(checked))
        assert not Dependency.objects.exists()
        for _twice in range(2):
            assert send(place, path, **typed)["Location"] == "/c/alpha/milestones/F01-OPEN/"
        link = Dependency.objects.get()
        assert (link.predecessor, link.successor, link.lag_days) == (delivery, place.milestone, 5)
        changed = send(place, f"dependencies/{link.pk}/?at=F01-EQ", type="SS", lag_days="-5")
        assert changed["Location"] == "/c/alpha/milestones/F01-EQ/"
        link.refresh_from_db()
        assert (link.type, link.lag_days) == ("SS", -5)
        assert send(place, f"dependencies/{link.pk}/remove/", reason="wrong").status_code == 302
        assert not Dependency.objects.exists()

    def test_the_other_way_round_the_other_one_waits(self, place: Place, delivery: Milestone) -> None:
        assert send(place, "milestones/F01-EQ/dependencies/new/?way=after", other="F01-OPEN").status_code == 302
        assert Dependency.objects.get().predecessor == delivery

    @pytest.mark.parametrize("preview", [{}, {"preview": "1"}])
    def test_a_circle_is_refused_with_its_members_before_and_when_it_is_saved(
        self, place: Place, delivery: Milestone, preview: dict[str, str]
    ) -> None:
        Dependency.objects.create(predecessor=delivery, successor=place.milestone)
        answer = send(place, OPEN + "dependencies/new/?way=after", other="F01-EQ", **preview)
        assert answer.status_code == 422
        assert "in a circle: F01-" in words(answer)
        assert Dependency.objects.count() == 1

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"other": ""}, "Fill in “Other milestone”."),
            ({"other": "F01-OPEN"}, "Select a valid choice."),
            ({"other": "\x00"}, ""),
            ({"lag_days": "2501"}, "Write a number from -2500 to 2500."),
            ({"lag_days": "a"}, "Write a whole number"),
            ({"lag_days": ""}, "Fill in “Lag, working days”."),
            ({"type": "XX"}, "Select a valid choice."),
            ({"way": "aside"}, "Select a valid choice."),
        ],
    )
    def test_what_is_wrong_is_said(self, place: Place, delivery: Milestone, changes: dict[str, str], sentence: str) -> None:
        answer = send(place, OPEN + "dependencies/new/", **{"other": "F01-EQ"} | changes)
        assert answer.status_code == 422
        assert sentence in words(answer)
        assert not Dependency.objects.exists()

    def test_milestones_of_other_contracts_are_not_offered(self, place: Place) -> None:
        stranger = make_milestone(code="STRANGER-1")
        assert send(place, OPEN + "dependencies/new/", other=stranger.code).status_code == 422

    def test_a_change_over_somebody_elses_says_what_stands_there_now(self, place: Place, delivery: Milestone) -> None:
        link = Dependency.objects.create(predecessor=delivery, successor=place.milestone)
        client, address = place.client(), f"{place.base}dependencies/{link.pk}/"
        mine = boxes(client.get(address)) | {"lag_days": "9"}
        send(place, f"dependencies/{link.pk}/", lag_days="4")
        met = client.post(address, mine)
        assert (met.status_code, "It now says: finish to start, 4" in words(met)) == (409, True)
        assert client.post(address, boxes(met)).status_code == 302
        link.refresh_from_db()
        assert link.lag_days == 9


class TestCalendar:
    def test_days_are_added_once_and_removed(self, place: Place) -> None:
        typed = {"factory": str(place.factory.pk), "first": "16.02.2026", "last": "2026-02-24", "works": "no", "reason": "shutdown"}
        for _twice in range(2):
            assert send(place, "calendar/", **typed).status_code == 302
        # 21 and 22 February are a weekend, 23 February is a holiday: only the working days become exceptions.
        assert [one.day.day for one in CalendarException.objects.order_by("day")] == [16, 17, 18, 19, 20, 24]
        page = words(place.client().get(place.base + "calendar/"))
        assert "F01 Press plant day of rest shutdown" in page
        first = CalendarException.objects.order_by("day")[0]
        assert send(place, f"calendar/{first.pk}/remove/").status_code == 302
        assert CalendarException.objects.count() == 5

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"first": ""}, "Fill in “From”."),
            ({"first": "24.02.2026", "last": "16.02.2026"}, "The end lies before the start."),
            ({"last": "2036-02-24"}, "Enter at most 366 days at once."),
            ({"first": "21.02.2026", "last": ""}, "These days are days of rest already."),
            ({"works": "yes", "last": ""}, "These days are worked already."),
            ({"reason": ""}, "Fill in “Why”."),
            ({"factory": "999999"}, "Select a valid choice."),
            ({"first": "0001-01-01", "last": ""}, "Give a date from 1990 to 2100."),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_saved(self, place: Place, changes: dict[str, str], sentence: str) -> None:
        typed = {"first": "16.02.2026", "last": "24.02.2026", "works": "no", "reason": "shutdown"}
        answer = send(place, "calendar/", **typed | changes)
        assert answer.status_code == 422
        assert sentence in words(answer)
        assert not CalendarException.objects.exists()

    def test_a_day_of_the_other_kind_is_named(self, place: Place) -> None:
        CalendarException.objects.create(contract=place.contract, day=date(2026, 2, 21), works=True, reason="shift")
        answer = send(place, "calendar/", first="20.02.2026", last="24.02.2026", works="no", reason="shutdown")
        assert "There is an exception for Feb 21, 2026 already" in words(answer)

    @pytest.mark.parametrize(("who", "status"), EVERYBODY)
    def test_who_may(self, place: Place, who: str, status: int) -> None:
        reads = status if status in (404, 302) else 200
        # The managers of both plants see their contract's calendar.
        assert place.status(who, "calendar/") == (200 if who == "foreign" else reads)
        saved = place.status(who, "calendar/", {"first": "16.02.2026", "works": "no", "reason": "x"})
        assert saved == (302 if who in ("editor", "anonymous") else 403 if who == "foreign" else status)
        assert CalendarException.objects.exists() == (who == "editor")

    def test_the_form_keeps_its_key(self, place: Place) -> None:
        assert hidden(place.client().get(place.base + "calendar/"), "request_key")
