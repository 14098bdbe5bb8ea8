"""The data of a private PostgreSQL server: where it is, who wrote it, and its creation."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from compose.services.account import Account
from compose.services.credentials import USER
from compose.services.errors import DataOfAnotherVersion, PreparationFailed
from compose.services.programs import find_program, service_environment

DATABASE = "reckoner"
ADMIN = "postgres"

_ELSEWHERE = Path("/var/lib/reckoner")
_DEBIAN = Path("/usr/lib/postgresql")


def home_of(folder: Path, account: Account | None) -> Path:
    """Return where the data goes: in the folder, unless the server's user cannot enter it.

    So it is in a checkout below /root: the data then has a folder below /var/lib/reckoner that
    only depends on the checkout's path.
    """
    if account is None or account.reaches(folder):
        return folder
    home = home_elsewhere(folder)
    home.mkdir(parents=True, exist_ok=True)
    for way in (_ELSEWHERE, home):
        way.chmod(0o711)
    return home


def home_elsewhere(folder: Path) -> Path:
    """Return the other place for the data of a folder that the server's user cannot enter."""
    return _ELSEWHERE / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def programs_for(data: Path) -> Path:
    """Return the folder of the programs that fit the data: their version, or the newest if none.

    Raises `ProgramMissing` and `DataOfAnotherVersion`.
    """
    newest = find_program("initdb", "postgresql", [f"{_DEBIAN}/*/bin/initdb"]).resolve().parent
    if not (data / "PG_VERSION").exists():
        return newest
    version = (data / "PG_VERSION").read_text().strip()
    if _major_version(newest) == version:
        return newest
    same = _DEBIAN / version / "bin"
    if (same / "postgres").exists():
        return same
    raise DataOfAnotherVersion(
        f"The data in {data} was written by PostgreSQL {version}, which is not installed.",
        f"Install postgresql-{version}, or move {data} away to begin with no data.",
    )


def create_data(data: Path, programs: Path, password: str, account: Account | None) -> None:
    """Create the data with the superuser, the role and the database.

    It is made beside its place and renamed, so that it is complete or not there.
    """
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if account is not None:
        os.chown(draft, account.uid, account.gid)
    options = ["-U", ADMIN, "--auth=reject", "--encoding=UTF8", "--locale=C"]
    initdb: list[str | Path] = [programs / "initdb", "-D", draft, "--data-checksums", *options]
    _run(initdb, "", draft.parent, account)
    # The only way in: both roles, with a password, from this machine.
    (draft / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    # The server in single-user mode reads one statement per line, and needs no port or password.
    statements = (
        f"ALTER ROLE {ADMIN} PASSWORD '{password}'\n"
        f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD '{password}'\n"
        f"CREATE DATABASE {DATABASE} OWNER {USER}\n"
    )
    _run([programs / "postgres", "--single", "-D", draft, ADMIN], statements, draft.parent, account)
    draft.rename(data)


def _run(command: list[str | Path], text: str, folder: Path, account: Account | None) -> None:
    """Run a command of the set-up to its end, with `text` as its input."""
    done = subprocess.run(
        command,
        input=text,
        text=True,
        capture_output=True,
        cwd=folder,
        env=service_environment(),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        start_new_session=True,  # a Ctrl-C meant for this process must not cut it off
    )
    # Single-user mode reports a faulty statement, and ends well all the same.
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise PreparationFailed(
            f"{command[0]} failed with {done.returncode}.", f"It says: {done.stderr.strip()}"
        )


def _major_version(programs: Path) -> str:
    """Return for example 15."""
    said = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, start_new_session=True
    )
    return said.stdout.split()[2].partition(".")[0]
