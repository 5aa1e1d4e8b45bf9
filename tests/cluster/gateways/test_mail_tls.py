"""Mail over TLS, as the environment says: a real server with a certificate made here; one that nobody vouches for is refused."""

import runpy
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from avtotor_site.settings import mail
from cluster.gateways.mail import Letter, NotSent, Sender
from tests.mail_server import mail_server

LETTER = Letter("<1@example.org>", "reader@example.org", "News", "Text", "<p>Text</p>", "en")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, which vouches for itself."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", file, "-out", f"{file}.crt"], check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.fixture
def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def send(settings: Any, monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """Send a letter by the settings that this environment makes."""
    for name, value in {"SMTP_HOST": settings.EMAIL_HOST, "SMTP_PORT": str(settings.EMAIL_PORT), **environment}.items():
        monkeypatch.setenv(name, value)
    for name, value in runpy.run_path(mail.__file__).items():
        if name.startswith("EMAIL_"):
            setattr(settings, name, value)
    with Sender() as sender:
        return sender.send(LETTER)


@pytest.mark.parametrize(("server", "variable"), [("starttls", "SMTP_STARTTLS"), ("tls", "SMTP_SSL")])
def test_a_letter_goes_over_tls_to_a_server_whose_certificate_is_known_and_to_no_other(
    settings: Any, monkeypatch: pytest.MonkeyPatch, certificate: Path, server_side: ssl.SSLContext, server: str, variable: str
) -> None:
    with mail_server(settings, **{server: server_side}) as post:
        with pytest.raises(NotSent, match="certificate verify failed"):
            send(settings, monkeypatch, **{variable: "1"})
        assert post.received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert send(settings, monkeypatch, **{variable: "1"}) == "250 OK"
        assert len(post.received) == 1


def test_a_server_that_asks_for_tls_gets_nothing_in_clear(
    settings: Any, monkeypatch: pytest.MonkeyPatch, server_side: ssl.SSLContext
) -> None:
    with mail_server(settings, starttls=server_side) as post:
        with pytest.raises(NotSent, match="STARTTLS"):
            send(settings, monkeypatch, SMTP_STARTTLS="0")
        assert post.received == []


@pytest.mark.parametrize(("port", "starttls", "tls"), [("587", True, False), ("465", False, True), ("25", False, False)])
def test_the_port_says_which_of_both_is_usual(monkeypatch: pytest.MonkeyPatch, port: str, starttls: bool, tls: bool) -> None:
    for name in ("SMTP_STARTTLS", "SMTP_SSL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMTP_HOST", "mail.example.org")
    monkeypatch.setenv("SMTP_PORT", port)
    made = runpy.run_path(mail.__file__)
    assert (made["EMAIL_USE_TLS"], made["EMAIL_USE_SSL"]) == (starttls, tls)
