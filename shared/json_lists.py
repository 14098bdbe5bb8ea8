"""Long lists as JSON, encoded in slices so that other threads can run in between.

Python's encoder is one call of C, which holds the interpreter's lock. For a long list that would
stop an event loop in another thread (docs/decisions.md, HTTP).
"""

import json
from collections.abc import Sequence
from typing import Any

_SLICE_ITEMS = 100


def encode_list(items: Sequence[Any]) -> str:
    """Return the list as JSON, as `json.dumps` would write it."""
    pieces = (
        json.dumps(items[start : start + _SLICE_ITEMS])[1:-1]
        for start in range(0, len(items), _SLICE_ITEMS)
    )
    return f"[{', '.join(pieces)}]"
