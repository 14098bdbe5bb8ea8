"""The files of the console, all under one digest: clients may keep them for ever.

Modules import each other by relative paths, so a changed file changes the URLs of all.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.http.browser_packages import find_browser_package
from gateway.http.static_files import StaticFile, read_static_file

#: The console's own files.
SOURCES = Path(__file__).parent / "page"

#: What is served of each package, by the name that it is served under.
PACKAGES: Mapping[str, Mapping[str, str]] = {
    "preact": {
        "packages/preact.mjs": "dist/preact.mjs",
        "packages/hooks.mjs": "hooks/dist/hooks.mjs",
    },
    "htm": {"packages/htm.js": "dist/htm.module.js"},
    "uplot": {
        "packages/uplot.js": "dist/uPlot.iife.min.js",
        "packages/uplot.css": "dist/uPlot.min.css",
    },
}

_SERVED_SUFFIXES = (".js", ".css", ".svg")
_DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Tree:
    """All files, by their paths below the digest."""

    digest: str
    files: Mapping[str, StaticFile]

    def url(self, path: str) -> str:
        """Return the URL of one of the files."""
        return f"/console/files/{self.digest}/{path}"


def load_tree(installed: Path, sources: Path = SOURCES) -> Tree | None:
    """Return the files, or None if a package is missing."""
    paths = {
        path.relative_to(sources).as_posix(): path
        for path in sources.rglob("*")
        if path.suffix in _SERVED_SUFFIXES
    }
    for name, files in PACKAGES.items():
        package = find_browser_package(installed, name, files.values())
        if package is None:
            return None
        paths |= {served: package / file for served, file in files.items()}
    found = {name: read_static_file(path) for name, path in sorted(paths.items())}
    return Tree(_digest_of(found), found)


def _digest_of(files: Mapping[str, StaticFile]) -> str:
    whole = hashlib.sha256()
    for name, file in files.items():
        whole.update(f"{file.representation.sha256} {name}\n".encode())
    return whole.hexdigest()[:_DIGEST_CHARACTERS]
