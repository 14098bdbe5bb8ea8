"""The data of a private PostgreSQL server: where it is, who wrote it, and its creation."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from compose.services.credentials import OWNER
from compose.services.errors import DataOfAnotherVersion, PreparationFailed
from compose.services.programs import Account, find_program, service_environment

DATABASE = "reckoner"
ADMIN = "postgres"

_ELSEWHERE = Path("/var/lib/reckoner")
_DEBIAN = Path("/usr/lib/postgresql")


def home_of(folder: Path, account: Account | None) -> Path:
    """Return where the data goes: the folder itself, unless the server's user cannot enter it.

    That is the case in a checkout below /root. The data then gets a folder below
    /var/lib/reckoner whose name depends on the checkout's path alone.
    """
    if account is None or account.can_enter(folder):
        return folder
    home = home_elsewhere(folder)
    home.mkdir(parents=True, exist_ok=True)
    for way in (_ELSEWHERE, home):
        way.chmod(0o711)
    return home


def home_elsewhere(folder: Path) -> Path:
    """Return the place for the data if the server's user cannot enter the folder."""
    return _ELSEWHERE / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def programs_for(data: Path) -> Path:
    """Return the folder of the programs for the data: of its version, or the newest without data.

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
        f"Install postgresql-{version}, or move {data} elsewhere to begin without data.",
    )


def create_data(data: Path, programs: Path, password: str, account: Account | None) -> None:
    """Create the data with the superuser, the role and the database.

    It is renamed when complete, so that incomplete data is never used.
    """
    draft = data.with_name("data.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if account is not None:
        os.chown(draft, account.uid, account.gid)
    options = ["-U", ADMIN, "--auth=reject", "--encoding=UTF8", "--locale=C"]
    initdb: list[str | Path] = [programs / "initdb", "-D", draft, "--data-checksums", *options]
    _run(initdb, "", draft.parent, account)
    # Only with a password, and from this machine.
    (draft / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    # In single-user mode, the server reads one statement per line, without a port or password.
    statements = (
        f"ALTER ROLE {ADMIN} PASSWORD '{password}'\n"
        f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{password}'\n"
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}\n"
    )
    _run([programs / "postgres", "--single", "-D", draft, ADMIN], statements, draft.parent, account)
    draft.rename(data)


def _run(command: list[str | Path], text: str, folder: Path, account: Account | None) -> None:
    """Run a command of the set-up with `text` as its input."""
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
        start_new_session=True,  # a Ctrl-C meant for this process must not interrupt it
    )
    # Single-user mode exits with 0 even after a faulty statement.
    if done.returncode != 0 or "ERROR:" in done.stderr:
        raise PreparationFailed(
            f"{command[0]} failed with {done.returncode}.",
            f"Its error output: {done.stderr.strip()}",
        )


def _major_version(programs: Path) -> str:
    """Return for example 15."""
    shown = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, start_new_session=True
    )
    return shown.stdout.split()[2].partition(".")[0]
