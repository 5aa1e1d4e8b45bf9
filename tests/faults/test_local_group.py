"""The group of `make run`: started, watched, restarted and stopped as one, also after `kill -9`."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from avtotor_site.local.processes import command_of, group_members
from avtotor_site.local.supervisor import stop
from tests.faults.conftest import Sandbox

Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    return free


def start(sandbox: Sandbox, port: int, preparation: str = "print('prepared')") -> subprocess.Popen[str]:
    group = Path(__file__).with_name("local_group.py")
    return sandbox.start([sys.executable, str(group), str(sandbox.clone.root), str(port), preparation])


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if text in line:
            return lines
    pytest.fail(f"{text!r} was never said, but: {lines}")


def members(sandbox: Sandbox) -> dict[str, int]:
    found = sandbox.clone.read_note("run")["members"]
    assert isinstance(found, dict)
    return found


def test_ctrl_c_stops_all_of_it_and_says_so(sandbox: Sandbox, port: int, eventually: Eventually) -> None:
    group = start(sandbox, port)
    said = read_until(group, "The tracker is at")
    assert said[-1] == f"The tracker is at http://localhost:{port}/"
    assert "Captured e-mail:  .state/mail" in said
    assert "Stop with:        Ctrl+C" in said
    leaders = members(sandbox).values()
    eventually(lambda: len(group_members(members(sandbox)["worker"])) == 2)
    servers = sandbox.servers()
    assert all(servers)

    group.send_signal(signal.SIGINT)
    rest, _ = group.communicate(timeout=30)

    assert rest.split("\n")[1:] == ["Stopping worker ...", "Stopping web ...", "Everything is stopped.", ""]
    assert group.returncode == 0
    assert [group_members(leader) for leader in leaders] == [[], []]
    assert sandbox.servers() == (None, None)


def test_a_second_run_in_the_same_clone_says_where_the_first_is_and_stop_ends_it(sandbox: Sandbox, port: int) -> None:
    group = start(sandbox, port)
    read_until(group, "The tracker is at")
    second, _ = start(sandbox, port).communicate(timeout=20)
    assert f"This clone already runs at http://localhost:{port}/ (process {group.pid})." in second
    assert sandbox.attach()["SITE_URL"] == f"http://localhost:{port}"
    sandbox.leave()
    assert sandbox.servers() != (None, None)

    assert stop(sandbox.clone) == "Everything is stopped."
    assert group.wait(timeout=10) == 0
    assert stop(sandbox.clone) == "Nothing of this clone runs."


def test_a_busy_port_is_named_before_anything_starts(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said, _ = start(sandbox, port).communicate(timeout=20)
    assert said.startswith(f"Port {port} is taken by another program; choose another with PORT=")
    assert said.count("\n") == 1


def test_a_killed_supervisor_takes_its_programs_along_and_the_next_start_works(sandbox: Sandbox, port: int) -> None:
    group = start(sandbox, port)
    read_until(group, "The tracker is at")
    before = members(sandbox)
    os.kill(sandbox.servers()[0] or 0, signal.SIGKILL)
    group.kill()
    group.communicate()

    again = start(sandbox, port)
    read_until(again, f"The tracker is at http://localhost:{port}/")
    assert [group_members(leader) for leader in before.values()] == [[], []]
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=30)
    assert sandbox.servers() == (None, None)


def test_what_dies_is_started_again_and_told(sandbox: Sandbox, port: int, eventually: Eventually) -> None:
    group = start(sandbox, port)
    read_until(group, "The tracker is at")
    worker, valkey = members(sandbox)["worker"], sandbox.servers()[1]
    os.kill(worker, signal.SIGKILL)
    os.kill(valkey or 0, signal.SIGKILL)
    said = read_until(group, "An embedded server has ended; starting it again.")
    said += [] if len(said) > 1 else read_until(group, "worker ended")
    assert "worker ended (signal 9); starting it again in 1 s. Its log: " in "\n".join(said)
    eventually(lambda: members(sandbox).get("worker", worker) != worker and all(sandbox.servers()))
    assert group_members(worker) == []
    assert command_of(members(sandbox)["worker"])


def test_a_failed_preparation_is_told_with_its_last_words(sandbox: Sandbox, port: int) -> None:
    group = start(sandbox, port, "import sys; sys.exit('the table is gone')")
    said, _ = group.communicate(timeout=30)
    assert "The start could not be prepared:\n  the table is gone\n" in said
    assert "Traceback" not in said
    assert group.returncode == 1
    assert sandbox.servers() == (None, None)
