"""Looking at processes, starting them as another user, ending them."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Servers outlive the command that started them; kept here so that Python does not warn about them.
_started: list[subprocess.Popen[bytes]] = []
_PROC = Path("/proc/self/stat").exists()


@dataclass(frozen=True)
class ServerUser:
    """The account the embedded servers run under: ours, or an unprivileged one when we are root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def from_uid(cls, uid: int) -> "ServerUser | None":
        """The account with this number, None when the system does not know it."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def as_popen(self) -> dict[str, Any]:
        """The arguments that make subprocess start a program under this account."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def command_of(pid: int) -> str:
    """The command line of a living process; empty for one that is gone or only waits to be reaped."""
    for process in _started:
        process.poll()
    if not _PROC:
        listing = subprocess.run(["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        state, _, command = listing.stdout.strip().partition(" ")
        return "" if state.startswith("Z") else command.strip()
    try:
        if _stat(pid)[0] in ("Z", "X"):
            return ""
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape").strip()
    except OSError:
        return ""


def group_members(leader: int) -> list[int]:
    """The living processes of the process group that `leader` leads or led."""
    if not _PROC:
        listing = subprocess.run(["ps", "-axo", "pid=,pgid="], capture_output=True, text=True, check=False)
        rows = [line.split() for line in listing.stdout.splitlines()]
        return [int(pid) for pid, group in rows if int(group) == leader and command_of(int(pid))]
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and int(_stat(int(entry.name))[2]) == leader and command_of(int(entry.name)):
                found.append(int(entry.name))
    return found


def _stat(pid: int) -> list[str]:
    """State, parent and process group, and what follows them, of a process on Linux."""
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()


def wait_until_gone(pid: int, seconds: float) -> bool:
    """True as soon as the process has ended, False when it still runs after `seconds`."""
    deadline = time.monotonic() + seconds
    while command_of(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end(pid: int, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn, waiting the given seconds after it. True when the process has ended."""
    for number, seconds in steps:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until_gone(pid, seconds):
            return True
    return False


def start_server(command: Sequence[str | Path], *, user: ServerUser, log: int, stdin: bytes = b"") -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl+C in our terminal does not reach it."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd="/",
        env=server_environment(),
        start_new_session=True,
        **user.as_popen,
    )
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(stdin)
            process.stdin.close()
    _started.append(process)
    return process


def server_environment() -> dict[str, str]:
    """Servers see none of our environment: no secrets, no PG* variables, English messages."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
