"""The files of a page, with names of their own for each content: clients may keep them for ever."""

import hashlib
import mimetypes
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.http.results.representation import Representation

#: Where compose/browser_packages/install.py installs, in `.venv` and in the image.
INSTALLED = Path(sys.prefix) / "share" / "reckoner" / "browser"

_OWN = Path(__file__).parent
_VIEWER = ("swagger-ui.css", "swagger-ui-bundle.js")
_HASH_CHARACTERS = 16

#: mimetypes asks the system, which may have other names for them.
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file, with the content that its name is made of: what is on the disk may change."""

    name: str
    content: bytes
    media_type: str
    representation: Representation


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its files, by the names that the page has for them."""

    html: bytes
    files: Mapping[str, PageFile]
    has_viewer: bool


def load_docs_page(installed: Path = INSTALLED) -> Page:
    """Return the page of the API, or one that says how to install its viewer."""
    viewer = _find_viewer(installed)
    if viewer is None:
        return Page((_OWN / "without_viewer.html").read_bytes(), {}, has_viewer=False)
    files = _read([*(viewer / name for name in _VIEWER), _OWN / "start.js"])
    html = (_OWN / "page.html").read_text()
    for plain, file in files.items():
        html = html.replace(f'"/docs/{plain}"', f'"/docs/{file.name}"')
    return Page(html.encode(), {file.name: file for file in files.values()}, has_viewer=True)


def _find_viewer(installed: Path) -> Path | None:
    """Return the folder of the viewer; the newest, should a failure have left two.

    One that is being removed may lack files.
    """
    found = [
        marker
        for marker in sorted((installed / "swagger-ui-dist").glob("*/installed.json"))
        if all((marker.parent / name).is_file() for name in _VIEWER)
    ]
    return max(found, key=lambda marker: marker.stat().st_mtime).parent if found else None


def _read(paths: Iterable[Path]) -> dict[str, PageFile]:
    files = {}
    for path in paths:
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        files[path.name] = PageFile(
            f"{path.stem}-{sha256[:_HASH_CHARACTERS]}{path.suffix}",
            content,
            _MEDIA_TYPES.get(path.suffix)
            or mimetypes.guess_type(path.name)[0]
            or "application/octet-stream",
            Representation(len(content), sha256),
        )
    return files
