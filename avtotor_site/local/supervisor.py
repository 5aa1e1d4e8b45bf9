"""`make run`: the servers, the web server, the worker and beat as one group that starts, is watched and stops together."""

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from avtotor_site.local import attach
from avtotor_site.local.clone import Clone
from avtotor_site.local.errors import LocalError
from avtotor_site.local.locks import FileLock
from avtotor_site.local.ports import listen
from avtotor_site.local.processes import command_of, end, group_members
from avtotor_site.local.servers import Needs, Servers

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_START_SECONDS = 90.0
_GIVE_UP_AFTER = 3


@dataclass(frozen=True)
class Program:
    """A member of the group: its name is that of its log, its signals are sent in turn, each with its patience."""

    name: str
    command: Sequence[str]
    stop: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0),)


@dataclass
class Member:
    """A program and the state of its current process."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 1.0
    start_at: float = 0.0
    ends: int = 0


class Stopping(Exception):
    """Somebody asked the group to stop."""


def preparations() -> list[list[str]]:
    """What must have ended well before anything is served; the commands run side by side."""
    return [
        [sys.executable, "-m", "avtotor_site.local.start_up"],
        [sys.executable, "-I", str(Path(__file__).with_name("bootstrap.py"))],
    ]


def programs(listener: int) -> list[Program]:
    """The members. The first is the web server, which takes the socket `listener` over; the others start when it serves."""
    python = sys.executable
    web = ["--workers", "2", "--worker-class", "gthread", "--threads", "4", "--graceful-timeout", "8"]
    celery = [python, "-m", "celery", "-A", "avtotor_site"]
    return [
        Program(
            "web",
            [python, "-m", "gunicorn", "avtotor_site.wsgi", "--bind", f"fd://{listener}", "--no-control-socket", *web],
        ),
        Program(
            "worker",
            [*celery, "worker", "-l", "INFO", "--concurrency", "2", "-Q", "celery"],
            # First let running tasks end, then hand them back to the queue, then no more patience.
            stop=((signal.SIGTERM, 10.0), (signal.SIGQUIT, 25.0)),
        ),
        Program("beat", [*celery, "beat", "-l", "INFO", "--pidfile="]),
    ]


@dataclass
class Group:
    """One run of the group, from the choice of the port to the last goodbye."""

    clone: Clone
    port: str | None = None
    make_programs: Callable[[int], list[Program]] = programs
    prepare: Sequence[Sequence[str]] = field(default_factory=preparations)
    say: Callable[[str], None] = field(default_factory=lambda: _say)
    stop_requests: int = 0
    members: list[Member] = field(default_factory=list)

    def run(self) -> None:
        """Run until Ctrl+C or SIGTERM. Raises LocalError when the group cannot start."""
        self.clone.prepare()
        alone = FileLock(self.clone.state / "supervisor.lock")
        if not alone.try_exclusive():
            alone.close()
            note = self.clone.read_note("run")
            raise LocalError(
                f"This clone already runs at http://localhost:{note.get('port')}/ (process {note.get('pid')}).",
                "Stop it with Ctrl+C there, or with: make stop",
            )
        last = self.clone.read_note("run")
        self.clone.write_note("run", {**last, "pid": os.getpid()})
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # A hang-up that nohup told us to ignore stays ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._request_stop)
        group_lock = FileLock(self.clone.state / "group.lock")
        servers: Servers | None = None
        listener: socket.socket | None = None
        try:
            self._end_leftovers(group_lock)
            listener, port, passed = listen(self.port)
            if passed:
                taken = f"Ports {passed[0]} to {passed[-1]} are" if len(passed) > 1 else f"Port {passed[0]} is"
                self.say(f"{taken} taken by another program; using {port}.")
            self.clone.write_note("run", {"pid": os.getpid(), "port": port, "members": {}})
            needs = Needs(postgresql=not os.environ.get("DATABASE_URL"), valkey=not os.environ.get("REDIS_URL"))
            names = [name for name, needed in (("PostgreSQL", needs.postgresql), ("Valkey", needs.valkey)) if needed]
            if names:
                self.say(f"Starting {' and '.join(names)} ...")
            servers = attach(self.clone)
            self._check()
            self._prepare()
            inherited = (listener.fileno(), group_lock.descriptor)
            first, *others = [Member(program) for program in self.make_programs(listener.fileno())]
            self.say(f"Starting {', '.join(member.program.name for member in (first, *others))} ...")
            # The web server has the processor to itself until the first page is there.
            self.members = [first]
            self._start_due(inherited)
            self._wait_until_served(port, inherited)
            self.members += others
            self._start_due(inherited)
            self._welcome()
            self._watch(servers, needs, inherited)
        except Stopping:
            self.say("")
        finally:
            self._stop_members()
            if servers is not None:
                servers.leave()
            if listener is not None:
                listener.close()
            group_lock.close()
            alone.close()
        self.say("Everything is stopped.")

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1

    def _check(self) -> None:
        if self.stop_requests:
            raise Stopping

    def _end_leftovers(self, group_lock: FileLock) -> None:
        """Programs of a killed supervisor hold the group's lock: give them time to end, then end them."""
        deadline = time.monotonic() + 8.0
        while not group_lock.try_exclusive() and time.monotonic() < deadline:
            self._check()
            time.sleep(0.1)
        for leader in self.clone.read_note("run").get("members", {}).values():
            for pid in group_members(leader):
                # A number may since have gone to another program; ours run this clone's Python.
                if sys.executable in command_of(pid):
                    end(pid, (signal.SIGKILL, 5.0))
        group_lock.take(seconds=10.0)

    def _prepare(self) -> None:
        """Run the preparations, their output in one log; what was said last is told when one fails."""
        self.say("Preparing the database and the static files ...")
        start = self.clone.log_size("start")
        log = self.clone.open_log("start")
        processes = []
        try:
            processes = [self._spawn(command, log, ()) for command in self.prepare]
            while any(process.poll() is None for process in processes):
                self._check()
                if any(process.poll() for process in processes):
                    break
                time.sleep(0.05)
        finally:
            os.close(log)
            for process in processes:
                if process.poll() is None:
                    end(process.pid, (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
                    process.wait()
        if any(process.returncode for process in processes):
            said = "\n  ".join(self.clone.log_tail("start", start=start))
            raise LocalError(f"The start could not be prepared:\n  {said}\n", f"All of it is in {self.clone.logs / 'start.log'}.")

    def _spawn(self, command: Sequence[str], log: int, inherited: Sequence[int]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(command),
            cwd=self.clone.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited,
            start_new_session=True,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
        )

    def _start_due(self, inherited: Sequence[int]) -> None:
        """Start every member that does not run and whose pause is over."""
        changed = False
        for member in self.members:
            if member.process is None and time.monotonic() >= member.start_at:
                log = self.clone.open_log(member.program.name)
                try:
                    member.process = self._spawn(member.program.command, log, inherited)
                finally:
                    os.close(log)
                member.started = time.monotonic()
                changed = True
        if changed:
            running = {member.program.name: member.process.pid for member in self.members if member.process is not None}
            self.clone.write_note("run", {**self.clone.read_note("run"), "members": running})

    def _notice_ends(self) -> None:
        """Say which member ended, and when it starts again: after 1, 2, 4 ... 30 seconds, anew after a steady minute."""
        for member in self.members:
            if member.process is None or member.process.poll() is None:
                continue
            status = member.process.returncode
            now = time.monotonic()
            if now - member.started > _STEADY_SECONDS:
                member.pause, member.ends = 1.0, 0
            member.ends += 1
            # Its own children go with it: they would hold the port, or work on unseen.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(member.process.pid, signal.SIGKILL)
            member.process, member.start_at = None, now + member.pause
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            log = _shown(self.clone.logs / f"{member.program.name}.log", self.clone.root)
            self.say(f"{member.program.name} ended ({how}); starting it again in {member.pause:.0f} s. Its log: {log}")
            member.pause = min(member.pause * 2, _LONGEST_PAUSE_SECONDS)

    def _wait_until_served(self, port: int, inherited: Sequence[int]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _is_served(port):
            self._check()
            self._notice_ends()
            web = self.members[0]
            if web.ends >= _GIVE_UP_AFTER or time.monotonic() > deadline:
                said = "\n  ".join(self.clone.log_tail(web.program.name))
                log = self.clone.logs / f"{web.program.name}.log"
                raise LocalError(f"The site does not answer. The web server said last:\n  {said}\n", f"Its log is {log}.")
            self._start_due(inherited)
            time.sleep(0.1)

    def _welcome(self) -> None:
        login_file = self.clone.state / "first-login.txt"
        with suppress(OSError):
            for line in login_file.read_text().strip().splitlines():
                self.say(f"  {line}")
            self.say(f"  (first login, kept in {_shown(login_file, self.clone.root)})")
        if os.environ.get("SMTP_HOST"):
            self.say(f"E-mail is sent by {os.environ['SMTP_HOST']}.")
        else:
            self.say(f"Captured e-mail:  {_shown(self.clone.mail, self.clone.root)}")
        self.say(f"Logs:             {_shown(self.clone.logs, self.clone.root)}")
        self.say("Stop with:        Ctrl+C")
        self.say(f"The tracker is at {os.environ['SITE_URL']}/")

    def _watch(self, servers: Servers | None, needs: Needs, inherited: Sequence[int]) -> None:
        next_look = 0.0
        while True:
            self._check()
            self._notice_ends()
            self._start_due(inherited)
            if servers is not None and time.monotonic() > next_look:
                if not servers.answer(needs):
                    self.say("An embedded server has ended; starting it again.")
                    try:
                        servers.ensure(needs)
                    except LocalError as error:
                        self.say(str(error))
                next_look = time.monotonic() + 2.0
            time.sleep(0.2)

    def _stop_members(self) -> None:
        """Stop the members in good order, last started first; a second request to stop kills what is left."""
        for member in reversed(self.members):
            process = member.process
            if process is None or process.poll() is not None:
                continue
            self.say(f"Stopping {member.program.name} ...")
            requests = self.stop_requests
            for number, patience in member.program.stop:
                process.send_signal(number)
                deadline = time.monotonic() + patience
                while process.poll() is None and time.monotonic() < deadline and self.stop_requests == requests:
                    time.sleep(0.05)
                if process.poll() is not None or self.stop_requests != requests:
                    break
            # Whatever is left of its process group goes with it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop(clone: Clone) -> str:
    """Ask this clone's running group to stop and wait for it; what to tell."""
    clone.prepare()
    alone = FileLock(clone.state / "supervisor.lock")
    try:
        pid = clone.read_note("run").get("pid")
        if alone.try_exclusive() or not isinstance(pid, int) or not command_of(pid):
            return "Nothing of this clone runs."
        os.kill(pid, signal.SIGTERM)
        alone.take(seconds=60.0)
        return "Everything is stopped."
    finally:
        alone.close()


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before its program on Linux: ask to be ended when the supervisor dies, however that happens."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    supervisor = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            os._exit(1)

    return ask


def _is_served(port: int) -> bool:
    """Whether the site answers /healthz with anything but a server error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3.0)
    try:
        connection.request("GET", "/healthz", headers={"Host": urlsplit(os.environ["SITE_URL"]).netloc})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say(line: str) -> None:
    # The terminal may be gone (hang-up, closed pipe): stopping in good order matters more than saying so.
    with suppress(OSError):
        print(line, flush=True)


def _shown(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
