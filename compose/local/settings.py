"""The settings of `make up`: environment variables that begin with RECKONER_LOCAL_."""

import dataclasses
import difflib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from compose.services.errors import PortTaken, ServiceError
from compose.services.ports import free_port, holder_of, refusal
from shared.config import load_settings
from shared.config.ip_addresses import is_loopback
from shared.errors import SettingsInvalid

PREFIX = "RECKONER_LOCAL_"

# The field of each port, and what listens there. All but the first listen on 127.0.0.1 only.
PORTS = {
    "port": "NGINX",
    "gateway_port": "the gateway",
    "postgres_port": "PostgreSQL",
    "amqp_port": "RabbitMQ",
    "management_port": "RabbitMQ's management UI",
    "distribution_port": "RabbitMQ's command-line tools",
    "epmd_port": "Erlang's name server (epmd)",
}


@dataclass(frozen=True)
class Access:
    """Who may use this Reckoner, and by which names, as its processes are told."""

    are_keys_on: bool
    allowed_hosts: str


@dataclass(frozen=True)
class LocalSettings:
    """Ports, the address NGINX listens on, the number of workers, and whether to show all logs."""

    host: str = "127.0.0.1"
    port: int = 8080
    gateway_port: int = 8081
    postgres_port: int = 5442
    amqp_port: int = 5682
    management_port: int = 15682
    distribution_port: int = 25682
    epmd_port: int = 4379
    quick: int = 1
    heavy: int = 1
    logs: str = "off"

    @property
    def gateway(self) -> str:
        """The address the gateway listens on."""
        return f"127.0.0.1:{self.gateway_port}"

    @property
    def url(self) -> str:
        """The URL for a user of this machine."""
        everywhere = self.host in ("127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{'localhost' if everywhere else host}:{self.port}"


def read_settings(environment: Mapping[str, str]) -> LocalSettings:
    """Return the settings; `ServiceError` names every unknown variable and wrong value."""
    fields = {PREFIX + field.name.upper(): field for field in dataclasses.fields(LocalSettings)}
    values: dict[str, str | int] = {}
    faults = []
    for name in sorted(name for name in environment if name.startswith(PREFIX)):
        text = environment[name].strip()
        if name not in fields:
            nearest = difflib.get_close_matches(name, fields, n=1, cutoff=0)
            faults.append(f"{name} is not a setting. Did you mean {nearest[0]}?")
        elif fields[name].name == "logs" and text not in ("on", "off"):
            faults.append(f"{name} must be on or off; it is {text!r:.40}.")
        elif fields[name].type is str:
            values[fields[name].name] = text
        else:
            field = fields[name].name
            lowest, highest = (1, 65_535) if field in PORTS else (0, 64)
            if re.fullmatch("[0-9]{1,5}", text) and lowest <= int(text) <= highest:
                values[field] = int(text)
            else:
                faults.append(f"{name} must be from {lowest} to {highest}; it is {text!r:.40}.")
    if faults:
        raise ServiceError("\n".join(faults), f"The settings are: {', '.join(fields)}.")
    return LocalSettings(**values)  # type: ignore[arg-type] # each is of its field's type


def check_settings(settings: LocalSettings) -> Access:
    """Raise `ServiceError` if Reckoner's processes would refuse their settings."""
    addresses = {
        "database_url": "postgresql+psycopg2://reckoner:-@127.0.0.1/reckoner",
        "broker_url": "amqp://reckoner:-@127.0.0.1",
        "gateway_bind": "127.0.0.1:8081",
        "address": "127.0.0.1",
    }
    try:
        # `make up` sets the addresses itself, so those in the environment are not checked.
        checked = load_settings(addresses)
    except SettingsInvalid as error:
        raise ServiceError(str(error), "Correct them, and try again.") from error
    if not (checked.are_keys_on or is_loopback(settings.host)):
        raise ServiceError(
            f"{PREFIX}HOST={settings.host!r:.80} opens Reckoner to other machines, and without "
            "keys each of them may do everything.",
            f"Set RECKONER_KEYS=on, or leave {PREFIX}HOST out.",
        )
    return Access(checked.are_keys_on, _names(settings.host, checked.allowed_hosts))


def _names(host: str, allowed_hosts: str) -> str:
    """Return the names by which clients may address it, the address that it listens on included."""
    own = f"[{host}]" if ":" in host else host
    names = allowed_hosts.split(",")
    is_certain = host not in ("0.0.0.0", "::")  # noqa: S104 (of these it has many)
    return allowed_hosts if own in names or not is_certain else f"{allowed_hosts},{own}"


def check_ports(settings: LocalSettings) -> None:
    """Raise `PortTaken` if any port is taken; it names all of them, with their holders if visible.

    Raises `ServiceError` if the address that NGINX listens on is not one of this machine.
    """
    _check_host(settings.host)
    used: dict[int, str] = {}
    faults, others = [], []
    wanted = {getattr(settings, field) for field in PORTS}
    for field, purpose in PORTS.items():
        port = getattr(settings, field)
        host = settings.host if field == "port" else "127.0.0.1"
        if port in used:
            fault = f"Port {port} is set for both {used[port]} and {purpose}."
        elif reason := refusal(port, host):
            holder = holder_of(port)
            by = f" ({holder})" if holder else ""
            fault = f"Port {port}, for {purpose}, is not available: {reason}{by}."
        else:
            used[port] = purpose
            continue
        used[port] = purpose
        other = _free_port_like(port, host, wanted)
        wanted.add(other)
        faults.append(fault)
        others.append(f"{PREFIX}{field.upper()}={other}")
    if faults:
        remedy = f"Choose others, for example: {' '.join(others)} make up"
        raise PortTaken("\n".join(faults), remedy)


def _check_host(host: str) -> None:
    """Raise `ServiceError` for an address on which nothing can listen, whatever the port."""
    # The probe would take an empty one for all addresses; NGINX refuses it.
    reason = refusal(0, host) if host else "it is empty"
    if reason:
        raise ServiceError(
            f"{PREFIX}HOST={host!r:.80} is not an address that NGINX can listen on here: {reason}.",
            "Set it to an address of this machine: 127.0.0.1, or 0.0.0.0 for all.",
        )


def _free_port_like(port: int, host: str, taken: Set[int]) -> int:
    """Return a free port with the same last digits: 8180 for 8080."""
    first = port + 100 if port >= 1024 else port + 8000
    for other in range(first, 65_536, 100):
        if other not in taken and refusal(other, host) is None:
            return other
    return free_port(host)
