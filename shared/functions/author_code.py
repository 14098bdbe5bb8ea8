"""Calling what an author has written, and the time that it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from shared.errors import FunctionExited

_Value = TypeVar("_Value")


def call_author(action: Callable[[], _Value]) -> _Value:
    """Return what the action returns, or raise what it raises.

    Raises FunctionExited in place of what would end a thread or a process, such as SystemExit.
    """
    try:
        return action()
    except Exception:
        raise
    except BaseException as error:
        raise FunctionExited(error) from error


class Stopwatch:
    """The time spent in an author's function itself, without checking and sending its result."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def call(self, action: Callable[[], _Value]) -> _Value:
        """Return what the action returns, or raise what `call_author` raises."""
        began = time.perf_counter()
        try:
            return action()
        except Exception:
            raise
        except BaseException as error:
            raise FunctionExited(error) from error
        finally:
            self.seconds += time.perf_counter() - began

    def each(self, pieces: Iterable[_Value]) -> Iterator[_Value]:
        """Yield the pieces."""
        following = self.call(lambda: iter(pieces)).__next__
        while True:
            try:
                piece = self.call(following)
            except StopIteration:
                return
            yield piece
