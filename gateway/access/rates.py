"""How many requests a key may send: the generic cell rate algorithm (GCRA, ITU-T I.371).

All that it keeps of a key is one number, the theoretical arrival time: when the next request would
come if all came at exactly the allowed rate. It is in memory that the processes of a host share.
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Callable

#: Keys whose numbers differ by a multiple of this share their rate, which nobody notices.
_SLOTS = 65_536

_TIME = struct.Struct("d")


class Rates:
    """The arrival times of all keys. Made before the processes fork that share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a clock that is the same in all processes, as Linux's monotonic one is."""
        self._clock = clock
        # Without a name and pages of zeros, which take no memory until they are written.
        self._file = os.memfd_create("reckoner-rates")
        os.ftruncate(self._file, _SLOTS * _TIME.size)
        self._times = mmap.mmap(self._file, _SLOTS * _TIME.size)

    def take(self, number: int, rate_per_second: float) -> float:
        """Count a request of this key; return 0, or after how many seconds to retry.

        A request that must be repeated is not counted. After a pause, one second's worth of
        requests may come at once, and one at least.
        """
        slot = number % _SLOTS
        interval = 1 / rate_per_second
        ahead = max(0.0, 1.0 - interval)
        offset = slot * _TIME.size
        # The lock of one byte: processes that count for other keys do not wait, and the kernel
        # releases what a process held that was killed.
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, slot)
        try:
            now = self._clock()
            kept = _TIME.unpack_from(self._times, offset)[0]
            # This key alone leaves no later time: a slower one has used the slot.
            due = min(kept, now + ahead + interval)
            wait = due - ahead - now
            if wait > 0:
                if due < kept:  # else this key would be refused until the slower one's time
                    _TIME.pack_into(self._times, offset, due)
                return float(wait)
            _TIME.pack_into(self._times, offset, max(due, now) + interval)
            return 0.0
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)

    def close(self) -> None:
        """Free the memory, once no other process uses it."""
        self._times.close()
        os.close(self._file)
