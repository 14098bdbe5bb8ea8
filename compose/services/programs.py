"""Where the services' programs are, and the environment they get."""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from compose.services.errors import ProgramMissing

# A user's PATH on Debian leaves out the sbin folders, where nginx is.
_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

# Variables such as PGDATA, RABBITMQ_NODENAME or NGINX would turn a private instance into another.
_KEPT_VARIABLES = ("HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def find_program(name: str, package: str, patterns: Iterable[str] = ()) -> Path:
    """Return the program: the newest that matches one of the patterns, else as PATH has it.

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
    """Return the environment for a service: nothing that could change what it serves."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {"PATH": search_path(), **kept}


def _by_version(path: Path) -> list[int]:
    """Order /usr/lib/postgresql/9 before /usr/lib/postgresql/15."""
    return [int(number) for number in re.findall(r"\d+", str(path))]
