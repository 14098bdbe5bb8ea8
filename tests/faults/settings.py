"""The settings of the stack under test: a service's, but quick to find out that something died."""

LEASE_SECONDS = 5.0
RESCUE_SECONDS = 1.0
LOST_MESSAGE_SECONDS = 3.0
POLL_SECONDS = 1.0
MAX_ATTEMPTS = 3
QUICK_MESSAGES = 4

#: Calculations that a quick worker may hold: bundles have up to a hundred.
PREFETCH = 100 * QUICK_MESSAGES

SETTINGS = {
    "lease_seconds": LEASE_SECONDS,
    "heartbeat_seconds": 0.5,
    "rescue_seconds": RESCUE_SECONDS,
    "lost_message_seconds": LOST_MESSAGE_SECONDS,
    "relay_poll_seconds": POLL_SECONDS,
    "max_attempts": MAX_ATTEMPTS,
    "quick_prefetch": QUICK_MESSAGES,
    "memory_limit_bytes": 2**30,
    "time_limit_seconds": 60,
}
