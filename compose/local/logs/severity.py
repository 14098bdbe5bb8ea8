"""How bad a line of the log is, by the line itself."""

import re

# As Reckoner's processes write it: text (a time, then the level) or JSON; shared/logs.
_OURS = re.compile(
    r'^\d\d:\d\d:\d\d\.\d{3} (WARNING|ERROR|CRITICAL) |"level": "(WARNING|ERROR|CRITICAL)"'
)

_NEIGHBOURS = frozenset({"postgres", "rabbitmq", "nginx"})


def severity(name: str, line: str) -> str | None:
    """Return WARNING, ERROR or CRITICAL for such a line of one of Reckoner's own processes.

    What PostgreSQL, RabbitMQ and NGINX call a warning needs no action, or is noticed by those who
    use them.
    """
    found = None if name in _NEIGHBOURS else _OURS.search(line)
    return None if found is None else found[1] or found[2]
