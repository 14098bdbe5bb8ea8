"""How a function reports how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Call it with the fraction done, in [0, 1], which never decreases.

    A function that reports its progress has a parameter with this annotation; clients never see it.
    """

    def __call__(self, fraction: float, /) -> object:
        """Report the fraction done."""


def ignore_progress(_fraction: float, /) -> None:
    """Do nothing: nobody watches."""
