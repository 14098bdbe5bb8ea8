"""How many calculations of a batch are finished, on standard error if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reckoner.cli.output.progress import console_on_stderr


@contextmanager
def counting() -> Iterator[Callable[[], None]]:
    """Give what is called for each that is finished. How many there will be is not known."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich import progress

    columns = (progress.TextColumn("{task.completed:,} finished"), progress.TimeElapsedColumn())
    with progress.Progress(*columns, console=console_on_stderr(), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda: bar.advance(task)
