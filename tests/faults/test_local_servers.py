"""The embedded servers: started, shared, adopted and stopped, whatever happens to the processes that use them."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import environ
import kombu
import psycopg
import pytest
import redis

from avtotor_site.local import Clone, LocalError, attach
from avtotor_site.local.home import find_home
from avtotor_site.local.postgresql import SOCKET_PATH_LIMIT
from avtotor_site.local.processes import command_of
from tests.faults.conftest import Sandbox

MakeSandbox = Callable[..., Sandbox]
Eventually = Callable[[Callable[[], object]], None]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this")


def query(url: str, sql: str) -> object:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


@pytest.mark.parametrize("name", ["clone", "a clone, 'quoted' & über", "/".join(["a-rather-long-folder-name"] * 7)])
def test_the_first_user_starts_both_servers_and_the_last_stops_them(make_sandbox: MakeSandbox, name: str) -> None:
    sandbox = make_sandbox(name)
    env = sandbox.attach()
    assert query(env["DATABASE_URL"], "SELECT 'Калининград' ILIKE 'калинин%'") is True
    with redis.Redis.from_url(env["REDIS_URL"]) as client:
        assert client.ping()
    postgresql, valkey = sandbox.servers()
    assert postgresql
    assert valkey

    sandbox.leave()

    assert not command_of(postgresql)
    assert not command_of(valkey)
    socket_folder = environ.Env.db_url_config(env["DATABASE_URL"])["OPTIONS"]["host"]
    assert len(os.fsencode(socket_folder)) < SOCKET_PATH_LIMIT
    if not socket_folder.startswith(str(sandbox.clone.state)):
        shutil.rmtree(socket_folder)


def test_the_addresses_are_read_alike_by_django_settings_and_celery(sandbox: Sandbox) -> None:
    env = sandbox.attach()
    database = environ.Env.db_url_config(env["DATABASE_URL"])
    options = {"dbname": database["NAME"], "user": database["USER"], **database["OPTIONS"]}
    with psycopg.connect(**options) as connection:
        assert connection.info.dbname == "tracker"
    with kombu.Connection(env["REDIS_URL"]) as broker:
        broker.ensure_connection(max_retries=1)


def test_nobody_else_gets_in(sandbox: Sandbox) -> None:
    env = sandbox.attach()
    wrong = urlsplit(env["REDIS_URL"])
    for netloc in (f":guess@{wrong.hostname}:{wrong.port}", f"{wrong.hostname}:{wrong.port}"):
        with pytest.raises(redis.AuthenticationError), redis.Redis.from_url(f"redis://{netloc}/0") as client:
            client.ping()
    assert query(env["DATABASE_URL"], "SHOW listen_addresses") == ""
    folder = Path(environ.Env.db_url_config(env["DATABASE_URL"])["OPTIONS"]["host"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((sandbox.clone.state / "valkey.json").stat().st_mode) == 0o600
    password = json.loads((sandbox.clone.state / "valkey.json").read_text())["password"]
    assert password not in command_of(sandbox.servers()[1] or 0)


def test_servers_stay_while_another_process_uses_them(sandbox: Sandbox) -> None:
    sandbox.attach()
    before = sandbox.servers()
    other = sandbox.holder()
    sandbox.leave()
    assert sandbox.servers() == before
    other.communicate("", timeout=20)
    assert sandbox.servers() == (None, None)


def test_servers_orphaned_by_kill_9_are_adopted_and_then_stopped(sandbox: Sandbox) -> None:
    holder = sandbox.holder()
    orphans = sandbox.servers()
    holder.kill()
    holder.communicate()
    assert all(orphans)
    assert sandbox.servers() == orphans

    sandbox.attach()
    assert sandbox.servers() == orphans
    sandbox.leave()
    assert sandbox.servers() == (None, None)


def test_everything_killed_starts_again_with_its_data_and_addresses(sandbox: Sandbox) -> None:
    env = sandbox.attach()
    query(env["DATABASE_URL"], "CREATE TABLE kept AS SELECT 12 AS factories")
    for pid in sandbox.servers():
        os.kill(pid or 0, signal.SIGKILL)
    again = sandbox.attach()
    assert query(again["DATABASE_URL"], "SELECT factories FROM kept") == 12
    assert (again["DATABASE_URL"], again["REDIS_URL"]) == (env["DATABASE_URL"], env["REDIS_URL"])


def test_a_stale_pid_file_that_names_somebody_elses_process_harms_neither(sandbox: Sandbox) -> None:
    env = sandbox.attach()
    data = query(env["DATABASE_URL"], "SHOW data_directory")
    sandbox.leave()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        (Path(str(data)) / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n5432\n/nowhere\n\n\nready\n")
        env = sandbox.attach()
        assert query(env["DATABASE_URL"], "SELECT 1") == 1
        sandbox.leave()
        assert stranger.poll() is None
        stranger.kill()


def test_a_frozen_broker_is_ended_and_started_anew(sandbox: Sandbox) -> None:
    sandbox.attach()
    frozen = sandbox.servers()[1] or 0
    os.kill(frozen, signal.SIGSTOP)
    env = sandbox.attach()
    with redis.Redis.from_url(env["REDIS_URL"]) as client:
        assert client.ping()
    assert not command_of(frozen)


def test_two_clones_and_a_copy_of_one_run_side_by_side(make_sandbox: MakeSandbox) -> None:
    first = make_sandbox("first")
    first.attach()
    shutil.copytree(first.clone.root, first.clone.root.parent / "copy", ignore=shutil.ignore_patterns("servers"))
    copy, second = make_sandbox("copy"), make_sandbox("second")
    copy.attach()
    second.attach()
    running = [*first.servers(), *copy.servers(), *second.servers()]
    assert None not in running
    assert len(set(running)) == 6
    copy.leave()
    second.leave()
    assert list(first.servers()) == running[:2]


def test_each_server_is_replaced_by_its_own_variable(sandbox: Sandbox) -> None:
    env = sandbox.attach(DATABASE_URL="postgresql://elsewhere/tracker")
    assert env["DATABASE_URL"] == "postgresql://elsewhere/tracker"
    assert sandbox.servers()[0] is None
    sandbox.leave()
    env = sandbox.attach(REDIS_URL="redis://elsewhere/0")
    assert env["REDIS_URL"] == "redis://elsewhere/0"
    assert query(env["DATABASE_URL"], "SELECT 1") == 1
    assert sandbox.servers()[1] is None


def test_a_deployment_that_sets_everything_is_left_untouched(tmp_path: Path) -> None:
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_URL", "STATE_DIR", "MAIL_DIR", "DJANGO_SETTINGS_MODULE")
    environment = {name: f"given-{name}" for name in names}
    assert attach(Clone.at(tmp_path), environment) is None
    assert environment == {name: f"given-{name}" for name in names}
    assert list(tmp_path.iterdir()) == []


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/tracker", "REDIS_URL": "redis://elsewhere/0"}
    first, second = dict(given), dict(given)
    clone = Clone.at(tmp_path)
    attach(clone, first)
    attach(clone, second)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= 50
    assert stat.S_IMODE((clone.state / "secret_key").stat().st_mode) == 0o600
    clone.write_note("run", {"port": 8093})
    third = dict(given)
    attach(clone, third)
    assert (first["SITE_URL"], third["SITE_URL"]) == ("http://localhost:8080", "http://localhost:8093")


def test_a_cut_set_up_leaves_nothing_that_blocks_the_next(sandbox: Sandbox) -> None:
    sandbox.clone.prepare()
    home = find_home(sandbox.clone)
    half = home.folder / "postgresql-18.partial"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    env = sandbox.attach()
    assert query(env["DATABASE_URL"], "SELECT 1") == 1
    assert not half.exists()


def test_a_state_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".state").write_text("a file where the folder should be")
    with pytest.raises(LocalError, match=r"\.state: File exists\. Put that right"):
        attach(Clone.at(tmp_path), {})


@needs_root
def test_root_runs_them_unprivileged_also_where_only_root_may_enter(make_sandbox: MakeSandbox) -> None:
    sandbox = make_sandbox("closed", 0o700)
    env = sandbox.attach()
    assert query(env["DATABASE_URL"], "SELECT 1") == 1
    outside = Path(sandbox.clone.read_note("servers")["folder"])
    assert stat.S_IMODE(outside.stat().st_mode) == 0o700
    for pid in sandbox.servers():
        assert Path(f"/proc/{pid}").stat().st_uid == outside.stat().st_uid != 0
    sandbox.leave()
    assert sandbox.attach()["DATABASE_URL"] == env["DATABASE_URL"]


@needs_root
def test_a_full_disk_is_told_in_a_sentence_and_heals(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tracker-test-", dir="/tmp"))
    folder.chmod(0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=170m", "tmpfs", str(folder)], check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("no file system may be mounted here")
    try:
        clone = Clone.at(folder)
        fill = folder / "fill"
        fill.write_bytes(b"0" * (100 * 1024 * 1024))
        with pytest.raises(LocalError, match=r"No space is left on the disk that holds .* Free at least 300 MB"):
            attach(clone, {})
        fill.unlink()
        servers = attach(clone, {})
        assert servers is not None
        servers.leave()
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()
