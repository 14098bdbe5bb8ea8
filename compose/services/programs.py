"""What a service's program runs with: its path, its environment, and its system user."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from compose.services.errors import ProgramMissing, ServiceError

# A user's PATH on Debian leaves out the sbin folders, where nginx is.
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

# Variables such as PGDATA, RABBITMQ_NODENAME or NGINX would turn a private instance into another.
_KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def find_program(name: str, package: str, patterns: Iterable[str] = ()) -> Path:
    """Return the newest program that matches one of the patterns, or else the one on the PATH.

    Raises `ProgramMissing`, which names `package`.
    """
    for pattern in patterns:
        found = sorted(Path("/").glob(pattern.lstrip("/")), key=_by_version)
        if found:
            return found[-1]
    on_path = shutil.which(name, path=search_path())
    if on_path is None:
        raise ProgramMissing(name, package)
    return Path(on_path)


def search_path() -> str:
    """Return this process's PATH with the system's folders added."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])


def service_environment() -> dict[str, str]:
    """Return the environment for a service: no variable that could change what it serves."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {"PATH": search_path(), **kept}


@dataclass(frozen=True)
class Account:
    """A system user to change to."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Return whether this user may enter the folder."""
        # The kernel decides, rather than the mode bits: access lists count as well.
        done = subprocess.run(
            ["/usr/bin/test", "-x", folder],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            start_new_session=True,  # a Ctrl-C meant for this process must not end it
        )
        return done.returncode == 0


def drop_to(name: str) -> Account | None:
    """Return the account that root has to change to; None if this process does not run as root.

    Raises `ServiceError` if there is no such user.
    """
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam(name)
    except KeyError as error:
        raise ServiceError(
            f"The system user {name}, which root has to change to, does not exist.",
            "Install the Debian package postgresql, which creates it, or run this as another user.",
        ) from error
    return Account(user.pw_name, user.pw_uid, user.pw_gid)


def _by_version(path: Path) -> list[int]:
    """Order /usr/lib/postgresql/9 before /usr/lib/postgresql/15."""
    return [int(number) for number in re.findall(r"\d+", str(path))]
