"""How far a calculation is, on standard error while it is awaited, if that is a terminal.

The bar shows what the service says and nothing else: while there is no progress to show, it only
moves to and fro. What is left is the service's or the client's judgement, and is called "about".
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reckoner.cli.output.quantities import about_text
from reckoner.cli.output.terminal import columns, has_colours

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from reckoner.client import Progress

    OnProgress = Callable[[Progress], None]

#: Columns of a terminal: of the bar, and of the words beside it.
_NARROWEST_BAR, _WIDEST_BAR, _BESIDE = 4, 30, 42
_WITH_CLOCK = 60


@contextmanager
def progress_shown() -> Iterator["OnProgress | None"]:
    """Give what the client calls on progress, or None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress

    parts: list[progress.ProgressColumn] = [
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=max(_NARROWEST_BAR, min(_WIDEST_BAR, columns() - _BESIDE))),
        progress.TextColumn("{task.fields[words]}", markup=False),
    ]
    if columns() >= _WITH_CLOCK:
        parts.append(progress.TimeElapsedColumn())
    bar = progress.Progress(*parts, console=console_on_stderr(), transient=True)
    with bar:
        task = bar.add_task("submitted", total=None, words="")

        def show(news: "Progress") -> None:
            total = 1.0 if news.fraction > 0 else None
            bar.update(
                task,
                description=news.calculation.status,
                total=total,
                completed=news.fraction,
                words=describe(news.fraction, news.seconds_left),
            )

        yield show


def describe(fraction: float, seconds_left: float | None) -> str:
    """Return how far it is, and how long it may still take."""
    parts = [f"{fraction:.0%}"] if fraction > 0 else []
    if seconds_left is not None and fraction < 1:
        parts.append(f"{about_text(seconds_left)} left")
    return ", ".join(parts)


def console_on_stderr() -> "Console":
    """Return rich's console for standard error; with NO_COLOR it has no colours."""
    from rich.console import Console

    return Console(stderr=True, no_color=not has_colours(sys.stderr), highlight=False)
