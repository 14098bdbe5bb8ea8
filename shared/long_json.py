"""Long lists as JSON, written so that other threads have their turn meanwhile.

Python's encoder is one call of C, in which a thread keeps the interpreter's lock: ten thousand rows
in one go stop an event loop in another thread for 20 ms and more.
"""

import json
from collections.abc import Sequence
from typing import Any

_MOST_AT_ONCE = 100


def encode_list(items: Sequence[Any]) -> str:
    """Return the list as JSON, as `json.dumps` would write it."""
    pieces = (
        json.dumps(items[start : start + _MOST_AT_ONCE])[1:-1]
        for start in range(0, len(items), _MOST_AT_ONCE)
    )
    return f"[{', '.join(pieces)}]"
