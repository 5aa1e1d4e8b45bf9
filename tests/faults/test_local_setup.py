"""`make setup` in bad circumstances: a sentence and a remedy, never a traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from avtotor_site.local import bootstrap
from avtotor_site.local.clone import PROJECT_ROOT


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bootstrap.Setup:
    """A set-up of an empty folder, with one package required."""
    monkeypatch.delenv("STATE_DIR", raising=False)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    (tmp_path / "requirements.txt").write_text("django==5.2\n")
    return bootstrap.Setup(development=False, static=False)


def answer(setup: bootstrap.Setup, monkeypatch: pytest.MonkeyPatch, word: str, output: str) -> None:
    """Let the commands that contain `word` fail with this output, and all others succeed."""

    def call(command: list[str], _environment: dict[str, str] | None = None) -> tuple[int, str]:
        return (1, output) if word in command else (0, "")

    monkeypatch.setattr(setup, "call", call)


@pytest.mark.parametrize(
    ("word", "output", "sentence"),
    [
        ("venv", "The virtual environment was not created successfully because ensurepip is not available.", "apt-get install python3"),
        ("venv", "Error: [Errno 28] No space left on device", "No space is left on the disk that holds .* needs about 400 MB"),
        ("pip", "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "Check the network"),
        ("pip", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "its hash does not match"),
        ("pip", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "Free some"),
        ("pip", "first line\nERROR: something new\n", "could not be installed: ERROR: something new\nAll of it is in .*setup.log"),
    ],
)
def test_a_failed_step_is_told_with_its_remedy(
    setup: bootstrap.Setup, monkeypatch: pytest.MonkeyPatch, word: str, output: str, sentence: str
) -> None:
    answer(setup, monkeypatch, word, output)
    with pytest.raises(bootstrap.SetupError, match=sentence):
        setup.run()


def test_too_little_space_is_told_before_anything_is_written(setup: bootstrap.Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=10 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(bootstrap.SetupError, match="No space is left"):
        setup.run()
    assert not bootstrap.VENV.exists()


def test_a_missing_browser_is_a_failure_only_under_ci(setup: bootstrap.Setup, monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    assert isinstance(capsys, pytest.CaptureFixture)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    monkeypatch.setenv("CI", "false")
    setup.require_browser()
    assert "Install one (on Debian: apt-get install chromium). Without it they are skipped." in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    with pytest.raises(bootstrap.SetupError, match="No chromium or google-chrome"):
        setup.require_browser()


def test_without_a_package_index_a_real_set_up_ends_with_a_sentence(tmp_path: Path) -> None:
    shutil.copytree(PROJECT_ROOT / "avtotor_site" / "local", tmp_path / "avtotor_site" / "local")
    (tmp_path / "requirements.txt").write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "STATE_DIR"))}
    result = subprocess.run(
        [sys.executable, "-I", "avtotor_site/local/bootstrap.py"],
        cwd=tmp_path,
        env={**bare, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("The packages could not be fetched: the package index does not answer or lacks a version.")
    assert "Traceback" not in result.stderr


def test_without_a_new_enough_python_make_says_which_is_needed(tmp_path: Path) -> None:
    for name in ("sh", "echo"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    make = shutil.which("make")
    assert make is not None
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    result = subprocess.run(
        [make, "setup"], cwd=PROJECT_ROOT, env={**bare, "PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.startswith("Python 3.11 or newer is needed and was not found.")
