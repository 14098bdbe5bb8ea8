"""The page itself, which names its files, and the policy that it has in a browser."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.console.files import SOURCES, STYLE, Tree, load_tree
from gateway.console.modules import needed_modules
from gateway.http.browser_packages import INSTALLED

#: What the modules call the packages.
_IMPORTS = {
    "preact": "packages/preact.mjs",
    "preact/hooks": "packages/hooks.mjs",
    "htm": "packages/htm.js",
}

_ENTRY = "main.js"
_PAGE = re.compile("pages/([^/]+)/index.js")


@dataclass(frozen=True, slots=True)
class Console:
    """The page for each of its sections, its policy, and its files.

    They are none if a package is missing.
    """

    html: Mapping[str, bytes]
    policy: str
    tree: Tree | None

    def html_of(self, path: str) -> bytes:
        """Return the page for a path below /console; "" is that of the list.

        It differs in what a browser loads at once.
        """
        section, _, rest = path.partition("/")
        name = {"": "calculations", "calculations": "calculation" if rest else ""}
        return self.html.get(name.get(section, section), self.html[""])


def load_console(installed: Path = INSTALLED) -> Console:
    """Return the console, or a page that says how to install what it needs."""
    tree = load_tree(installed)
    if tree is None:
        html = (SOURCES / "without_packages.html").read_bytes()
        return Console({"": html}, _policy(""), None)
    import_map = json.dumps(
        {"imports": {name: tree.url(path) for name, path in _IMPORTS.items()}},
        separators=(",", ":"),
    )
    pages = {found[1]: name for name in tree.files if (found := _PAGE.fullmatch(name))}
    pages_html = {name: _html(tree, import_map, path).encode() for name, path in pages.items()}
    pages_html[""] = _html(tree, import_map).encode()
    sha256 = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return Console(pages_html, _policy(f" 'sha256-{sha256}'"), tree)


def _html(tree: Tree, import_map: str, *entries: str) -> str:
    needed = needed_modules(tree, _ENTRY, *entries)
    preloaded = [*_IMPORTS.values(), *(name for name in needed if name != _ENTRY)]
    lines = [f'<link rel="modulepreload" href="{tree.url(name)}">' for name in preloaded]
    return (
        (SOURCES / "page.html")
        .read_text()
        .replace("{files}", tree.url("").rstrip("/"))
        .replace("{style}", tree.url(STYLE))
        .replace("{import_map}", import_map)
        .replace("{modules}", "\n".join(lines))
    )


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
