"""Which modules a module needs: the page has a browser load them at once, not one after another."""

import posixpath
import re

from gateway.console.files import Tree

#: A statement that imports, or exports what it imports; `import()` is for later.
_IMPORT = re.compile(r'^(?:import|export|\})[^;"]*?(?:from\s+)?"([^"]+)";', re.MULTILINE)


def needed_modules(tree: Tree, *entries: str) -> list[str]:
    """Return the entries and all that they import, directly or not, with the packages.

    Raises KeyError if a module imports what is no file.
    """
    found: dict[str, None] = {}
    left = list(entries)
    while left:
        name = left.pop()
        if name in found:
            continue
        found[name] = None
        # Packages import each other by names, which the import map has.
        if not name.startswith("packages/"):
            left += imported_modules(tree, name)
    return list(found)


def imported_modules(tree: Tree, name: str) -> list[str]:
    """Return what a module imports, without the packages."""
    source = tree.files[name].content.decode()
    folder = posixpath.dirname(name)
    return [
        posixpath.normpath(posixpath.join(folder, target))
        for target in _IMPORT.findall(source)
        if target.startswith(".")
    ]
