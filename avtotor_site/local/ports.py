"""The web server's port: chosen, checked, and held from the first second of a start."""

import errno
import socket

from avtotor_site.local.errors import LocalError

FIRST_PORT = 8080
_TRIED = 50
_LOOPBACK = "127.0.0.1"


def listen(wanted: str | None) -> tuple[socket.socket, int, list[int]]:
    """A listening socket on the wanted port, or on the first free one from 8080 on.

    Returns the socket, its port, and the busy ports passed over. Raises LocalError that names a busy wanted port.
    """
    if wanted:
        port = _number(wanted)
        listener = _try(port)
        if listener is None:
            raise LocalError(f"Port {port} is taken by another program;", f"choose another with PORT={_suggest(port)} make run")
        return listener, port, []
    passed: list[int] = []
    for port in range(FIRST_PORT, FIRST_PORT + _TRIED):
        listener = _try(port)
        if listener is not None:
            return listener, port, passed
        passed.append(port)
    raise LocalError(
        f"All ports from {FIRST_PORT} to {FIRST_PORT + _TRIED - 1} are taken by other programs;",
        "choose one with PORT=9000 make run",
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 65535:
        raise LocalError(f"PORT is {text!r}, which is no port.", "Give a number from 1024 to 65535: PORT=8090 make run")
    return int(text)


def _suggest(port: int) -> int:
    start = max(port + 10, FIRST_PORT)
    for candidate in range(start, 65536):
        listener = _try(candidate)
        if listener is not None:
            listener.close()
            return candidate
    return FIRST_PORT


def _try(port: int) -> socket.socket | None:
    """A listener on 127.0.0.1, None where somebody listens already, on IPv6 or on all addresses included."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if _answers(socket.AF_INET, _LOOPBACK, port) or _answers(socket.AF_INET6, "::1", port):
            listener.close()
            return None
        # A port still in TIME_WAIT from the last run is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            return None
        if error.errno == errno.EACCES:
            raise LocalError(f"Port {port} may be used by root only;", "choose one above 1023: PORT=8090 make run") from error
        raise LocalError(f"Port {port} cannot be used: {error.strerror}.", "Choose another: PORT=8090 make run") from error
    return listener


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.3)
            return probe.connect_ex((host, port)) == 0
    except OSError:
        return False
