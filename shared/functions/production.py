"""From a function and its arguments to the checked bytes of a result.

Gateway, quick workers and children all compute by `produce`. Whatever an author's code does wrong
ends here as one of a few errors whose text a client can read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.progress import Progress
from reckoner.authoring.results.kinds import ResultKind
from shared.errors import ResultTooLarge
from shared.functions.author_code import Stopwatch
from shared.functions.encoding import encode_piece, encode_whole, is_whole, refuse_stream
from shared.functions.predicates import check_by_predicate
from shared.functions.verification import DigitsCheck

#: Smaller pieces of a stream are gathered, because each has its costs on the way.
GATHERED_BYTES = 65_536

_IMMUTABLE = frozenset((int, float, bool, str, type(None)))


def produce(
    function: Function,
    bound: BoundArguments,
    progress: Progress,
    prime: int,
    watch: Stopwatch,
    *,
    max_bytes: int,
) -> Iterator[bytes]:
    """Call the function and yield the bytes of its result, which is good only when this has ended.

    Digits are compared with a residue modulo `prime` where the author has given one. "recompute" is
    the worker's part.
    Raises ResultInvalid, ResultWrong, FunctionExited, and whatever the function raises.
    """
    given = watch.call(lambda: function.call(bound, progress))
    bound = _as_submitted(function, bound)
    kind = function.kind
    if not function.is_streamed or is_whole(kind, given):
        yield _whole(function, bound, given, prime, max_bytes)
        return
    check = DigitsCheck(function, bound, prime) if kind is ResultKind.DIGITS else None
    length = 0
    for piece in _gathered(_encoded(kind, given, watch)):
        length += len(piece)
        if length > max_bytes:
            raise ResultTooLarge(max_bytes)
        if check is not None:
            check.feed(piece)
        yield piece
    if check is not None:
        check.finish()


def _as_submitted(function: Function, bound: BoundArguments) -> BoundArguments:
    """Return the arguments for a check: the function may have changed those that it got."""
    if function.check is None or _IMMUTABLE.issuperset(map(type, bound.values.values())):
        return bound
    return function.bind_text(bound.text)


def _whole(
    function: Function, bound: BoundArguments, given: Any, prime: int, max_bytes: int
) -> bytes:
    """Return the bytes of what a function has returned, after all their checks."""
    data = encode_whole(function, given)
    if len(data) > max_bytes:
        raise ResultTooLarge(max_bytes)
    if function.kind is ResultKind.DIGITS:
        check = DigitsCheck(function, bound, prime)
        check.feed(data)
        check.finish()
    if function.check_name == "check":
        check_by_predicate(function, bound, given)
    return data


def _encoded(kind: ResultKind, given: Any, watch: Stopwatch) -> Iterator[bytes]:
    """Yield the bytes of each piece. Raises ResultInvalid for what does not come in pieces."""
    if not isinstance(given, Iterable) or isinstance(given, (dict, set, frozenset)):
        raise refuse_stream(kind, given)
    for piece in watch.each(given):
        yield encode_piece(kind, piece)


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes: large pieces as they are, many small ones as one."""
    waiting = bytearray()
    for piece in pieces:
        is_large = len(piece) >= GATHERED_BYTES
        if not is_large:
            waiting += piece
        if waiting and (is_large or len(waiting) >= GATHERED_BYTES):
            yield bytes(waiting)
            waiting.clear()
        if is_large:
            yield piece
    if waiting:
        yield bytes(waiting)
