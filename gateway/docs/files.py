"""The files of a page, with names of their own for each content: clients may keep them for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.http.browser_packages import INSTALLED, find_browser_package
from gateway.http.static_files import StaticFile, read_static_file

_OWN = Path(__file__).parent
_VIEWER = ("swagger-ui.css", "swagger-ui-bundle.js")
_HASH_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Page:
    """A page and its files, by the names that the page has for them."""

    html: bytes
    files: Mapping[str, StaticFile]
    has_viewer: bool


def load_docs_page(installed: Path = INSTALLED) -> Page:
    """Return the page of the API, or one that says how to install its viewer."""
    viewer = find_browser_package(installed, "swagger-ui-dist", _VIEWER)
    if viewer is None:
        return Page((_OWN / "without_viewer.html").read_bytes(), {}, has_viewer=False)
    html = (_OWN / "page.html").read_text()
    files = {}
    for path in (*(viewer / name for name in _VIEWER), _OWN / "start.js"):
        file = read_static_file(path)
        name = f"{path.stem}-{file.representation.sha256[:_HASH_CHARACTERS]}{path.suffix}"
        html = html.replace(f'"/docs/{path.name}"', f'"/docs/{name}"')
        files[name] = file
    return Page(html.encode(), files, has_viewer=True)
