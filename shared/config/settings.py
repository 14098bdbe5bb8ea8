"""The settings: read once, checked, and passed on as a frozen dataclass.

`python -m shared.config` checks those of its environment, and says what is wrong with them.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from dynaconf import Dynaconf
from sqlalchemy import URL, make_url

from shared.config.addresses import bind_faults, broker_faults, database_faults, with_password
from shared.config.contradictions import contradictions
from shared.config.hosts import host_faults
from shared.config.names import ENVIRONMENTS, PREFIX, environment_faults, unknown_names
from shared.config.origins import origin_faults
from shared.errors import SettingsInvalid

_DEFAULTS = Path(__file__).with_name("settings.toml")
_DAY_SECONDS = 86_400
_YEAR_SECONDS = 365 * _DAY_SECONDS


def _setting(doc: str, at_least: float | None = None, at_most: float | None = None) -> Any:
    return field(metadata={"doc": doc, "at_least": at_least, "at_most": at_most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of all processes; each process uses those it needs."""

    database_url: str = _setting("PostgreSQL, as `postgresql+psycopg2://user@host:port/name`")
    database_password: str | None = _setting("password for `database_url`, if it contains none")
    broker_url: str = _setting("RabbitMQ, as `amqp://user@host:port/vhost`; `;` between nodes")
    broker_password: str | None = _setting("password for `broker_url`, if it contains none")
    gateway_bind: str = _setting("where the gateway listens, `host:port`")
    gateway_processes: int = _setting("gateway processes", 1, 256)
    gateway_database_connections: int = _setting(
        "PostgreSQL connections of a gateway process for statements in threads; half as many more "
        "for transactions, and half as many for the event loop",
        1,
        500,
    )
    # The bounds are below the times after which a request gives up computing
    # (gateway/submission/inline.py) and a quick worker counts as hung (workers/quick/lane.py).
    inline_seconds: float = _setting(
        "calculations estimated at up to this are computed in the request", 0, 1
    )
    quick_seconds: float = _setting(
        "calculations estimated at up to this go to the quick lane", 0, 10
    )
    memory_limit_bytes: int = _setting("memory of one heavy calculation", 64 * 2**20, 2**50)
    time_limit_seconds: float = _setting(
        "time of one attempt at a heavy calculation", 1, _YEAR_SECONDS
    )
    max_result_bytes: int = _setting("bytes of one result", 2**20, 2**50)
    max_attempts: int = _setting(
        "attempts before a calculation that kills its process or worker fails", 1, 100
    )
    lease_seconds: float = _setting("how long a claim lasts without a heartbeat", 1, 3_600)
    heartbeat_seconds: float = _setting(
        "how often claims are renewed and cancels noticed", 0.05, 600
    )
    quick_threads: int = _setting("threads of one quick worker", 1, 256)
    quick_prefetch: int = _setting("unacknowledged messages that one quick worker holds", 1, 65_535)
    heavy_slots: int = _setting("calculations that one heavy worker runs at once", 1, 256)
    relay_batch: int = _setting("calculations the relay publishes per transaction", 1, 10_000)
    relay_poll_seconds: float = _setting(
        "how often the relay checks for calculations whose wake-up was lost", 0.01, 3_600
    )
    rescue_seconds: float = _setting(
        "how often the relay checks for lost leases and messages", 0.05, 3_600
    )
    lost_message_seconds: float = _setting(
        "age at which a message missing from an idle queue is published again", 0.1, _DAY_SECONDS
    )
    function_grace_seconds: float = _setting(
        "how long a calculation waits while no worker has its function, before it fails",
        1,
        _YEAR_SECONDS,
    )
    strict_functions: bool = _setting(
        "`true`: refuse to start if an installed function cannot be used; otherwise start without "
        "it"
    )
    keys: str = _setting(
        "`on`: a request needs an API key; `off`: whoever reaches the service may do everything"
    )
    allowed_hosts: str = _setting(
        "host names, with commas between them, by which clients address the service, to be given "
        "in production; "
        "`.example.org` allows all below it"
    )
    address: str = _setting(
        "the address on which NGINX can be reached, only to check it: without keys it must be this "
        "machine's own"
    )
    cors_origins: str | None = _setting(
        "origins, with commas between them, whose pages may use the service; none by default"
    )
    session_seconds: float = _setting("how long a browser's session lasts", 60, 30 * _DAY_SECONDS)
    max_queued_seconds: float = _setting(
        "estimated seconds of all calculations that may be unfinished; 0: no limit", 0, 1e12
    )
    max_queued_bytes: int = _setting(
        "estimated bytes of their results: less than PostgreSQL's disk has free; 0: no limit",
        0,
        2**60,
    )
    key_max_queued_seconds: float = _setting(
        "the same for each key that has no limit of its own; 0: no limit", 0, 1e12
    )
    key_max_queued_bytes: int = _setting(
        "the same for each key that has no limit of its own; 0: no limit", 0, 2**60
    )
    retention_seconds: float = _setting(
        "results of calculations that finished longer ago are removed; 0: never",
        0,
        1_000 * _YEAR_SECONDS,
    )
    retention_bytes: int = _setting(
        "bytes of results to keep; beyond them, those that finished first are removed; 0: all",
        0,
        2**60,
    )
    retention_forget: bool = _setting(
        "`true`: documents are removed together with their results; otherwise they stay"
    )
    log_level: str = _setting("`DEBUG`, `INFO`, `WARNING` or `ERROR`")
    log_format: str = _setting(
        "`json`, `text`, or `auto`: text on a terminal, otherwise JSON, one object in each line"
    )

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's address with its password filled in."""
        url = make_url(self.database_url)
        if self.database_password is None or url.password is not None:
            return url
        return url.set(password=self.database_password)

    @property
    def are_keys_on(self) -> bool:
        """Whether a request needs a key."""
        return self.keys == "on"

    @property
    def amqp_urls(self) -> list[str]:
        """The broker's addresses, one per node, with the password filled in."""
        return [with_password(url, self.broker_password) for url in self.broker_url.split(";")]


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the defaults, the environment's section, RECKONER_* variables and secret files.

    `overrides` take precedence over everything; tests use them.
    Raises SettingsInvalid, which lists all faults at once.
    """
    given = dict(overrides or {})
    environment = dict(os.environ)
    source = Dynaconf(
        settings_files=[str(_DEFAULTS)],
        environments=True,
        env_switcher=f"{PREFIX}ENV",
        # Not dynaconf's own loader of variables, which reads a password of digits as a number and
        # a value that begins with @ as a command.
        loaders=[],
        load_dotenv=False,
    )
    types = get_type_hints(Settings)
    faults = [
        *environment_faults(environment),
        *unknown_names(environment, (setting.name for setting in fields(Settings))),
    ]
    if environment.get(f"{PREFIX}ENV") not in (*ENVIRONMENTS, None):
        source.setenv(ENVIRONMENTS[0])  # so that this is the only fault of it
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        raw = given.pop(setting.name, None)
        if raw is None:
            raw = _from_environment(setting.name, environment, faults)
        if raw is None:
            raw = source.get(setting.name)
        values[setting.name] = _checked(
            setting.name, raw, types[setting.name], setting.metadata, faults
        )
    if given:
        raise TypeError(f"no such settings: {sorted(given)}")
    faults.extend(_address_faults(values))
    faults.extend(contradictions(values))
    if faults:
        raise SettingsInvalid(faults)
    return Settings(**values)


def _from_environment(name: str, environment: Mapping[str, str], faults: list[str]) -> str | None:
    """Return the value of the variable, or of the file that its _FILE variant names."""
    variable = PREFIX + name.upper()
    path = environment.get(f"{variable}_FILE")
    if path is None:
        return environment.get(variable)
    if variable in environment:
        faults.append(f"{variable} and {variable}_FILE are both set. Remove one of them.")
        return None
    try:
        text = Path(path).read_text().strip()
    except OSError as error:
        faults.append(f"{variable}_FILE: {path} cannot be read ({error.strerror}). Check it.")
    except ValueError:
        faults.append(f"{variable}_FILE: {path} is not UTF-8 text. Check it.")
    else:
        if text:
            return text
        faults.append(f"{variable}_FILE: {path} is empty. Write the value into it.")
    return None


def _checked(name: str, raw: Any, kind: Any, metadata: Mapping[str, Any], faults: list[str]) -> Any:
    """Return the value as its field's type, or None after adding to the faults."""
    variable = PREFIX + name.upper()
    if raw is None:
        if kind != str | None and not any(variable in fault for fault in faults):
            faults.append(f"{variable} is not set. Set it, or {variable}_FILE.")
        return None
    if kind is bool:
        return _checked_bool(variable, str(raw), faults)
    if kind not in (int, float):
        return str(raw)
    try:
        value = kind(str(raw))
    except ValueError:
        number = "a whole number" if kind is int else "a number"
        faults.append(f"{variable} must be {number}; it is {raw!r:.40}.")
        return None
    low, high = metadata["at_least"], metadata["at_most"]
    if not low <= value <= high:  # true for nan as well
        faults.append(f"{variable} must be from {low:.15g} to {high:.15g}; it is {raw!s:.40}.")
        return None
    return value


def _checked_bool(variable: str, text: str, faults: list[str]) -> bool | None:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    faults.append(f"{variable} must be true or false; it is {text!r:.40}.")
    return None


def _address_faults(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the addresses that are set."""
    password = values["broker_password"]
    checks: dict[str, Callable[[str], Iterator[str]]] = {
        "database_url": database_faults,
        "broker_url": lambda text: broker_faults(text, password),
        "gateway_bind": bind_faults,
        "allowed_hosts": host_faults,
        "cors_origins": origin_faults,
    }
    for name, check in checks.items():
        if values[name] is not None:
            yield from (f"{PREFIX}{name.upper()} {fault}" for fault in check(values[name]))
