"""`make setup`: the virtual environment, the packages, translations, static files and the embedded servers' data.

Run as a script by the system's Python before anything is installed, so it uses the standard library alone. What is
already done is not done again: a second call ends at once.
"""

import argparse
import errno
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
_MEGABYTES = {RUNTIME: 400, DEVELOPMENT: 500}
_NO_NETWORK = (
    "Failed to establish a new connection",
    "NewConnectionError",
    "Temporary failure in name resolution",
    "nodename nor servname",
    "Connection to",
    "ProxyError",
    "Read timed out",
    "No matching distribution found",
    "Could not find a version",
)


class SetupError(Exception):
    """Why the set-up cannot go on, and what to do about it, in a sentence each."""


class Setup:
    """One set-up of the clone in the current folder."""

    def __init__(self, *, development: bool, static: bool) -> None:
        self.development = development
        self.static = static
        self.state = (ROOT / os.environ.get("STATE_DIR", ".state")).resolve()
        self.log = self.state / "logs" / "setup.log"

    def run(self) -> None:
        """Do what is not done yet, one set-up of a clone at a time."""
        self.state.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        with (self.state / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.install(RUNTIME)
            if self.development:
                self.install(DEVELOPMENT)
            self.compile_translations()
            if self.static:
                self.collect_static()
        if self.development:
            self.require_browser()

    def install(self, requirements: str) -> None:
        """Install the pinned packages into `.venv`, unless exactly these were installed there before."""
        stamp = VENV / f"{requirements}.installed"
        wanted = hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()
        if os.access(PYTHON, os.X_OK) and stamp.exists() and stamp.read_text() == wanted:
            return
        self.require_space(_MEGABYTES[requirements])
        self.make_venv()
        say(f"Installing {requirements} into .venv ...")
        options = ["--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes"]
        status, output = self.call([str(PYTHON), "-m", "pip", "install", *options, "-r", requirements])
        if status != 0:
            raise self.pip_failure(output)
        stamp.write_text(wanted)

    def make_venv(self) -> None:
        """Make `.venv`, or make it again where its Python is gone or too old."""
        check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        if os.access(PYTHON, os.X_OK) and self.call([str(PYTHON), "-c", check])[0] == 0:
            return
        say("Making the virtual environment .venv ...")
        status, output = self.call([sys.executable, "-m", "venv", "--clear", ".venv"])
        if status == 0:
            return
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in output or "No module named venv" in output:
            name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
            raise SetupError(
                "This Python has no venv module with pip, which a virtual environment needs. "
                f"Install it (on Debian and Ubuntu: apt-get install {name}) and run the command again."
            )
        raise self.failure("The virtual environment .venv could not be made", output)

    def compile_translations(self) -> None:
        """Compile each message catalogue that is newer than its compiled form."""
        for source in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                continue
            locale = source.parent.parent.name
            command = [str(PYTHON), "-m", "babel.messages.frontend", "--quiet", "compile"]
            status, output = self.call([*command, "-i", str(source), "-o", str(target), "-l", locale])
            if status != 0:
                target.unlink(missing_ok=True)
                raise self.failure(f"The translations in {source.relative_to(ROOT)} could not be compiled", output)

    def collect_static(self) -> None:
        """Collect static files when one of them changed. The first call makes the embedded servers' data, too."""
        stamp = self.state / "static.stamp"
        wanted = json.dumps({"files": self.static_digest(), "packages": (VENV / f"{RUNTIME}.installed").read_text()})
        if stamp.exists() and stamp.read_text() == wanted and (self.state / "static").exists():
            return
        say("Preparing the embedded servers and the static files ...")
        status, output = self.call([str(PYTHON), "manage.py", "collectstatic", "--noinput", "--verbosity", "0"])
        if status != 0:
            raise self.failure("The static files could not be collected", output)
        stamp.write_text(wanted)

    def static_digest(self) -> str:
        """A fingerprint of the project's own static files: names, sizes and times."""
        digest = hashlib.sha256()
        for path in sorted(_static_files()):
            found = path.stat()
            digest.update(f"{path.relative_to(ROOT)}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def require_browser(self) -> None:
        """Chromium for the browser tests: install it where we may, else say how; only under CI=true a must."""
        sys.path.insert(0, str(Path(__file__).parent))
        from browser import find_browser  # type: ignore[import-not-found]

        if find_browser():
            return
        if os.geteuid() == 0 and shutil.which("apt-get"):
            say("Installing chromium for the browser tests ...")
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            self.call(["apt-get", "update", "-qq"], quiet)
            for package in ("chromium-headless-shell", "chromium"):
                self.call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], quiet)
                if find_browser():
                    return
        sentence = (
            "No chromium or google-chrome is on PATH, which the browser tests need. Install one (on Debian: apt-get install chromium)."
        )
        if os.environ.get("CI") == "true":
            raise SetupError(sentence)
        say(f"{sentence} Without it they are skipped.")

    def require_space(self, megabytes: int) -> None:
        """Refuse what could not end for lack of disk space."""
        if shutil.disk_usage(ROOT).free < megabytes * 1024 * 1024:
            raise SetupError(no_space(ROOT, megabytes))

    def call(self, command: Sequence[str], environment: dict[str, str] | None = None) -> tuple[int, str]:
        """Run a command; its status and output, which also goes to the log."""
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{result.stdout}")
        return result.returncode, result.stdout

    def pip_failure(self, output: str) -> SetupError:
        """Put a failed installation into words."""
        if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
            return SetupError(
                "A downloaded package differs from the one that was pinned (its hash does not match), so it was not "
                f"installed. Empty the package cache (pip cache purge) and run the command again. See {self.log}."
            )
        if "No space left" not in output and any(sign in output for sign in _NO_NETWORK):
            return SetupError(
                "The packages could not be fetched: the package index does not answer or lacks a version. "
                "Check the network (or PIP_INDEX_URL, PIP_FIND_LINKS for a mirror) and run the command again. "
                f"See {self.log}."
            )
        return self.failure("The packages could not be installed", output)

    def failure(self, what: str, output: str) -> SetupError:
        """Any other failed step: what it said last, or a full disk."""
        if "No space left on device" in output:
            return SetupError(no_space(ROOT, _MEGABYTES[RUNTIME]))
        said = [line.strip() for line in output.splitlines() if line.strip()][-1:] or ["no message"]
        return SetupError(f"{what}: {said[0]}\nAll of it is in {self.log}.")


def _static_files() -> Iterator[Path]:
    for folder in (ROOT / "static", *ROOT.glob("[!.]*/static")):
        yield from (path for path in folder.rglob("*") if path.is_file())


def no_space(folder: Path, megabytes: int) -> str:
    """The sentence for a full disk."""
    return (
        f"No space is left on the disk that holds {folder}: the set-up needs about {megabytes} MB. "
        "Free some, or move the clone to a larger disk, and run the command again."
    )


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, flush=True)


def main() -> int:
    """Set the clone up; the exit status."""
    parser = argparse.ArgumentParser(description="Set the clone up.")
    parser.add_argument("--development", action="store_true", help="also what tests and checks need")
    parser.add_argument("--no-static", dest="static", action="store_false", help="leave static files for later")
    try:
        Setup(**vars(parser.parse_args())).run()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            print(no_space(ROOT, _MEGABYTES[RUNTIME]), file=sys.stderr)
        else:
            place = error.filename or ROOT
            print(f"{place}: {error.strerror}. Run the command as the user who made the clone.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("The set-up was stopped; the next call goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
