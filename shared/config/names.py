"""The check of environment variables that begin with RECKONER_: unknown names are mistakes."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

PREFIX = "RECKONER_"

#: What RECKONER_ENV may be; the first is the default.
ENVIRONMENTS = ("development", "production")

#: Names that are not settings but may be in a process's environment.
_NOT_SETTINGS = frozenset(
    PREFIX + name
    for name in (
        "ENV",
        "CRASH_POINT",
        # Of compose/compose.yaml, which passes all of compose/.env to every process.
        "GATEWAY_MEMORY",
        "GATEWAY_REPLICAS",
        "HEAVY_MEMORY",
        "HEAVY_REPLICAS",
        "IMAGE",
        "PORT",
        "POSTGRES_MEMORY",
        "PROMETHEUS_PORT",
        "QUICK_MEMORY",
        "QUICK_REPLICAS",
        "RABBITMQ_UI_PORT",
        "RELAY_REPLICAS",
        "SETTINGS",
        "STREAMS_PER_ADDRESS",
        "VERSION",
        # Of the command `reckoner`.
        "KEY",
        "KEY_FILE",
        "URL",
        # Of NGINX's templates.
        "ACCESS_LOG",
        "CACHE",
        "GATEWAY",
        "LISTEN",
        # Of `make up`: `make worker` may run with the same environment.
        "LOCAL_AMQP_PORT",
        "LOCAL_DISTRIBUTION_PORT",
        "LOCAL_EPMD_PORT",
        "LOCAL_GATEWAY_PORT",
        "LOCAL_HEAVY",
        "LOCAL_HOST",
        "LOCAL_LOGS",
        "LOCAL_MANAGEMENT_PORT",
        "LOCAL_PORT",
        "LOCAL_POSTGRES_PORT",
        "LOCAL_QUICK",
    )
)

#: Variables that Kubernetes adds for services named reckoner or reckoner-… (kubernetes.io/docs,
#: "Accessing the Service").
_OF_KUBERNETES = re.compile(r"RECKONER_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP)\w*)")
_URL_OF_KUBERNETES = re.compile(r"(tcp|udp)://")


def environment_faults(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence if there are no defaults of the name that is chosen."""
    name = environment.get(f"{PREFIX}ENV", ENVIRONMENTS[0])
    if name not in ENVIRONMENTS:
        yield f"{PREFIX}ENV must be one of {', '.join(ENVIRONMENTS)}; it is {name!r:.40}."


def unknown_names(environment: Mapping[str, str], settings: Iterable[str]) -> list[str]:
    """Return a sentence for each unknown variable, with the most similar known name."""
    known = set(_NOT_SETTINGS)
    for setting in settings:
        known |= {PREFIX + setting.upper(), f"{PREFIX}{setting.upper()}_FILE"}
    return [
        f"{name} is not a setting. {_suggestion(name, known)}"
        for name, value in sorted(environment.items())
        if name.upper().startswith(PREFIX) and name not in known and not _is_added(name, value)
    ]


def _suggestion(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name.upper(), sorted(known), n=1)
    return (
        f"Did you mean {nearest[0]}?"
        if nearest
        else "Remove it; docs/reference/settings.md lists all."
    )


def _is_added(name: str, value: str) -> bool:
    """Say whether Kubernetes has added the variable."""
    return bool(_OF_KUBERNETES.fullmatch(name)) or (
        name.endswith("_PORT") and bool(_URL_OF_KUBERNETES.match(value))
    )
