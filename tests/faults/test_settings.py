"""Settings that would make a site unsafe stop it with a sentence."""

import os
import subprocess
import sys

import pytest

SAFE = {
    "SITE_URL": "https://tracker.example",
    "SECRET_KEY": "k" * 60,
    "DATABASE_URL": "postgres:///nowhere",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def _start(**changes: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "avtotor_site.settings"} | SAFE | changes
    command = [sys.executable, "-c", "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.SECURE_SSL_REDIRECT, s.DEBUG)"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_an_https_site_has_secure_cookies_and_redirects() -> None:
    assert _start().stdout.split() == ["__Host-sessionid", "True", "False"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set or shorter than 50 characters"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is not set or shorter than 50 characters"),
        ({"DEBUG": "true"}, "DEBUG is on for an https site"),
        ({"EXTRA_HOSTS": "*"}, "EXTRA_HOSTS must name hosts"),
    ],
)
def test_an_unsafe_setting_stops_the_site(changes: dict[str, str], sentence: str) -> None:
    ended = _start(**changes)
    assert ended.returncode != 0
    assert sentence in ended.stderr
