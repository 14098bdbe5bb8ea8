"""The page itself, which names its files, and the policy that it has in a browser."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from gateway.console.files import SOURCES, Tree, load_tree
from gateway.http.browser_packages import INSTALLED

#: What the modules call the packages.
_IMPORTS = {
    "preact": "packages/preact.mjs",
    "preact/hooks": "packages/hooks.mjs",
    "htm": "packages/htm.js",
}

#: The page starts without these: charts load the first, and page.html names the second itself.
_NOT_AT_START = ("packages/uplot", "first_paint.js")


@dataclass(frozen=True, slots=True)
class Console:
    """The page, its policy, and its files, which are none if a package is missing."""

    html: bytes
    policy: str
    tree: Tree | None


def load_console(installed: Path = INSTALLED) -> Console:
    """Return the console, or a page that says how to install what it needs."""
    tree = load_tree(installed)
    if tree is None:
        return Console((SOURCES / "without_packages.html").read_bytes(), _policy(""), None)
    import_map = json.dumps(
        {"imports": {name: tree.url(path) for name, path in _IMPORTS.items()}},
        separators=(",", ":"),
    )
    html = (
        (SOURCES / "page.html")
        .read_text()
        .replace("{files}", tree.url("").rstrip("/"))
        .replace("{import_map}", import_map)
        .replace("{styles}", _lines(tree, (".css",), '<link rel="stylesheet" href="{}">'))
        .replace("{modules}", _lines(tree, (".js", ".mjs"), '<link rel="modulepreload" href="{}">'))
    )
    sha256 = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return Console(html.encode(), _policy(f" 'sha256-{sha256}'"), tree)


def _lines(tree: Tree, suffixes: tuple[str, ...], line: str) -> str:
    names = [
        name
        for name in tree.files
        if name.endswith(suffixes) and not name.startswith(_NOT_AT_START)
    ]
    # What a page has of its own overrides the common style.
    names.sort(key=lambda name: not name.startswith("style/"))
    return "\n".join(line.format(tree.url(name)) for name in names)


def _policy(import_map: str) -> str:
    """Return the policy: own files, and requests to this service.

    Nothing inline but the import map, so no text of a result can become a script.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{import_map}",
            "style-src 'self'",
            "img-src 'self' blob:",
            "connect-src 'self'",
            "font-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types reckoner",
        )
    )
