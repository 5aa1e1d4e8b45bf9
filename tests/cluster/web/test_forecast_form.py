"""The form that revises a forecast: who may, what is refused, what would follow, and two people who meet."""

import html
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localdate

from cluster.domain.dates import DateWindow
from cluster.models import Dependency, ForecastRevision
from tests.cluster.web.place import BUDGET, Place, hidden, make_place, title, words
from tests.factories import make_milestone, make_source, promise

NEXT = localdate().year + 1
PATH = "milestones/F01-OPEN/forecast/"


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def filled(place: Place, client: Client | None = None, **changes: Any) -> dict[str, Any]:
    """What a browser would send: the hidden boxes of a fresh form, and what the person typed."""
    fresh = (client or place.client()).get(place.base + PATH)
    typed = {
        "window_date": f"{NEXT}-Q1", "window_precision": "quarter", "reason": "contractor", "note": "", "source": "", "document": "",
        "announced_date": "", "announced_precision": "day",
    }  # fmt: skip
    return typed | {name: hidden(fresh, name) for name in ("version", "seen", "request_key")} | changes


def boxes(response: Any) -> dict[str, str]:
    """Everything that the form of a page would send as it stands."""
    content = response.content.decode()
    found = {}
    for tag in re.findall(r"<input[^>]*>", content):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="radio"' not in tag or "checked" in tag):
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)".*?>(.*?)</select>', content, flags=re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', content, flags=re.S):
        found[name] = html.unescape(inner).removeprefix("\r\n").removeprefix("\n")
    return found


def post(place: Place, data: dict[str, Any], who: str = "editor", language: str = "en") -> Any:
    """The answer to a form sent; where the page first shows what follows, to the same form sent again."""
    client = place.client(who, language)
    answer = client.post(place.base + PATH, data)
    return client.post(place.base + PATH, boxes(answer)) if (answer.context or {}).get("asks") else answer


class TestSaving:
    @pytest.mark.parametrize("who", ["editor", "own"])
    def test_the_forecast_is_recorded_and_the_factory_shown(self, place: Place, who: str) -> None:
        source = make_source(title_en="The newest paper")
        answer = post(place, filled(place, note="the press is late", source=source.pk, announced_date="01.02.2024"), who)
        assert answer["Location"] == "/c/alpha/factories/F01/"
        done = ForecastRevision.objects.get()
        assert (done.new, done.reason, done.note, done.source) == (
            DateWindow.parse(f"{NEXT}-Q1"),
            "contractor",
            "the press is late",
            source,
        )
        assert (done.announced, done.recorded_by) == (DateWindow.parse("2024-02-01"), place.person(who))

    @pytest.mark.parametrize(
        ("typed", "precision", "window"),
        [
            (f"15.04.{NEXT}", "day", f"{NEXT}-04-15"),
            (f"{NEXT}-04-15", "day", f"{NEXT}-04-15"),
            (f"15.04.{NEXT}", "quarter", f"{NEXT}-Q2"),
            (f"{NEXT}-04", "month", f"{NEXT}-04"),
            (str(NEXT), "day", str(NEXT)),
            (f"{NEXT}-Q2..{NEXT}-Q3", "quarter", f"{NEXT}-Q2..{NEXT}-Q3"),
        ],
    )
    def test_a_date_is_read_in_either_order_with_its_precision(self, place: Place, typed: str, precision: str, window: str) -> None:
        assert post(place, filled(place, window_date=typed, window_precision=precision)).status_code == 302
        assert ForecastRevision.objects.get().new == DateWindow.parse(window)

    def test_a_double_submit_records_one_revision(self, place: Place) -> None:
        data = filled(place)
        assert [post(place, data).status_code, post(place, data).status_code] == [302, 302]
        assert ForecastRevision.objects.count() == 1

    def test_two_fresh_forms_carry_different_keys(self, place: Place) -> None:
        assert filled(place)["request_key"] != filled(place)["request_key"]

    def test_a_promise_of_the_contract_as_a_whole_leads_back_to_the_contract(self, place: Place) -> None:
        make_milestone(contract=place.contract, code="P01")
        client = place.client()
        fresh = client.get(place.base + "milestones/P01/forecast/")
        data = filled(place) | {name: hidden(fresh, name) for name in ("version", "seen", "request_key")}
        assert client.post(place.base + "milestones/P01/forecast/", data)["Location"] == "/c/alpha/"


class TestRefusing:
    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"window_date": ""}, "id_window_0", "Write a date."),
            ({"window_date": "soon"}, "id_window_0", "“soon” is not a date"),
            ({"window_date": "31.02.2030"}, "id_window_0", "“31.02.2030” is not a date in the calendar."),
            ({"window_date": "2031..2030"}, "id_window_0", "The window ends"),
            ({"window_date": "2020", "window_precision": "year"}, "id_window_0", "A forecast cannot end in the past"),
            ({"window_date": f"{NEXT}\x00"}, "id_window_0", "Null characters are not allowed."),
            ({"window_precision": "era"}, "id_window_0", "Select a valid choice."),
            ({"reason": ""}, "id_reason", "Fill in “"),
            ({"reason": "weather"}, "id_reason", "Select a valid choice."),
            ({"source": "999999999999999999999999"}, "id_source", "Select a valid choice."),
            ({"source": "x"}, "id_source", "Select a valid choice."),
            ({"document": "x" * 301}, "id_document", "at most 300 characters"),
            ({"announced_date": "2999-01-01"}, "id_announced_0", "The announcement cannot lie in the future."),
            ({"announced_date": "2099-01-01"}, "id_announced_0", "The announcement cannot lie in the future."),
        ],
    )
    def test_the_error_stands_above_and_at_the_box_and_what_was_typed_stays(
        self, place: Place, changes: dict[str, str], box: str, sentence: str
    ) -> None:
        answer = post(place, filled(place, note="typed with care") | changes)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert title(answer).startswith("Error: ")
        assert re.search(rf'<a\s+href="#{box}">[^<]*{re.escape(html.escape(sentence))}', page), page
        assert words(answer).count(sentence) >= 2
        assert boxes(answer)["note"] == "typed with care"
        assert not ForecastRevision.objects.exists()

    def test_errors_are_told_in_the_language_of_the_reader(self, place: Place) -> None:
        assert title(post(place, filled(place, window_date=""), language="ru")).startswith("Ошибка: ")

    @pytest.mark.parametrize("field", ["version", "seen", "request_key"])
    @pytest.mark.parametrize("value", ["", "x", "-1", "1" + "0" * 400, "\x00", "1e400"])
    def test_garbled_hidden_boxes_are_no_server_error(self, place: Place, field: str, value: str) -> None:
        assert post(place, filled(place) | {field: value}).status_code in (302, 409, 422)

    def test_what_is_reached_has_nothing_to_forecast(self, place: Place) -> None:
        data = filled(place)
        place.milestone.actual, place.milestone.actual_announced_on = DateWindow.parse("2024-08-28"), date(2024, 8, 28)
        place.milestone.save()
        answer = post(place, data)
        assert answer.status_code == 422
        assert "there is nothing left to forecast" in words(answer)

    def test_a_bidi_override_in_a_note_is_refused(self, place: Place) -> None:
        answer = post(place, filled(place, note="a\u202eb"))
        assert answer.status_code == 422
        assert "This text has control characters." in words(answer)
        assert not ForecastRevision.objects.exists()


class TestConsequences:
    def preview(self, place: Place, **query: str) -> str:
        return words(place.client().get(place.base + PATH + "preview/", query))

    def test_late_days_before_and_after_are_shown(self, place: Place) -> None:
        before = (localdate() - date(2023, 12, 31)).days
        after = (date(NEXT, 12, 31) - date(2023, 12, 31)).days
        text = self.preview(place, window_date=str(NEXT), window_precision="year")
        assert f"Against the promise “2023”: {before:,} days → {after:,} days" in text

    def test_what_cannot_be_read_is_said(self, place: Place) -> None:
        assert "“soon” is not a date" in self.preview(place, window_date="soon")

    def test_without_javascript_a_button_shows_them_and_saves_nothing(self, place: Place) -> None:
        answer = post(place, filled(place, preview="1"))
        assert answer.status_code == 200
        assert "Against the promise “2023”:" in words(answer)
        assert not ForecastRevision.objects.exists()


class TestKnockOn:
    def waiting(self, place: Place) -> None:
        """A line of F02 waits for the opening of F01."""
        seats = make_milestone(place.other, code="F02-SEATS", name_en="Seat line", duration_days=0)
        promise(seats, f"{NEXT}-01-31", announced="2023-01-01")
        Dependency.objects.create(predecessor=place.milestone, successor=seats)

    def send(self, place: Place, data: dict[str, Any], who: str = "editor") -> Any:
        return place.client(who).post(place.base + PATH, data)

    def test_what_moves_is_shown_before_it_is_saved(self, place: Place) -> None:
        self.waiting(place)
        data = filled(place, note="typed with care")
        answer = self.send(place, data)
        text = words(answer)
        assert answer.status_code == 200
        assert title(answer).startswith("Not saved yet:")
        assert "1 other milestone moves. Flags: opens 2." in text
        assert re.search(r"\+\d+ days F02-SEATS Seat line: .*→ .*opens: knock-on late", text)
        assert not ForecastRevision.objects.exists()
        shown = boxes(answer)
        assert (shown["note"], shown["shown"]) == ("typed with care", f"{NEXT}-Q1")
        assert self.send(place, shown).status_code == 302
        assert ForecastRevision.objects.count() == 1

    def test_who_saw_it_while_typing_is_not_asked_again_but_for_another_date(self, place: Place) -> None:
        self.waiting(place)
        typed = {"window_date": f"{NEXT}-Q1", "window_precision": "quarter"}
        preview = place.client().get(place.base + PATH + "preview/", typed)
        assert hidden(preview, "shown") == f"{NEXT}-Q1"
        assert self.send(place, filled(place, shown=f"{NEXT}-Q1", window_date=f"{NEXT}-Q2")).status_code == 200
        assert self.send(place, filled(place, shown=f"{NEXT}-Q1")).status_code == 302

    def test_what_moves_nothing_and_opens_no_flag_is_saved_at_once(self, place: Place) -> None:
        alone = make_milestone(place.factory, code="ALONE")
        assert alone.pk
        client = place.client()
        path = f"{place.base}milestones/ALONE/forecast/"
        data = filled(place) | {name: hidden(client.get(path), name) for name in ("version", "seen", "request_key")}
        assert client.post(path, data).status_code == 302

    def test_of_other_factories_a_manager_learns_the_code_alone(self, place: Place) -> None:
        self.waiting(place)
        text = words(self.send(place, filled(place), "own"))
        assert "1 other milestone moves. Flags: opens 1." in text
        assert "In other factories: F02-SEATS" in text
        assert "Seat line" not in text
        assert "The end of the contract" not in text

    def test_of_many_the_worst_are_shown_and_the_others_counted(self, place: Place) -> None:
        for number in range(9):
            each = make_milestone(place.factory, code=f"S-{number}", duration_days=number)
            promise(each, f"{NEXT}-01-31", announced="2023-01-01")
            Dependency.objects.create(predecessor=place.milestone, successor=each)
        text = words(self.send(place, filled(place)))
        assert "9 other milestones move." in text
        assert "and 3 more milestones" in text

    def test_a_date_that_is_refused_anyway_is_refused_at_once(self, place: Place) -> None:
        self.waiting(place)
        assert self.send(place, filled(place, window_date="2020", window_precision="year")).status_code == 422
        text = words(place.client().get(place.base + PATH + "preview/", {"window_date": "2020", "window_precision": "year"}))
        assert "A forecast cannot end in the past" in text

    @pytest.mark.parametrize("shown", ["", "\x00", "x" * 5000, f"{NEXT}-Q2", "null"])
    def test_a_garbled_sign_of_having_seen_it_counts_as_none(self, place: Place, shown: str) -> None:
        self.waiting(place)
        assert self.send(place, filled(place, shown=shown)).status_code in (200, 400)
        assert not ForecastRevision.objects.exists()


class TestTwoPeople:
    def meet(self, place: Place, mine: dict[str, Any], theirs: dict[str, Any]) -> Any:
        """I open the form, they save theirs, I send mine."""
        data = filled(place, **mine)
        assert post(place, filled(place, **theirs), "own").status_code == 302
        return post(place, data)

    def test_the_second_one_sees_theirs_yours_and_what_stood_there(self, place: Place) -> None:
        post(place, filled(place, window_date=f"{NEXT}-01", window_precision="month"))
        answer = self.meet(place, {"window_date": str(NEXT + 1)}, {"window_date": str(NEXT + 2)})
        assert answer.status_code == 409
        assert title(answer).startswith("Conflict: ")
        text = words(answer)
        assert f"New forecast January {NEXT} {NEXT + 2} {NEXT + 1} what the form says (yours) theirs" in text
        assert ForecastRevision.objects.count() == 2

    def test_what_only_one_side_touched_is_merged_already(self, place: Place) -> None:
        source = make_source()
        answer = self.meet(
            place, {"window_date": str(NEXT + 1), "note": "mine"}, {"window_date": str(NEXT + 2), "source": source.pk, "document": "doc 5"}
        )
        merged = boxes(answer)
        assert (merged["note"], merged["source"], merged["document"]) == ("mine", str(source.pk), "doc 5")
        assert merged["window_date"] == str(NEXT + 1)
        text = words(answer)
        assert "Note empty empty mine yours: they did not touch it" in text
        assert "Document empty doc 5 empty theirs: you did not touch it" in text
        assert "Reason empty contractor contractor the same from both" in text

    def test_saving_again_records_mine_on_top_of_theirs(self, place: Place) -> None:
        answer = self.meet(place, {"window_date": str(NEXT + 1)}, {"window_date": str(NEXT + 2)})
        assert post(place, boxes(answer)).status_code == 302
        newest = ForecastRevision.objects.order_by("-pk")[0]
        assert (newest.old, newest.new) == (DateWindow.parse(str(NEXT + 2)), DateWindow.parse(str(NEXT + 1)))

    def test_choosing_theirs_takes_their_value(self, place: Place) -> None:
        answer = self.meet(
            place,
            {"window_date": str(NEXT + 1), "reason": "design", "note": "mine"},
            {"window_date": str(NEXT + 2), "reason": "sanctions", "note": "theirs"},
        )
        data = boxes(answer) | {"take_reason": "theirs", "take_note": "theirs"}
        assert post(place, data).status_code == 302
        newest = ForecastRevision.objects.order_by("-pk")[0]
        assert (newest.new, newest.reason, newest.note) == (DateWindow.parse(str(NEXT + 1)), "sanctions", "theirs")

    def test_choosing_their_window_leaves_nothing_to_change(self, place: Place) -> None:
        answer = self.meet(place, {"window_date": str(NEXT + 1)}, {"window_date": str(NEXT + 2)})
        again = post(place, boxes(answer) | {"take_window": "theirs"})
        assert again.status_code == 422
        assert "The forecast already says so" in words(again)

    def test_their_window_is_taken_with_a_note_of_ones_own(self, place: Place) -> None:
        answer = self.meet(place, {"window_date": str(NEXT + 1), "note": "mine"}, {"window_date": str(NEXT + 2), "note": "theirs"})
        assert post(place, boxes(answer) | {"take_window": "theirs"}).status_code == 302
        newest = ForecastRevision.objects.order_by("-pk")[0]
        assert (newest.old, newest.new, newest.note) == (DateWindow.parse(str(NEXT + 2)), DateWindow.parse(str(NEXT + 2)), "mine")

    def test_a_third_person_in_between_is_met_too(self, place: Place) -> None:
        answer = self.meet(place, {"window_date": str(NEXT + 1)}, {"window_date": str(NEXT + 2)})
        post(place, filled(place, window_date=str(NEXT + 3)), "own")
        assert post(place, boxes(answer) | {"take_window": "theirs"}).status_code == 409
        assert ForecastRevision.objects.count() == 2

    def test_a_change_of_the_milestone_itself_keeps_what_i_typed(self, place: Place) -> None:
        data = filled(place, note="mine")
        place.milestone.version += 1
        place.milestone.save()
        answer = post(place, data)
        assert answer.status_code == 409
        assert "The milestone itself was changed in the meantime." in words(answer)
        assert boxes(answer)["note"] == "mine"
        assert post(place, boxes(answer)).status_code == 302


class TestWhoMay:
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("editor", 200), ("own", 200), ("controller", 403), ("auditor", 403), ("admin", 403),
            ("foreign", 404), ("outsider", 404), ("nobody", 404), ("anonymous", 302),
        ],
    )  # fmt: skip
    def test_the_form_opens_only_to_those_who_may_save_it(self, place: Place, who: str, status: int) -> None:
        assert place.status(who, PATH) == status
        saved = 302 if status == 200 else status
        assert place.status(who, PATH, filled(place, shown=f"{NEXT}-Q1")) == saved
        assert ForecastRevision.objects.exists() == (status == 200)

    def test_the_refusal_is_a_sentence(self, place: Place) -> None:
        assert "Your role does not allow this." in words(place.client("controller").get(place.base + PATH))

    def test_a_past_day_is_read_only(self, place: Place) -> None:
        assert place.status("editor", PATH + "?as_of=2025-06-30") == 403
        assert place.status("editor", PATH + "?as_of=2025-06-30", filled(place)) == 403

    @pytest.mark.parametrize("code", ["NOTHING", "%00", "..%2F..", "F01-OPEN'--"])
    def test_an_unknown_milestone_is_not_found(self, place: Place, code: str) -> None:
        assert place.status("editor", f"milestones/{code}/forecast/") == 404

    def test_a_form_from_elsewhere_is_refused(self, place: Place) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(place.person("editor"))
        assert client.post(place.base + PATH, filled(place)).status_code == 403


def test_the_number_of_statements_is_bounded(place: Place, django_assert_max_num_queries: Any) -> None:
    client = place.client()
    with django_assert_max_num_queries(BUDGET):
        client.get(place.base + PATH)
