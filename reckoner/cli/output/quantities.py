"""Times and sizes as people read them."""

from datetime import UTC, datetime

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def about_text(seconds: float) -> str:
    """Return a duration that is a judgement."""
    text = seconds_text(seconds)
    return text if text.startswith("less than") else f"about {text}"


def seconds_text(seconds: float) -> str:
    """Return a duration, as exact as anybody needs it."""
    if seconds < 0.0005:
        return "less than 1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(seconds / 86_400):,} days"


def bytes_text(count: float) -> str:
    """Return a size in the largest unit of which it is at least one."""
    if count < 1024:
        return f"{count:.0f} bytes"
    power = 1
    while count >= 1024 ** (power + 1) and power < len(_UNITS):
        power += 1
    return f"{count / 1024**power:,.1f} {_UNITS[power - 1]}"


def moment_text(text: str) -> str:
    """Return a time of a document to the second, in UTC."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
