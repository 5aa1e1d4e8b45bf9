"""`make bench-digest`: digests of ten thousand subscriptions over a thousand contracts, and letters through a mail server that fails.

It makes a database of its own and drops it at the end (see money.py). Its contracts are invented and hold what a digest reads: factories,
milestones, standings, flags with their events of the last week, forecasts, figures, payments and budgets.
"""

import argparse
import cProfile
import os
import pstats
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from money import execute, own_databases, say, timed

# A Monday; every subscription is due at 6 o'clock UTC, whatever hour that is where its reader lives.
NOW = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
FACTORIES, MILESTONES = 12, 60
SUBSCRIPTIONS, CONTRACTS, LETTERS, WORKERS = 10_000, 1_000, 20_000, 3
FAULTS = {"accept": 81.8, "4xx": 6, "5xx": 3, "refuse_data": 1, "cut_before_data": 5, "cut_after_data": 3, "slow": 0.2}
BARE_TURNS = 30

_WORLD = [
    """
    INSERT INTO cluster_source (id, key, publisher, title_ru, title_en, url, document, published_precision, note_ru, note_en)
    VALUES (1, 'bench', '', 'Выдумано', 'Invented', 'https://example.org/', '', '', '', '')
    """,
    """
    INSERT INTO cluster_exchangerate (currency, date, nominal, value, revision, status, quality, source_ru, source_en, recorded_at)
    SELECT 'USD', date '{today}' - n, 1, 80 + mod(n * 7, 20) / 10.0, 1, 'accepted', 'manual', 'выдуман', 'invented', '{now}'
    FROM generate_series(0, 40) AS n
    """,
    """
    INSERT INTO cluster_contract (id, code, name_ru, name_en, kind_ru, kind_en, signed_precision, is_example, moderate_days, major_days,
        critical_days, silent_after_days, cost_tolerance_percent, spend_tolerance_percent)
    SELECT n, 'bench-' || n, 'Контракт ' || n, 'Contract ' || n, '', '', '', false, 30, 90, 180, 60, 5, 20
    FROM generate_series(1, {contracts}) AS n
    """,
    """
    INSERT INTO cluster_factory (id, contract_id, code, name_ru, name_en, membership, "order", decision, decision_reason)
    SELECT n, 1 + (n - 1) / {factories}, 'F' || n, 'Завод ' || n, 'Plant ' || n, '', mod(n, {factories}), '', ''
    FROM generate_series(1, {factories} * {contracts}) AS n
    """,
    # Five milestones of each factory, the first its opening. A third of what was due is reached, one in fifty in the last week.
    """
    INSERT INTO cluster_milestone (id, contract_id, factory_id, code, kind, name_ru, name_en, scored, not_scored_ru, not_scored_en,
        actual_earliest, actual_latest, actual_precision, actual_announced_on, actual_note_ru, actual_note_en, version, "constraint",
        risk_cause)
    SELECT n, 1 + (n - 1) / {milestones}, 1 + (n - 1) * {factories} / {milestones}, 'M' || n,
        CASE WHEN mod(n, 5) = 1 THEN 'opening' ELSE 'equipment' END, 'Веха ' || n, 'Milestone ' || n, true, '', '', reached, reached,
        CASE WHEN reached IS NULL THEN '' ELSE 'day' END, reached, '', '', 1, '', ''
    FROM generate_series(1, {milestones} * {contracts}) AS n CROSS JOIN LATERAL (
        SELECT CASE WHEN mod(n, 50) = 0 THEN date '{today}' - 3
            WHEN mod(n, 3) = 0 AND mod(n * 37, 600) < 250 THEN date '{today}' - 280 + mod(n * 37, 600)::integer END AS reached OFFSET 0
    ) AS made
    """,
    """
    INSERT INTO cluster_milestoneevent (pgh_created_at, pgh_label, pgh_obj_id, id, contract_id, factory_id, code, kind, name_ru, name_en,
        scored, not_scored_ru, not_scored_en, actual_earliest, actual_latest, actual_precision, actual_announced_on, actual_note_ru,
        actual_note_en, version, "constraint", risk_cause)
    SELECT COALESCE(actual_announced_on, date '{today}' - 700), 'update', id, id, contract_id, factory_id, code, kind, name_ru, name_en,
        scored, '', '', actual_earliest, actual_latest, actual_precision, actual_announced_on, '', '', version, '', ''
    FROM cluster_milestone
    """,
    """
    INSERT INTO cluster_baseline (id, contract_id, kind, name_ru, name_en, reason, in_force_from)
    SELECT n, n, 'approved', '', '', '', date '{today}' - 500 FROM generate_series(1, {contracts}) AS n
    """,
    """
    INSERT INTO cluster_baselinemilestone (baseline_id, milestone_id, due_earliest, due_latest, due_precision, announced_precision,
        speaker_ru, speaker_en, note_ru, note_en, recorded_at)
    SELECT contract_id, id, due, due, 'day', '', '', '', '', '', '{now}'::timestamptz - interval '500 days'
    FROM cluster_milestone CROSS JOIN LATERAL (SELECT date '{today}' - 300 + mod(id * 37, 600)::integer AS due OFFSET 0) AS made
    """,
    # A fifth of what is not reached slips by a forecast of spring; one in twenty-five moved in the last week.
    """
    INSERT INTO cluster_forecastrevision (milestone_id, old_precision, new_earliest, new_latest, new_precision, announced_earliest,
        announced_latest, announced_precision, reason, speaker_ru, speaker_en, note_ru, note_en, document, recorded_at)
    SELECT line.milestone_id, '', told, told, 'day', announced, announced, 'day', 'permit', '', '', '', '', '',
        announced + interval '9 hours'
    FROM cluster_baselinemilestone AS line JOIN cluster_milestone AS milestone ON milestone.id = line.milestone_id
    CROSS JOIN LATERAL (
        SELECT line.due_latest + 20 + mod(line.milestone_id, 97)::integer AS told,
            date '{today}' - CASE WHEN mod(line.milestone_id, 25) = 1 THEN 3 ELSE 90 END AS announced OFFSET 0
    ) AS made
    WHERE mod(line.milestone_id, 5) = 1 AND milestone.actual_latest IS NULL
    """,
    """
    INSERT INTO cluster_standing (milestone_id, contract_id, factory_id, judged, due_latest, forecast_latest, actual_latest, told_on)
    SELECT milestone.id, contract_id, factory_id, true, line.due_latest, revision.new_latest, actual_latest, revision.announced_latest
    FROM cluster_milestone AS milestone JOIN cluster_baselinemilestone AS line ON line.milestone_id = milestone.id
    LEFT JOIN cluster_forecastrevision AS revision ON revision.milestone_id = milestone.id
    """,
    """
    INSERT INTO cluster_delayflag (contract_id, factory_id, milestone_id, subject_id, kind, severity, since, until, opened_on,
        acknowledged_reason)
    SELECT contract_id, factory_id, milestone_id, milestone_id, kind, CASE WHEN late >= 180 THEN 'critical' WHEN late >= 90 THEN 'major'
        WHEN late >= 30 THEN 'moderate' ELSE 'minor' END, due_latest, until, opened, ''
    FROM (
        SELECT s.*, 'overdue' AS kind, NULL::date AS until, date '{today}' - due_latest AS late, due_latest + 1 AS opened
        FROM cluster_standing AS s WHERE actual_latest IS NULL AND due_latest < '{today}'
        UNION ALL
        SELECT s.*, 'forecast_late', forecast_latest, forecast_latest - due_latest, told_on
        FROM cluster_standing AS s WHERE actual_latest IS NULL AND forecast_latest > due_latest
    ) AS late
    """,
    """
    INSERT INTO cluster_delayflag (contract_id, factory_id, subject_id, kind, severity, since, opened_on, acknowledged_reason)
    SELECT contract_id, id, id, 'silent', 'moderate', date '{today}' - 70, date '{today}' - CASE WHEN mod(id, 48) = 0 THEN 3 ELSE 30 END, ''
    FROM cluster_factory WHERE mod(id, 8) = 0
    """,
    """
    INSERT INTO cluster_delayevent (flag_id, kind, on_date, days, severity, reason, recorded_at)
    SELECT id, 'opened', opened_on, GREATEST(opened_on - since, 0), severity, '', opened_on + interval '3 hours' FROM cluster_delayflag
    UNION ALL
    SELECT id, 'worse', date '{today}' - 2, date '{today}' - since, severity, '', date '{today}' - 2 + interval '3 hours'
    FROM cluster_delayflag WHERE kind = 'overdue' AND mod(milestone_id, 20) = 2 AND since < date '{today}' - 10
    """,
    """
    INSERT INTO cluster_claim (contract_id, figure, value, unit, announced_precision, qualifier, confidence, note_ru, note_en, in_use,
        reason_ru, reason_en, recorded_at, text_ru, text_en, date_precision, valid_precision, source_id)
    SELECT contract.id, figure, value, unit, '', 'exact', 'high', '', '', true, '', '', '{now}'::timestamptz - interval '90 days', '', '',
        '', '', 1
    FROM cluster_contract AS contract CROSS JOIN
        (VALUES ('commitment', 32000000000, 'RUB'), ('invested_to_date', 12000000000, 'RUB'), ('planned_factories', 12, 'factories'))
        AS known (figure, value, unit)
    """,
    """
    INSERT INTO cluster_ledgerentry (factory_id, kind, date, amount_rub, category, funding, document, counterparty, note, recorded_at)
    SELECT factory.id, 'payment', paid, 1000000 + mod(factory.id * 7919, 900000), 'construction', 'own', '', '', '', paid
    FROM cluster_factory AS factory CROSS JOIN generate_series(0, 7) AS n
    CROSS JOIN LATERAL (SELECT date '{today}' - mod(factory.id, 30)::integer - 30 * n AS paid OFFSET 0) AS made
    """,
    """
    INSERT INTO cluster_budgetline (baseline_id, factory_id, category, funding, month, amount_rub, reason, announced_precision, recorded_at)
    SELECT contract_id, factory.id, 'construction', 'own', (date '2026-01-01' + n * interval '1 month')::date, 1100000, '', '',
        '{now}'::timestamptz - interval '500 days'
    FROM cluster_factory AS factory CROSS JOIN generate_series(0, 11) AS n
    """,
    # One reader in twenty sees everything, eight one contract or three, eleven manage a factory.
    """
    INSERT INTO cluster_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined,
        language, time_zone)
    SELECT n, '', false, 'bench' || n, '', '', 'bench' || n || '@example.org', false, true, '{now}'::timestamptz - interval '90 days',
        CASE WHEN mod(n, 10) < 3 THEN 'en' ELSE 'ru' END,
        (ARRAY['Europe/Kaliningrad', 'Europe/Moscow', 'Europe/Samara', 'Asia/Yekaterinburg'])[1 + mod(n / 7, 4)]
    FROM generate_series(1, {subscriptions}) AS n
    """,
    """
    INSERT INTO cluster_membership (user_id, group_id, contract_id, factory_id)
    SELECT person.id, held.id, factory.contract_id, factory.id
    FROM cluster_user AS person CROSS JOIN LATERAL (
        SELECT CASE WHEN mod(person.id, 20) = 0 THEN NULL ELSE 1 + mod(person.id * 7, {contracts}) END AS contract,
            CASE WHEN mod(person.id, 20) > 8 THEN 1 + mod(person.id, {factories} * {contracts}) END AS factory, CASE
            WHEN mod(person.id, 20) > 8 THEN 'manager' WHEN mod(person.id, 4) = 0 THEN 'auditor' WHEN mod(person.id, 4) = 1 THEN 'editor'
            ELSE 'controller' END AS role OFFSET 0
    ) AS wanted
    JOIN auth_group AS held ON held.name = wanted.role
    LEFT JOIN LATERAL (
        SELECT contract_id, id FROM cluster_factory WHERE id = wanted.factory
        UNION ALL
        SELECT 1 + mod(wanted.contract - 1 + n, {contracts}), NULL
        FROM generate_series(0, CASE WHEN mod(person.id, 20) = 8 THEN 2 ELSE 0 END) AS n WHERE wanted.factory IS NULL
    ) AS factory ON wanted.contract IS NOT NULL
    WHERE wanted.contract IS NULL OR factory.contract_id IS NOT NULL
    """,
    """
    UPDATE cluster_factory AS factory SET manager_id = held.user_id FROM cluster_membership AS held WHERE held.factory_id = factory.id
    """,
    """
    INSERT INTO cluster_subscription (user_id, cadence, weekday, hour, time_zone, language, kinds, also_when_nothing_new, notices,
        is_active, suspended_because, created_at)
    SELECT id, 'weekly', 0, extract(hour FROM timestamptz '{moment}' AT TIME ZONE time_zone), '', '', '{{}}', true, false, true, '',
        '{now}'::timestamptz - interval '30 days'
    FROM cluster_user
    """,
    """
    INSERT INTO cluster_delivery (user_id, kind, subscription_id, period, status, message_id, recipient, subject, body_text, body_html,
        attempts, error, created_at, sent_at)
    SELECT user_id, 'digest', id, date '{today}' - 7, 'sent', gen_random_uuid(), '', 'News', '', '', 1, '',
        '{now}'::timestamptz - interval '7 days', '{now}'::timestamptz - interval '7 days'
    FROM cluster_subscription
    """,
]


def build(contracts: int, subscriptions: int) -> None:
    """The invented world, into an empty database: set by set, without triggers, whose history nobody reads here."""
    from django.db import connection, transaction

    from cluster.services.access import ensure_roles

    ensure_roles()
    sizes = {"contracts": contracts, "subscriptions": subscriptions, "factories": FACTORIES, "milestones": MILESTONES}
    days = {"now": NOW.isoformat(), "today": NOW.date(), "moment": NOW.replace(minute=0).isoformat()}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in _WORLD:
            cursor.execute(statement.format(**sizes, **days))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


@dataclass(slots=True)
class Cost:
    """What some work took: seconds by the clock, seconds of a core in this process and in the server's process, statements."""

    wall: float = 0.0
    here: float = 0.0
    server: float = 0.0
    statements: int = 0

    @property
    def cores(self) -> float:
        """Seconds of a core, here and in the database together: what is left of the clock when nobody else works on the machine."""
        return self.here + self.server


@contextmanager
def measured() -> Iterator[Cost]:
    """What the block takes; the server's share is known only where it runs on this machine."""
    from django.db import connection

    connection.ensure_connection()
    cost, backend = Cost(), connection.connection.info.backend_pid

    def counting(run: Callable[..., Any], *arguments: Any) -> Any:
        cost.statements += 1
        return run(*arguments)

    with connection.execute_wrapper(counting):
        wall, here, server = time.perf_counter(), time.process_time(), _used_by(backend)
        yield cost
        cost.wall, cost.here, cost.server = time.perf_counter() - wall, time.process_time() - here, _used_by(backend) - server


def _used_by(pid: int) -> float:
    """Seconds of a core that a process has used; 0 where it is not on this machine."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def resident() -> int:
    """Megabytes that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


def make_due() -> Cost:
    """The rows of all digests that are due."""
    from cluster.services import digests

    with measured() as cost:
        made = digests.make_due(NOW)
    say(f"  made due             {cost.wall:8.2f} s   {made:,} digests, {cost.statements} statements")
    return cost


def written(most: int | None = None) -> Iterator[Any]:
    """The letters of the digests that wait, written one after another as a run writes them (None: nothing to tell); none is kept."""
    from cluster.models import Delivery
    from cluster.services import digests

    write = digests.writer()
    waiting = Delivery.objects.filter(status="waiting").order_by("created_at", "pk").values_list("pk", flat=True)[:most]
    for pk in list(waiting):
        delivery = Delivery.objects.select_related("user", "subscription__user").get(pk=pk)
        yield write(delivery, NOW)


def write_all() -> Cost:
    """Write every digest that is due, and say what it took and what the process holds after a tenth, half and all."""
    from cluster.models import Delivery

    count = Delivery.objects.filter(status="waiting").count()
    stops = {max(count // 10, 1), count // 2, count}
    told, longest, held = 0, 0, []
    with measured() as cost:
        for done, letter in enumerate(written(), 1):
            told += letter is not None
            longest = max(longest, len(letter.html.encode()) if letter else 0)
            if done in stops:
                held.append(f"{resident()} MB after {done:,}")
    each = Cost(cost.wall / count, cost.here / count, cost.server / count, cost.statements)
    here, server = 1000 * each.here, 1000 * each.server
    size = f"the longest {longest // 1000} KB of HTML"
    say(f"  written              {cost.wall:8.2f} s   {told:,} letters, {size}; {', '.join(held)}")
    say(f"  each                 {1000 * each.wall:8.1f} ms  {here:.1f} ms of a core here, {server:.1f} in the database")
    say(f"  statements of each   {cost.statements / count:8.1f}")
    say(f"  of a core            {1 / each.cores:8.0f} digests a second (at least 100); {1 / each.wall:.0f} by the clock")
    return each


def compare(each: Cost) -> None:
    """Beside what nobody can leave out: a letter of one contract rendered alone, and its statements sent bare."""
    from django.db import connection

    from cluster.models import Delivery
    from cluster.queries.digest import digest_for
    from cluster.services.digest_letters import compose

    waiting = Delivery.objects.filter(status="waiting", subscription__user__memberships__factory__isnull=False)
    subscription = waiting.select_related("subscription__user").latest("pk").subscription
    since, today = NOW - timedelta(days=7), NOW.date()

    def digest() -> Any:
        return digest_for(reader=type(subscription.user).objects.get(pk=subscription.user_id), since=since, until=NOW, as_of=today)

    sent: list[tuple[str, Any]] = []

    def noting(run: Callable[..., Any], statement: str, parameters: Any, *rest: Any) -> Any:
        sent.append((statement, parameters))
        return run(statement, parameters, *rest)

    with connection.execute_wrapper(noting):
        digest()
    with measured() as bare, connection.cursor() as cursor:
        for _ in range(BARE_TURNS):
            for statement, parameters in sent:
                cursor.execute(statement, parameters)
                cursor.fetchall()
    with measured() as read:
        found = [digest() for _ in range(BARE_TURNS)]
    with measured() as rendered:
        for one in found:
            compose(one, subscription, period=today)
    plain, reading, rendering = (1000 * cost.cores / BARE_TURNS for cost in (bare, read, rendered))
    ratio = 1000 * each.cores / (plain + rendering)
    say(f"  one letter alone     {reading:8.1f} ms  of cores to read, {len(sent)} statements; {plain:.1f} bare; {rendering:.1f} to render")
    say(f"  ratio                {ratio:8.2f}     a digest of the run to bare statements and rendering of one alone")


def profile(count: int = 200) -> None:
    """Where the time of the first digests goes."""
    watched = cProfile.Profile()
    watched.enable()
    for _letter in written(count):
        pass
    watched.disable()
    pstats.Stats(watched, stream=sys.stdout).sort_stats("cumulative").print_stats(70)


def enqueue(count: int, user: Any) -> None:
    """That many letters that are written and wait, each to an address of its own."""
    from cluster.models import Delivery

    given = {"user": user, "kind": "sample", "period": NOW.date(), "subject": "News", "body_text": "Text", "body_html": "<p>Text</p>"}
    Delivery.objects.bulk_create((Delivery(recipient=f"p{n}@example.org", **given) for n in range(count)), batch_size=2000)


def work() -> None:
    """A worker: sends until nothing waits any more, four hours later each time."""
    from cluster.models import Delivery
    from cluster.services.mailing import writers
    from cluster.services.outbox import send_waiting

    now = NOW
    while Delivery.objects.filter(status__in=("waiting", "failed")).exists():
        send_waiting(writers(), now=now)
        now += timedelta(hours=4)


def verdict(received: Counter[str], tried: dict[str, list[str]]) -> Counter[str]:
    """How the letters ended, by what came of them and what the server knows: `lost`, `twice` and `unlisted` are to be 0."""
    from cluster.models import Delivery

    ended = dict(Delivery.objects.filter(kind="sample").values_list("recipient", "status"))
    found = Counter(ended.values())
    found["lost"] = sum(status == "sent" and not received[address] for address, status in ended.items())
    found["lost"] += sum(status not in ("sent", "dead", "uncertain") for status in ended.values())
    found["twice"] = sum(n > 1 for n in received.values())
    # What arrived and is not known to have arrived has to be listed for a person to look at.
    found["unlisted"] = sum(ended[address] not in ("sent", "uncertain") for address in received)
    found["tries"] = sum(map(len, tried.values()))
    return found


def deliver(count: int, workers: int) -> Counter[str]:
    """Letters through a server that fails at random, sent by processes at once; the first ones find no server at all."""
    from django.conf import settings
    from django.db import connection

    from cluster.models import Delivery, User
    from tests.mail_server import mail_server

    chance, tried = random.Random(6), dict[str, list[str]]()  # noqa: S311 (faults, not secrets)

    def fault(address: str) -> str:
        found = chance.choices(list(FAULTS), list(FAULTS.values()))[0]
        tried.setdefault(address, []).append(found)
        return found

    # The digests that were measured are not sent.
    Delivery.objects.filter(status="waiting").update(status="skipped")
    enqueue(count, User.objects.earliest("pk"))
    connection.close()
    with mail_server(settings) as post:
        post.faults = fault
        server = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(settings.EMAIL_PORT),
            "SMTP_TIMEOUT": "1",
            "SMTP_STARTTLS": "0",
            "SMTP_SSL": "0",
        }
        command, environment = [sys.executable, __file__, "--work"], os.environ | server
        took, ends = timed(lambda: [one.wait() for one in [subprocess.Popen(command, env=environment) for _ in range(workers)]])
        received = Counter(str(letter["To"]) for letter in post.received)
    found = verdict(received, tried)
    ended = ", ".join(f"{found[status]:,} {status}" for status in ("sent", "uncertain", "dead"))
    say(f"\n{count:,} letters, {workers} processes, {found['tries']:,} conversations in {took:.0f} s: {ended}")
    say(f"  lost {found['lost']}, twice {found['twice']}, arrived and not listed {found['unlisted']} (each 0); processes ended with {ends}")
    return found


def main() -> int:
    """Measure; the exit status, 1 when a letter was lost or came twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    parser.add_argument("--contracts", type=int, default=CONTRACTS)
    parser.add_argument("--letters", type=int, default=LETTERS, help="letters through the failing server; 0: none")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--profile", action="store_true", help="only where the time of the first digests goes")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        django.setup()
        work()
        return 0
    with tempfile.TemporaryDirectory() as state, own_databases():
        os.environ |= {"STATE_DIR": state, "SECRET_KEY": secrets.token_urlsafe(64), "SITE_URL": "http://localhost"}
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        building, _ = timed(lambda: build(options.contracts, options.subscriptions))
        execute("VACUUM ANALYZE")
        say(f"\n{options.subscriptions:,} subscriptions over {options.contracts:,} contracts, made in {building:.0f} s")
        make_due()
        if options.profile:
            profile()
            return 0
        compare(write_all())
        found = deliver(options.letters, options.workers) if options.letters else Counter[str]()
        connection.close()
    return 1 if found["lost"] or found["twice"] or found["unlisted"] else 0


if __name__ == "__main__":
    sys.exit(main())
