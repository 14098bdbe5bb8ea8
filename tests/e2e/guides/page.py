"""What README.md, docs/tutorial and docs/how-to have a reader do: commands, outputs and files.

A block of the kind `console` is run. A line with `$ ` begins a command, which a backslash at its
end continues; what follows is what it prints. A block of the kind `python NAME` or `toml NAME` is a
file to write.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = (ROOT / "docs/tutorial", ROOT / "docs/how-to")

_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command line, and what the page says that it prints."""

    line: str
    shown: str


@dataclass(frozen=True)
class File:
    """A file that the reader is to write, and its path in the folder of the commands."""

    path: str
    text: str


def pages() -> list[Path]:
    """Return the pages that show commands to run."""
    found = [ROOT / "README.md", *(page for one in FOLDERS for page in sorted(one.glob("*.md")))]
    return [page for page in found if "```console\n" in page.read_text()]


def steps(text: str) -> list[Command | File]:
    """Return what a page has its reader do, in its order."""
    found: list[Command | File] = []
    for kind, name, block in _BLOCK.findall(text):
        if kind == "console":
            found += _commands(block)
        elif name:
            found.append(File(name, block))
    return found


def blocks(text: str, kind: str) -> list[str]:
    """Return the blocks of a kind that no file's name follows."""
    return [block for found, name, block in _BLOCK.findall(text) if found == kind and not name]


def _commands(block: str) -> list[Command]:
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    assert not parts[0], f"A console block begins with a command: {block}"
    found = []
    for part in parts[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", part)
        assert command is not None
        found.append(Command(command[0].rstrip("\n"), part[command.end() :].rstrip("\n")))
    return found
