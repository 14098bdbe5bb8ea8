"""A timer that an event loop can watch like a socket, right to some ten microseconds.

uvloop's own timers go by whole milliseconds, which is more than some of the latencies to measure,
and waiting busily would take a core from the server that is measured.
"""

import ctypes
import os
import time

_NONBLOCK = 0o4000
_ABSOLUTE = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """A timer of the kernel (timerfd_create(2)) on the clock of time.monotonic()."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._setting = _Setting()
        self._pointer = ctypes.byref(self._setting)
        self.descriptor: int = self._libc.timerfd_create(time.CLOCK_MONOTONIC, _NONBLOCK)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")

    def set(self, moment: float) -> None:
        """Make the descriptor readable from that moment on, and not before."""
        seconds = int(moment)
        self._setting.value.seconds = seconds
        # Never 0.0, which would turn it off.
        self._setting.value.nanoseconds = int((moment - seconds) * 1e9) | 1
        self._libc.timerfd_settime(self.descriptor, _ABSOLUTE, self._pointer, None)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)
