"""The files of the console, all under one digest: clients may keep them for ever.

Modules import each other by relative paths, so a changed file changes the URLs of all.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.http.browser_packages import find_browser_package
from gateway.http.static_files import StaticFile, make_static_file, read_static_file

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

#: All style sheets of the console in one file.
STYLE = "style.css"

_SERVED_SUFFIXES = (".js", ".svg")
_DIGEST_CHARACTERS = 16
_COMMENT = re.compile(r"^[ ]*(?://.*|/\*\*(?s:.*?)\*/)$", re.MULTILINE)

_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AROUND_SIGNS = re.compile(r" ?([{};,]) ?")


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
    for name in found:
        if name.endswith(".js") and not name.startswith("packages/"):
            source = found[name].content.decode()
            found[name] = make_static_file(_without_comments(source).encode(), name)
    style = "\n".join(path.read_text() for path in _in_order(sources.rglob("*.css"), sources))
    found[STYLE] = make_static_file(_without_space(style).encode(), STYLE)
    return Tree(_digest_of(found), found)


def _without_comments(source: str) -> str:
    """Return a module without its comments, which would be a third of what is sent.

    Only those with lines of their own; each line keeps its number.
    """
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), source)


def _without_space(style: str) -> str:
    """Return a style sheet without comments and indentation, a sixth of what is sent."""
    plain = " ".join(_STYLE_COMMENT.sub("", style).split())
    return _AROUND_SIGNS.sub(r"\1", plain)


def _in_order(styles: Iterable[Path], sources: Path) -> list[Path]:
    """Return style sheets so that what a page has of its own overrides the common style."""
    common = sources / "style"
    return sorted(styles, key=lambda path: (path.parent != common, path))


def _digest_of(files: Mapping[str, StaticFile]) -> str:
    whole = hashlib.sha256()
    for name, file in files.items():
        whole.update(f"{name} {len(file.content)}\n".encode())
        whole.update(file.content)
    return whole.hexdigest()[:_DIGEST_CHARACTERS]
