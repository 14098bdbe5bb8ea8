"""`make logs`: the log lines of all processes of `make up`, and those that follow while it runs."""

import argparse
import contextlib
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from compose.local.logs.log_file import joined, log_file, older, split
from compose.local.logs.severity import severity
from compose.local.state_folder import STATE, is_locked

_DEFAULT_LINES = 200
_POLL_SECONDS = 0.2

# Of a terminal (ECMA-48): for the names, for a bad line's text, and the end of either.
_COLOURS = (36, 32, 35, 34, 96, 92, 95, 94)
_BAD = {"WARNING": 33, "ERROR": 31, "CRITICAL": 31}


def main() -> int:
    """Print the last lines, then those that come, until Ctrl-C or the end of `make up`."""
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        options = _options()
        path = log_file(STATE)
        if not path.exists():
            print("There are no logs yet. Start Reckoner first: make up", file=sys.stderr)
            return 1
        _name_unknown(options.names, path)
        write = _writer()
        for line in follow(path, options.lines, lambda: is_locked(STATE), options.names):
            write(line)
        print("Reckoner is not running: these are the last lines of its log.", file=sys.stderr)
        return 0
    # Nobody reads any more: no message about it when Python closes standard output.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGINT


def follow(
    path: Path, count: int, is_running: Callable[[], bool], names: Collection[str] = ()
) -> Iterator[str]:
    """Yield the last lines of a log file and of the one before it, then each that is appended.

    Only those of these processes, if there are names. Ends with the last line once nobody appends
    any more.
    """

    def is_wanted(line: str) -> bool:
        return not names or split(line)[0] in names

    file, rest = path.open(errors="replace"), ""
    try:
        yield from deque(filter(is_wanted, _earlier_and(path, file)), maxlen=count)
        while True:
            # Asked before reading, so that nothing is missed of what was written in between.
            was_running, was_current = is_running(), _is_current(path, file.fileno())
            *lines, rest = (rest + file.read()).split("\n")
            yield from filter(is_wanted, lines)
            if not was_current:
                file.close()
                file = path.open(errors="replace")
            elif not was_running:
                return
            elif not lines:
                time.sleep(_POLL_SECONDS)
    finally:
        file.close()


def _name_unknown(names: Collection[str], path: Path) -> None:
    """Say which of these processes have no line, which is a slip of the pen more often than not."""
    if not names:
        return
    with path.open(errors="replace") as file:
        known = {split(line)[0] for line in _earlier_and(path, file)} - {""}
    if unknown := set(names) - known:
        text = (
            f"Nothing is from {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}."
        )
        print(text, file=sys.stderr)


def _earlier_and(path: Path, file: Iterable[str]) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError), older(path).open(errors="replace") as earlier:
        yield from (line.rstrip("\n") for line in earlier)
    yield from (line.rstrip("\n") for line in file)


def _is_current(path: Path, descriptor: int) -> bool:
    """Return whether the path still leads to the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:  # between two files
        return True


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make logs", description=__doc__)
    parser.add_argument(
        "--lines", type=_count, default=_DEFAULT_LINES, help="how many of those that are there"
    )
    parser.add_argument("names", nargs="*", help="only of these processes, such as: relay heavy")
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no number of lines. Give 0 or more.")
    return int(text)


def _writer() -> Callable[[str], None]:
    """Return what prints a line of the log, in colours on a terminal that has some."""
    seen: dict[str, int] = {}
    is_coloured = sys.stdout.isatty() and not (
        os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    )

    def write(line: str) -> None:
        name, text = split(line)
        if is_coloured:
            colour = seen.setdefault(name, _COLOURS[len(seen) % len(_COLOURS)])
            prefix, bad = joined(name, ""), _BAD.get(severity(name, text) or "")
            shown = f"\x1b[{bad}m{text}\x1b[0m" if bad else text
            line = f"\x1b[{colour}m{prefix}\x1b[0m{shown}"
        print(line, flush=True)

    return write


if __name__ == "__main__":
    sys.exit(main())
