"""The port of `make run`: a busy one is noticed and named."""

import errno
import socket

import pytest

from avtotor_site.local import LocalError, ports


def test_a_wanted_port_that_is_busy_is_named_with_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=rf"^Port {port} is taken by another program; choose another with PORT=\d+ make run$"):
            ports.listen(str(port))


def test_a_program_on_all_addresses_keeps_its_port() -> None:
    with socket.create_server(("0.0.0.0", 0)) as other, pytest.raises(LocalError, match="is taken by another program"):
        ports.listen(str(other.getsockname()[1]))


def test_without_a_wish_the_first_free_port_is_taken_and_the_busy_ones_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        first = other.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", first)
        listener, port, passed = ports.listen(None)
        listener.close()
    assert port > first
    assert passed[0] == first


def test_the_port_is_held_from_the_moment_it_is_chosen() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    listener, _, _ = ports.listen(str(port))
    with listener, pytest.raises(LocalError, match="is taken"):
        ports.listen(str(port))


@pytest.mark.parametrize("text", ["http", "0", "-1", "65536", "8080.5", "9" * 400, "٣٠٠٠"])
def test_what_is_no_port_is_told(text: str) -> None:
    with pytest.raises(LocalError, match=r"which is no port. Give a number from 1024 to 65535"):
        ports.listen(text)


def test_a_port_that_the_system_keeps_for_root_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(LocalError, match=r"^Port 80 may be used by root only; choose one above 1023: PORT=8090 make run$"):
        ports.listen("80")
