"""A function as many have it: about a millisecond of work, and a kilobyte of JSON.

Reckoner's processes get it by two entry points, once for each lane; Celery runs the very same.
"""

import hashlib
from typing import Annotated

from reckoner import Ge, function

_MEMBERS = 14
_ROUNDS = 400


def digests(k: int) -> dict[str, str]:
    """Hash on and on; return 1,036 characters as JSON. `k` makes calculations distinct."""
    digest, found = str(k).encode(), {"k": str(k)}
    for number in range(_MEMBERS):
        digest = hashlib.pbkdf2_hmac("sha256", digest, b"benchmark", _ROUNDS)
        found[f"{number:02}"] = digest.hex()
    return found


@function(lane="quick")
def quick_millisecond(k: Annotated[int, Ge(0)]) -> dict[str, str]:
    """A millisecond of hashes, within the quick worker."""
    return digests(k)


@function
def millisecond(k: Annotated[int, Ge(0)]) -> dict[str, str]:
    """A millisecond of hashes, with no options: in a process of its own."""
    return digests(k)
