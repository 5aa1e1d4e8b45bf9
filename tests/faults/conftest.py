"""Throw-away clones for the tests of the local run-time: real servers, ended and removed with the test."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from avtotor_site.local import Clone, attach
from avtotor_site.local.clone import PROJECT_ROOT
from avtotor_site.local.servers import Servers

HOLDER = """
import sys
from pathlib import Path
from avtotor_site.local import Clone, attach
environment = {}
attach(Clone.at(Path(sys.argv[1])), environment)
print("attached", flush=True)
sys.stdin.read()
"""


@dataclass
class Sandbox:
    """A clone, what was attached to it, and the processes started for it."""

    clone: Clone
    holds: list[Servers] = field(default_factory=list)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def attach(self, **environment: str) -> dict[str, str]:
        """Attach this test's process to the clone; the environment as `attach` leaves it."""
        servers = attach(self.clone, environment)
        if servers is not None:
            self.holds.append(servers)
        return environment

    def leave(self) -> None:
        """Leave the clone's servers."""
        while self.holds:
            self.holds.pop().leave()

    def servers(self) -> tuple[int | None, int | None]:
        """Process numbers of PostgreSQL and Valkey, None for one that does not run."""
        hold = Servers(self.clone)
        try:
            return hold.postgresql.pid(), hold.valkey.pid()
        finally:
            hold.users.close()

    def holder(self) -> subprocess.Popen[str]:
        """Another process that is attached until its standard input closes."""
        process = self.start([sys.executable, "-c", HOLDER, str(self.clone.root)])
        assert process.stdout is not None
        assert process.stdout.readline() == "attached\n"
        return process

    def start(self, command: list[str], **environment: str) -> subprocess.Popen[str]:
        """Start a process that ends with the test."""
        bare = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "SITE_URL", "STATE_DIR")}
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env={**bare, "PYTHONPATH": str(PROJECT_ROOT), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def clean(self) -> None:
        """End and remove everything."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=20)
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.leave()
        outside = self.clone.read_note("servers").get("folder")
        if self.clone.state.is_dir() and any(self.servers()):
            self.attach()
            self.leave()
        if outside:
            shutil.rmtree(outside)


@pytest.fixture
def make_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Make clones in folders that every account may enter, under the given names."""
    base = Path(tempfile.mkdtemp(prefix="tracker-test-", dir="/tmp"))
    base.chmod(0o755)
    made: list[Sandbox] = []

    def make(name: str = "clone", mode: int = 0o755) -> Sandbox:
        root = base / name
        root.mkdir(mode=mode, parents=True, exist_ok=True)
        made.append(Sandbox(Clone.at(root)))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.clean()
    shutil.rmtree(base)


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """One clone with nothing in it."""
    return make_sandbox()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait up to ten seconds for something to become true."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10.0
        while not condition():
            assert time.monotonic() < deadline, "it did not happen within ten seconds"
            time.sleep(0.05)

    return wait
