"""The critical path method against MS Project's own dates, a textbook's table and a PSPLIB network."""

import csv
import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from cluster.domain.calendars import WorkingDays, is_working_day
from cluster.domain.network import Link, LinkType, Network
from cluster.domain.schedule import Basis, Schedule, Wait, Work
from tests.peers.oracles import oracle

_PREDECESSOR = re.compile(r"(?P<uid>\d+)(?P<type>FS|SS|FF|SF)(?:\+(?P<lag>[\d.]+)d)?")
_MINUTES_A_DAY = 480
_MORNING = 8


def test_float_and_critical_path_are_those_that_ms_project_stored() -> None:
    rows = list(csv.DictReader(oracle("schedules/msproject_mspdirelations.csv").read_text(encoding="utf-8").splitlines()))
    number = {row["uid"]: n for n, row in enumerate(rows)}
    links = []
    for row in rows:
        for match in _PREDECESSOR.finditer(row["predecessors"]):
            lag = round(float(match["lag"] or 0))
            links.append(Link(number[match["uid"]], number[row["uid"]], LinkType(match["type"]), lag))
    times = Network([round(float(row["duration"].rstrip("d"))) for row in rows], links).times()
    assert len(links) == 4
    assert times.total_float.tolist() == [float(row["total_slack"].rstrip("m")) / _MINUTES_A_DAY for row in rows]
    assert times.free_float.tolist() == [float(row["free_slack"].rstrip("m")) / _MINUTES_A_DAY for row in rows]
    assert times.critical.tolist() == [row["critical"] == "True" for row in rows]
    # The same working days: instants that fall together there fall together here.
    for ours, theirs in ((times.early_start, "early_start"), (times.late_start, "late_start")):
        days = sorted({row[theirs][:10] for row in rows})
        assert [days[instant] for instant in ours.tolist()] == [row[theirs][:10] for row in rows]


def test_dates_are_those_that_ms_project_stored() -> None:
    rows = list(csv.DictReader(oracle("schedules/msproject_mspdirelations.csv").read_text(encoding="utf-8").splitlines()))
    works: list[Work] = []
    waits: list[Wait] = []
    for row in rows:
        days = round(float(row["duration"].rstrip("d")))
        works.append(Work(int(row["uid"]), row["name"], 0, days, None, None, None, None, "", None))
        for match in _PREDECESSOR.finditer(row["predecessors"]):
            lag = round(float(match["lag"] or 0))
            waits.append(Wait(len(waits), int(match["uid"]), int(row["uid"]), LinkType(match["type"]), lag))
    start = date.fromisoformat(min(row["early_start"] for row in rows)[:10])
    for calendars in (1, 2):
        mixed = [replace(work, calendar=n % calendars) for n, work in enumerate(works)]
        placed = Schedule(mixed, waits, [WorkingDays()] * calendars, data_date=start).placed(Basis.LOGIC)
        for row in rows:
            ours = placed[int(row["uid"])]
            assert [ours.early_start.isoformat(), ours.late_start.isoformat()] == [row["early_start"][:10], row["late_start"][:10]]
            assert [ours.early_finish, ours.late_finish] == [_evening(row["early_finish"]), _evening(row["late_finish"])]
            assert ours.critical is (row["critical"] == "True")


def _evening(finish: str) -> date:
    """The last day of work: what is finished in the morning was so in the evening of the working day before."""
    moment = datetime.fromisoformat(finish)
    day = moment.date()
    while moment.hour == _MORNING and (day == moment.date() or not is_working_day(day)):
        day -= timedelta(days=1)
    return day


def test_a_textbook_network_has_its_printed_times() -> None:
    rows = list(csv.DictReader(oracle("schedules/textbook_cpm_tables.csv").read_text(encoding="utf-8").splitlines()))
    arrows = [tuple(row["pred_or_nodes"].split(">")) for row in rows]
    links = [Link(a, b) for a, one in enumerate(arrows) for b, other in enumerate(arrows) if one[1] == other[0]]
    times = Network([int(row["duration"]) for row in rows], links).times()
    assert times.finish == 20
    for name, column in (
        ("early_start", "ES"),
        ("early_finish", "EF"),
        ("late_start", "LS"),
        ("late_finish", "LF"),
        ("total_float", "slack"),
    ):
        assert getattr(times, name).tolist() == [int(row[column]) for row in rows]


def test_the_length_of_a_psplib_network_is_its_mpm_time() -> None:
    text = oracle("schedules/j301_1.sm").read_text(encoding="latin-1")
    head, rest = text.split("PRECEDENCE RELATIONS:")
    relations, rest = rest.split("REQUESTS/DURATIONS:")
    durations = {int(job): int(days) for job, days in re.findall(r"^\s*(\d+)\s+1\s+(\d+)", rest.split("RESOURCEAVAILABILITIES")[0], re.M)}
    links = []
    for line in relations.splitlines():
        numbers = [int(number) for number in line.split() if number.isdecimal()]
        links += [Link(numbers[0] - 1, successor - 1) for successor in numbers[3:]]
    mpm_time = int(head.strip().splitlines()[-2].split()[-1])
    assert len(durations) == 32
    assert Network([durations[job] for job in sorted(durations)], links).times().finish == mpm_time
