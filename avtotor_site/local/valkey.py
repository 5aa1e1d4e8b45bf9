"""The embedded Valkey, a Redis-protocol server: a broker that only wakes workers, so it keeps nothing on disk.

It listens on a free port of 127.0.0.1 behind a random password: one `redis://` address serves Celery and redis-py
alike, which a Unix socket would not.
"""

import os
import secrets
import signal
import socket
import time
from dataclasses import asdict, dataclass

from avtotor_site.local.clone import Clone
from avtotor_site.local.errors import LocalError
from avtotor_site.local.home import Home
from avtotor_site.local.processes import command_of, end, start_server

_HOST = "127.0.0.1"
_CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
logfile ""
proc-title-template "{{title}} {{listen-addr}} {{server-mode}}"
"""


@dataclass(frozen=True)
class Note:
    """What `valkey.json` keeps of the running server. `run_id` tells it from any other that took its port."""

    clone: str
    port: int
    password: str
    pid: int
    run_id: str


class Valkey:
    """The Valkey of one clone. `ensure` and `stop` are called under the clone's start lock."""

    log_name = "valkey"

    def __init__(self, clone: Clone, home: Home) -> None:
        self.clone = clone
        self.home = home

    def ensure(self) -> str:
        """Make sure that the server runs and answers; its URL. Raises LocalError when it cannot."""
        note = self._note()
        if note is None or not self._is_ours(note):
            if note is not None:
                self._end_frozen(note)
            note = self._start(note)
        return f"redis://:{note.password}@{_HOST}:{note.port}/0"

    def answers(self) -> bool:
        """Whether the server takes commands now."""
        note = self._note()
        return note is not None and self._is_ours(note)

    def pid(self) -> int | None:
        """The process of this clone's server, None when none answers."""
        note = self._note()
        return note.pid if note is not None and self._is_ours(note) else None

    def stop(self) -> None:
        """Stop the server."""
        note = self._note()
        if note is None:
            return
        if self._is_ours(note):
            end(note.pid, (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
        else:
            self._end_frozen(note)

    def _note(self) -> Note | None:
        try:
            note = Note(**self.clone.read_note("valkey"))
        except TypeError:
            return None
        # A copied clone carries the note of the original, whose server is none of its business.
        return note if note.clone == str(self.clone.state) else None

    def _is_ours(self, note: Note) -> bool:
        return identity(note.port, note.password).get("run_id") == note.run_id

    def _end_frozen(self, note: Note) -> None:
        """End our own server when it runs without answering; its title names its port."""
        command = command_of(note.pid)
        if "valkey-server" in command and f"{_HOST}:{note.port}" in command:
            end(note.pid, (signal.SIGKILL, 5.0))

    def _start(self, last: Note | None) -> Note:
        """Start on the last port when it is free (running programs still know it), else on any free one."""
        password = last.password if last else secrets.token_urlsafe(32)
        ports = [last.port] if last else []
        lines: list[str] = []
        for _ in range(4):
            port = ports.pop() if ports else _free_port()
            log_start = self.clone.log_size(self.log_name)
            log = self.clone.open_log(self.log_name)
            configuration = _CONFIGURATION.format(host=_HOST, port=port, password=password)
            try:
                process = start_server([self.home.binaries.valkey, "-"], user=self.home.user, log=log, stdin=configuration.encode())
            finally:
                os.close(log)
            deadline = time.monotonic() + 15.0
            while process.poll() is None and time.monotonic() < deadline:
                found = identity(port, password)
                if found.get("process_id") == str(process.pid):
                    note = Note(str(self.clone.state), port, password, process.pid, found["run_id"])
                    self.clone.write_note("valkey", asdict(note))
                    return note
                time.sleep(0.02)
            if process.poll() is None:
                process.kill()
                process.wait()
            lines = self.clone.log_tail(self.log_name, start=log_start)
            if not any("already in use" in line for line in lines):
                break
        cause = f": {lines[-1].strip()}" if lines else ""
        raise LocalError(f"Valkey did not start{cause}.", f"Its log is {self.clone.logs / 'valkey.log'}.")


def identity(port: int, password: str) -> dict[str, str]:
    """The server section of INFO, when the server on this port knows the password; empty otherwise."""
    try:
        with socket.create_connection((_HOST, port), timeout=2.0) as connection:
            connection.settimeout(2.0)
            connection.sendall(_command("AUTH", password) + _command("INFO", "server"))
            with connection.makefile("rb") as answer:
                if answer.readline().strip() != b"+OK":
                    return {}
                header = answer.readline()
                if not header.startswith(b"$") or not header[1:].strip().isdigit():
                    return {}
                text = answer.read(min(int(header[1:]), 65_536)).decode(errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {key: value for key, _, value in pairs if key}


def _command(*words: str) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port
