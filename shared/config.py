"""Settings: read once by dynaconf, checked, and handed down frozen."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import quote, urlsplit

from dynaconf import Dynaconf
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from shared.errors import SettingsInvalid
from shared.servers import Servers

_DEFAULTS = Path(__file__).with_name("settings.toml")
_PREFIX = "RECKONER"
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _setting(doc: str, at_least: float | None = None) -> Any:
    return field(metadata={"doc": doc, "at_least": at_least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of all processes; a process uses those that concern it."""

    database_url: str = _setting("PostgreSQL, as `postgresql+psycopg2://user@host:port/name`")
    database_password: str | None = _setting("password for `database_url`, if it has none")
    broker_url: str = _setting("RabbitMQ, as `amqp://user@host:port/vhost`; `;` between nodes")
    broker_password: str | None = _setting("password for `broker_url`, if it has none")
    gateway_bind: str = _setting("where the gateway listens, `host:port`")
    gateway_processes: int = _setting("gateway processes", 1)
    gateway_database_connections: int = _setting(
        "statements in threads at once per gateway process; half as many transactions, and half "
        "as many queries of the event loop",
        1,
    )
    inline_seconds: float = _setting("estimates up to this are computed in the request", 0)
    quick_seconds: float = _setting("estimates up to this go to the quick lane", 0)
    memory_limit_bytes: int = _setting("memory of one heavy calculation", 64 * 2**20)
    time_limit_seconds: float = _setting("time of one attempt at a heavy calculation", 1)
    max_attempts: int = _setting("claims before a calculation that kills its worker fails", 1)
    lease_seconds: float = _setting("how long a claim lasts without a heartbeat", 1)
    heartbeat_seconds: float = _setting("how often claims are renewed and cancels noticed", 0.05)
    quick_threads: int = _setting("threads of one quick worker", 1)
    quick_prefetch: int = _setting("messages a quick worker holds unacknowledged", 1)
    heavy_slots: int = _setting("calculations that one heavy worker runs at once", 1)
    relay_batch: int = _setting("calculations the relay publishes per transaction", 1)
    relay_poll_seconds: float = _setting("how often the relay looks when nobody rings", 0.01)
    rescue_seconds: float = _setting("how often the relay looks for lost work", 0.05)
    lost_message_seconds: float = _setting(
        "age at which a message missing from an idle queue is published again", 0.1
    )
    log_level: str = _setting("`DEBUG`, `INFO`, `WARNING` or `ERROR`")

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's address with its password filled in."""
        url = make_url(self.database_url)
        if self.database_password is None or url.password is not None:
            return url
        return url.set(password=self.database_password)

    @property
    def amqp_urls(self) -> list[str]:
        """The broker's addresses, one per node, with the password filled in."""
        return [_with_password(url, self.broker_password) for url in self.broker_url.split(";")]


def load_settings(overrides: Mapping[str, object] | None = None) -> Settings:
    """Read the defaults, the environment's section, RECKONER_* variables and secret files.

    `overrides` win over everything; tests use them.
    Raises SettingsInvalid, which names every fault at once.
    """
    source = Dynaconf(
        settings_files=[str(_DEFAULTS)],
        environments=True,
        env_switcher=f"{_PREFIX}_ENV",
        envvar_prefix=_PREFIX,
        load_dotenv=False,
    )
    faults: list[str] = []
    values: dict[str, Any] = {}
    types = get_type_hints(Settings)
    for setting in fields(Settings):
        raw = (overrides or {}).get(setting.name)
        if raw is None:
            raw = _from_file(setting.name, faults)
        if raw is None and types[setting.name] not in (int, float):
            # As it is: dynaconf would take a password of digits for a number.
            raw = os.environ.get(f"{_PREFIX}_{setting.name.upper()}")
        if raw is None:
            raw = source.get(setting.name)
        values[setting.name] = _checked(
            setting.name, raw, types[setting.name], setting.metadata["at_least"], faults
        )
    if not faults:
        faults.extend(_contradictions(values))
    if faults:
        raise SettingsInvalid(faults)
    return Settings(**values)


def _from_file(name: str, faults: list[str]) -> str | None:
    path = os.environ.get(f"{_PREFIX}_{name.upper()}_FILE")
    if path is None:
        return None
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        faults.append(f"{_PREFIX}_{name.upper()}_FILE: {path} cannot be read ({error.strerror}).")
        return None


def _checked(name: str, raw: Any, kind: Any, at_least: float | None, faults: list[str]) -> Any:
    """Return the value as its field's type; note a fault where that is impossible."""
    variable = f"{_PREFIX}_{name.upper()}"
    if raw is None:
        if kind == str | None:
            return None
        faults.append(f"{variable} is not set. Give it, or {variable}_FILE.")
        return None
    if kind not in (int, float):
        return str(raw)
    try:
        value = kind(str(raw))
    except ValueError:
        faults.append(f"{variable} must be a number; it is {raw!r}.")
        return None
    if at_least is not None and not value >= at_least:
        faults.append(f"{variable} must be at least {at_least:g}; it is {value:g}.")
    return value


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    faults = []
    try:
        url = make_url(values["database_url"])
    except ArgumentError:
        faults.append("RECKONER_DATABASE_URL is not a database URL.")
    else:
        if url.drivername != "postgresql+psycopg2":
            faults.append(
                "RECKONER_DATABASE_URL must begin with postgresql+psycopg2://; "
                f"it begins with {url.drivername}://."
            )
        else:
            try:
                Servers(url)
            except ArgumentError as error:
                faults.append(f"RECKONER_DATABASE_URL cannot be used: {error}. Correct it.")
    if any(not url.startswith(("amqp://", "amqps://")) for url in values["broker_url"].split(";")):
        faults.append("RECKONER_BROKER_URL must begin with amqp:// or amqps://.")
    if values["broker_password"] is not None and "@" not in values["broker_url"]:
        faults.append("RECKONER_BROKER_URL must name a user when there is a password.")
    if values["broker_password"] is None and any(
        (parts := urlsplit(url)).username and parts.password is None
        for url in values["broker_url"].split(";")
    ):
        faults.append(
            "RECKONER_BROKER_URL names a user and no password. Give RECKONER_BROKER_PASSWORD, or "
            "write the password into the URL."
        )
    if values["lease_seconds"] < 3 * values["heartbeat_seconds"]:
        faults.append("RECKONER_LEASE_SECONDS must be at least 3 × RECKONER_HEARTBEAT_SECONDS.")
    if values["inline_seconds"] > values["quick_seconds"]:
        faults.append("RECKONER_INLINE_SECONDS must not exceed RECKONER_QUICK_SECONDS.")
    if values["log_level"] not in _LOG_LEVELS:
        faults.append(f"RECKONER_LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}.")
    return faults


def _with_password(url: str, password: str | None) -> str:
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if password is None or not user or ":" in user:
        return url
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}{at}{host}").geturl()
