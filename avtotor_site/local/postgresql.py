"""The embedded PostgreSQL: made once, started where it is not running, adopted where it is.

It listens on nothing but a Unix socket in a 0700 folder, so it needs neither a port nor a password.
"""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from psycopg import pq

from avtotor_site.local.clone import Clone
from avtotor_site.local.errors import LocalError, from_os_error, no_space
from avtotor_site.local.home import POSTGRESQL_MAJOR, Home
from avtotor_site.local.processes import ServerUser, command_of, end, server_environment, start_server

ROLE = DATABASE = "tracker"
# A socket's path fits into sun_path: 108 bytes on Linux, 104 on macOS, with the closing zero.
SOCKET_PATH_LIMIT = 103
_SOCKET_NAME = ".s.PGSQL.5432"
_MEGABYTES_TO_START_WITH = 150

_CONFIGURATION = """\
# Written anew at every start.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 64MB
max_wal_size = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_checkpoints = off
lc_messages = 'C'
"""
_ACCESS = "# Who can enter the 0700 socket folder is let in.\nlocal all all trust\n"


class Postgresql:
    """The PostgreSQL of one clone. `ensure` and `stop` are called under the clone's start lock."""

    log_name = "postgresql"

    def __init__(self, clone: Clone, home: Home) -> None:
        self.clone = clone
        self.home = home
        self.data = home.folder / f"postgresql-{POSTGRESQL_MAJOR}"

    def ensure(self) -> str:
        """Make sure that the server runs and answers; its URL. Raises LocalError when it cannot."""
        if not self.data.exists():
            self._make_data()
        sockets = self._running()
        if sockets is None:
            sockets = self._start()
        return url_of(sockets)

    def answers(self) -> bool:
        """Whether the server takes connections now."""
        sockets = self._noted_sockets()
        return sockets is not None and ping(sockets) == pq.Ping.OK

    def pid(self) -> int | None:
        """The process of this data folder's server, None when none runs."""
        lines = self._pid_file()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        # A number in a stale file may since belong to any other process.
        return pid if f"-D {self.data}" in command_of(pid) else None

    def stop(self) -> None:
        """Stop the server in good order, by force where it hangs."""
        pid = self.pid()
        if pid is not None:
            end(pid, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except OSError:
            return []

    def _noted_sockets(self) -> Path | None:
        lines = self._pid_file()
        return Path(lines[4]) if len(lines) > 4 and lines[4] and self.pid() is not None else None

    def _running(self) -> Path | None:
        """Socket folder of a healthy running server. One that never answers is stopped."""
        if self.pid() is None:
            with suppress(FileNotFoundError):
                (self.data / "postmaster.pid").unlink()
            return None
        deadline = time.monotonic() + 5.0
        while self.pid() is not None and time.monotonic() < deadline:
            sockets = self._noted_sockets()
            answer = ping(sockets) if sockets else pq.Ping.NO_RESPONSE
            if answer == pq.Ping.OK:
                return sockets
            if answer == pq.Ping.REJECT:
                # It recovers after a crash, or shuts down: both end by themselves.
                deadline = max(deadline, time.monotonic() + 5.0)
            time.sleep(0.05)
        if self.pid() is not None:
            self.stop()
        with suppress(FileNotFoundError):
            (self.data / "postmaster.pid").unlink()
        return None

    def _start(self) -> Path:
        sockets = socket_folder(self.home)
        log_start = self.clone.log_size(self.log_name)
        # No server of ours runs now. A killed one that its parent has not buried yet would still count as the owner.
        for stale in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
            (sockets / stale).unlink(missing_ok=True)
        try:
            self._write("postgresql.conf", _CONFIGURATION.format(sockets=_quoted_list_item(sockets)))
            self._write("pg_hba.conf", _ACCESS)
            log = self.clone.open_log(self.log_name)
            try:
                process = start_server([self.home.binaries.postgres, "-D", self.data], user=self.home.user, log=log)
            finally:
                os.close(log)
        except OSError as error:
            raise from_os_error(error, self.data) from error
        deadline = time.monotonic() + 60.0
        while process.poll() is None and time.monotonic() < deadline:
            if ping(sockets) == pq.Ping.OK and self._noted_sockets() == sockets:
                return sockets
            time.sleep(0.02)
        if process.poll() is None:
            self.stop()
        raise self._failure("did not start", self.clone.log_tail(self.log_name, start=log_start))

    def _make_data(self) -> None:
        """Make the data folder beside its final place and move it there whole, so that a cut set-up leaves nothing."""
        partial = self.data.with_name(self.data.name + ".partial")
        self.clone.require_space(_MEGABYTES_TO_START_WITH, self.home.folder)
        shutil.rmtree(partial, ignore_errors=True)
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
        self._run([str(self.home.binaries.initdb), "-D", str(partial), "-U", ROLE, "--auth=trust", *locale])
        create = f"CREATE DATABASE {DATABASE};\n"
        self._run([str(self.home.binaries.postgres), "--single", "-D", str(partial), "postgres"], stdin=create)
        partial.rename(self.data)

    def _run(self, command: list[str], stdin: str = "") -> None:
        try:
            result = subprocess.run(
                command,
                input=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd="/",
                env=server_environment(),
                check=False,
                **self.home.user.as_popen,
            )
        except OSError as error:
            raise from_os_error(error, self.home.folder) from error
        if result.returncode != 0:
            raise self._failure("could not make its data folder", result.stdout.splitlines())

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text)
        path.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(path, self.home.user.uid, self.home.user.gid)

    def _failure(self, what: str, lines: list[str]) -> LocalError:
        text = "\n".join(lines)
        log = self.clone.logs / f"{self.log_name}.log"
        if "No space left on device" in text:
            return no_space(self.home.folder)
        if "incompatible with server" in text:
            return LocalError(
                f"The data in {self.data} was made by another PostgreSQL version.",
                "Use the versions in requirements.txt, or move the folder away to start with an empty database.",
            )
        if "shared memory" in text or "semaphores" in text:
            return LocalError(
                "PostgreSQL could not get shared memory from the system.",
                f"Give the system or the container more (/dev/shm, kernel.sem). Its own words are in {log}.",
            )
        causes = [line for line in lines if "FATAL" in line or "error" in line.lower()] or lines[-1:]
        cause = f": {causes[-1].strip()}" if causes else ""
        return LocalError(f"PostgreSQL {what}{cause}.", f"Its log is {log}.")


def url_of(sockets: Path) -> str:
    """The address in the form of libpq, which psql, psycopg and Django's settings all read."""
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(sockets))}"


def ping(sockets: Path) -> int:
    """What the server behind this socket folder says of itself, within two seconds."""
    options = f"host='{_escaped(str(sockets))}' user={ROLE} dbname={DATABASE} connect_timeout=2"
    return pq.PGconn.ping(options.encode())


def socket_folder(home: Home) -> Path:
    """A private folder for the socket: in the servers' home, or where that path does not serve, in a temporary folder."""
    inside = home.folder / "sockets"
    digest = hashlib.sha256(str(home.folder).encode()).hexdigest()[:12]
    name = f"avtotor-tracker-{home.user.uid}-{digest}"
    outside = [Path(base) / name for base in (tempfile.gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108 - checked below
    for folder in (inside, *outside):
        # libpq takes a comma for the border between two hosts.
        fits = len(os.fsencode(folder / _SOCKET_NAME)) <= SOCKET_PATH_LIMIT and "," not in str(folder)
        if fits and _private_folder(folder, home.user):
            return folder
    raise LocalError(
        f"No folder for the database socket could be made: {home.folder} is too long a path (or has a comma), "
        f"and {' and '.join(str(folder) for folder in outside)} belong to somebody else.",
        "Move the clone to a shorter path, or point TMPDIR to a folder of your own.",
    )


def _private_folder(folder: Path, user: ServerUser) -> bool:
    """Make the folder, or accept one that is truly ours: no link, our owner, closed to all others."""
    try:
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, user.uid, user.gid)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user.uid and stat.S_IMODE(found.st_mode) == 0o700


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _quoted_list_item(path: Path) -> str:
    """One element of a list inside a quoted setting: it may hold spaces and commas."""
    element = str(path).replace('"', '""')
    return f'"{element}"'.replace("\\", "\\\\").replace("'", "''")
