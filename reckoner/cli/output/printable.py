"""Text of others, as it may be shown on a terminal."""

import re

_UNSAFE = re.compile(r"[^\t\n -~\u00a0-\ud7ff\ue000-\U0010ffff]")


def printable(text: str) -> str:
    """Return the text with escapes in place of control characters, which could write elsewhere."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str, longest: int) -> str:
    """Return the text on one line, cut where it is longer."""
    text = printable(text).replace("\n", "\\n").replace("\t", "\\t")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
