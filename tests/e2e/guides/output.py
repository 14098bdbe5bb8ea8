"""Whether a command prints what a page shows."""

import re

#: What differs from one run to the next.
_MEASURED = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC|\+00:00)?", "TIME"),
    (r"\b\d+(\.\d+)? ?(ms|s|KiB|MiB|GiB|KB|MB|GB)\b", "MEASURED"),
    (r"^service .*\n", ""),  # a reader's service does not have the function yet
    (r"^seconds .*", "seconds"),
    (r"^memory .*", "memory"),
    (r"(of image/png, )SHA-256 \w+", r"\1SHA-256"),  # zlib's versions compress differently
    (r"\S+/[\w-]+\.png", "PICTURE"),
    (r"passed in .*", "passed"),
)


def without_measurements(text: str) -> list[str]:
    """Return the lines of an output without times, sizes in memory and the like."""
    for pattern, word in _MEASURED:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def is_as_shown(printed: str, shown: str) -> bool:
    """Compare outputs. In the page `…` stands for any text, alone on its line for any lines.

    A page that shows nothing only wants the command to succeed.
    """
    if not shown:
        return True
    lines = [_pattern(line) for line in without_measurements(shown)]
    return (
        re.fullmatch("".join(lines), "".join(f"{x}\n" for x in without_measurements(printed)))
        is not None
    )


def _pattern(line: str) -> str:
    if line == "…":
        return r"(?:.*\n)*?"
    return "[^\n]*".join(re.escape(part) for part in line.split("…")) + "\n"
