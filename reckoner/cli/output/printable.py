"""Text of others, as it may be shown on a terminal."""

from unicodedata import category

_KEPT = frozenset("\n\t")


def printable(text: str) -> str:
    """Return the text with escapes in place of what could move the cursor or turn text around."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _KEPT or category(character) == "Zs":
        return character
    return ascii(character)[1:-1]


def one_line(text: str, longest: int) -> str:
    """Return the text on one line, cut where it is longer."""
    text = printable(text).replace("\n", "\\n").replace("\t", "\\t")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
