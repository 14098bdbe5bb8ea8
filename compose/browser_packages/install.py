"""`python compose/browser_packages/install.py FOLDER [LIST]`: install packages for browsers.

The list is packages.json, or another file of its form.

They come from npm's registry (npm_config_registry, or registry.npmjs.org) as its clients get them,
and nothing of them is run. What is installed already is not fetched again; other versions are
removed. It needs Python alone, and imports nothing of ours: a stage of the image runs it too.
"""

import base64
import hashlib
import http.client
import io
import json
import os
import queue
import shutil
import sys
import tarfile
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LIST = Path(__file__).with_name("packages.json")

#: In each installed package: its entry of the list.
MARKER = "installed.json"

_REGISTRY = "https://registry.npmjs.org/"
_TIMEOUT_SECONDS = 15.0

#: For all of an archive, from the look-up of the name on: nobody waits longer for a start.
_LIMIT_SECONDS = 90.0

_MAX_BYTES = 64 * 1024 * 1024


class NotInstalled(Exception):
    """Raised when a package cannot be installed; the text says why."""


@dataclass(frozen=True)
class Package:
    """An entry of the list: what npm calls it, the SHA-512 of its archive, and the wanted files."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def archive(self) -> str:
        """Where its archive is, below the registry."""
        return f"{self.name}/-/{self.name.rpartition('/')[2]}-{self.version}.tgz"


def read_list(file: Path = LIST) -> list[Package]:
    """Return the packages of a list."""
    return [
        Package(**{**one, "files": tuple(one["files"])}) for one in json.loads(file.read_text())
    ]


def install(package: Package, folder: Path, registry: str) -> bool:
    """Install a package below the folder as name/version; return whether that was necessary.

    Raises NotInstalled, and leaves what was there.
    """
    target = folder / package.name / package.version
    if _is_installed(package, target):
        return False
    archive = _fetch(registry + package.archive)
    found = base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if package.integrity != f"sha512-{found}":
        raise NotInstalled(f"its archive has another checksum than the list: sha512-{found}")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that it appears at once and whole, or not at all.
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        fresh = Path(temporary) / "fresh"
        _unpack(archive, package.files, fresh)
        (fresh / MARKER).write_text(json.dumps(asdict(package)))
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return True


def remove_others(packages: Sequence[Package], folder: Path) -> None:
    """Remove versions and packages that are no longer on the list, and what a kill has left."""
    wanted = {folder / package.name / package.version for package in packages}
    others = [marker.parent for marker in folder.rglob(MARKER)]
    for package in packages:
        others += (folder / package.name).iterdir()
    for other in others:
        if other not in wanted:
            shutil.rmtree(other, ignore_errors=True)


def _is_installed(package: Package, target: Path) -> bool:
    try:
        entry = json.loads((target / MARKER).read_text())
    except (OSError, ValueError):
        return False
    is_same: bool = entry == json.loads(json.dumps(asdict(package)))
    return is_same and all((target / name).is_file() for name in package.files)


def _fetch(url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise NotInstalled(f"{url} is not an address of HTTP")
    ended: queue.Queue[bytes | Exception] = queue.Queue()
    # A thread that the end of the process does not wait for: a timeout of a socket is one for each
    # packet, and the look-up of a name has none.
    threading.Thread(target=lambda: ended.put(_response(url)), daemon=True).start()
    try:
        content = ended.get(timeout=_LIMIT_SECONDS)
    except queue.Empty:
        raise NotInstalled(f"{url} takes longer than {_LIMIT_SECONDS:g} s") from None
    if isinstance(content, Exception):
        raise NotInstalled(f"{url} cannot be fetched ({content})") from content
    if len(content) > _MAX_BYTES:
        raise NotInstalled(f"{url} has more than {_MAX_BYTES} bytes")
    return content


def _response(url: str) -> bytes | Exception:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            content: bytes = response.read(_MAX_BYTES + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return error
    return content


def _unpack(archive: bytes, names: Sequence[str], folder: Path) -> None:
    """Write the wanted files, which have their names from the list and not from the archive."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as members:
        for name in names:
            try:
                member = members.extractfile(f"package/{name}")
            except KeyError:
                member = None
            if member is None:
                raise NotInstalled(f"its archive has no file {name}")
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.read())


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Install all packages; return 1 if one could not be, having said so."""
    folder = Path(arguments[0])
    registry = (environment.get("npm_config_registry") or _REGISTRY).rstrip("/") + "/"
    packages = read_list(*map(Path, arguments[1:]))
    status = 0
    for package in packages:
        try:
            if install(package, folder, registry):
                print(f"  Installed {package.name} {package.version} for the browser")
        except (NotInstalled, OSError) as error:
            print(f"{package.name} {package.version} could not be installed: {error}")
            status = 1
    if status == 0:
        remove_others(packages, folder)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
