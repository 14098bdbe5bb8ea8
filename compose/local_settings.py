"""What a user may set for `make up`: environment variables that begin with RECKONER_LOCAL_."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from compose.services.errors import PortTaken, ServiceError
from compose.services.ports import holder_of, refusal

PREFIX = "RECKONER_LOCAL_"

# The field that holds each port, and what listens there. All but the first only on 127.0.0.1.
_PORTS = {
    "port": "NGINX",
    "gateway_port": "the gateway",
    "postgres_port": "PostgreSQL",
    "amqp_port": "RabbitMQ",
    "management_port": "RabbitMQ's management UI",
    "distribution_port": "RabbitMQ's command-line tools",
    "epmd_port": "Erlang's name server (epmd)",
}


@dataclass(frozen=True)
class LocalSettings:
    """Ports, the address NGINX listens on, and the number of worker processes."""

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

    @property
    def gateway(self) -> str:
        """The address the gateway listens on."""
        return f"127.0.0.1:{self.gateway_port}"

    @property
    def url(self) -> str:
        """The URL to give to a user of this machine."""
        everywhere = self.host in ("127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{'localhost' if everywhere else host}:{self.port}"


def read_settings(environment: Mapping[str, str]) -> LocalSettings:
    """Return the settings; `ServiceError` names a variable that is unknown or not a number."""
    fields = {PREFIX + field.name.upper(): field for field in dataclasses.fields(LocalSettings)}
    values: dict[str, str | int] = {}
    for name in sorted(name for name in environment if name.startswith(PREFIX)):
        if name not in fields:
            raise ServiceError(f"There is no setting {name}.", f"There are: {', '.join(fields)}.")
        field, text = fields[name], environment[name].strip()
        values[field.name] = text if field.type is str else _number(name, text, field.name)
    return LocalSettings(**values)  # type: ignore[arg-type] # each is of its field's type


def check_ports(settings: LocalSettings) -> None:
    """Raise `PortTaken`, with the holder where it can be seen, unless all ports can be had."""
    used: dict[int, str] = {}
    for field, purpose in _PORTS.items():
        port = getattr(settings, field)
        variable = PREFIX + field.upper()
        other = port + 100 if port >= 1024 else port + 8000
        remedy = f"Choose another, for example: {variable}={other} make up"
        if port in used:
            raise PortTaken(f"Port {port} is set for both {used[port]} and {purpose}.", remedy)
        used[port] = purpose
        reason = refusal(port, settings.host if field == "port" else "127.0.0.1")
        if reason is not None:
            holder = holder_of(port)
            by = f" ({holder})" if holder else ""
            raise PortTaken(f"Port {port}, for {purpose}, cannot be had: {reason}{by}.", remedy)


def _number(name: str, text: str, field: str) -> int:
    lowest, highest = (1, 65_535) if field in _PORTS else (0, 64)
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise ServiceError(
            f"{name} is {text!r}.", f"It has to be a number from {lowest} to {highest}."
        )
    return int(text)
