"""The configuration and environment with which RabbitMQ's scripts manage our own node."""

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from compose.rabbitmq.definitions import USER
from compose.services.programs import find_program, service_environment

HOST = "127.0.0.1"

_PACKAGE = "rabbitmq-server"
_SCRIPT_FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")

# The users are made at each start, so that existing data gets them too.
_CONFIGURATION = """\
listeners.tcp.1 = {host}:{port}
management.tcp.ip = {host}
management.tcp.port = {management_port}
load_definitions = {definitions}
log.console = true
log.console.level = warning
log.console.use_colors = off
log.file = false
"""


@dataclass(frozen=True)
class Node:
    """A node that lives in `folder`."""

    folder: Path
    port: int
    management_port: int
    epmd_port: int
    distribution_port: int

    @property
    def name(self) -> str:
        """The Erlang node's name, which differs for each folder."""
        return f"{USER}-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}@localhost"

    def write_configuration(self, definitions: str) -> None:
        """Write the files named in `environment`, and the definitions of users."""
        for folder in ("home", "data"):
            (self.folder / folder).mkdir(exist_ok=True)
        users = self.folder / "definitions.json"
        users.touch(mode=0o600)
        users.write_text(definitions)
        settings = self.folder / "rabbitmq.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            _CONFIGURATION.format(
                host=HOST,
                port=self.port,
                management_port=self.management_port,
                definitions=users,
            )
        )
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        # Replaces /etc/rabbitmq/rabbitmq-env.conf, which is for the machine's own node.
        (self.folder / "rabbitmq-env.conf").write_text("")

    def environment(self) -> dict[str, str]:
        """Return the environment for the scripts (rabbitmq.com/docs/configure)."""
        return {
            **service_environment(),
            "HOME": str(self.folder / "home"),  # where Erlang keeps the node's secret cookie
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    def call(self, function: str, timeout: float) -> str:
        """Call a function, "MODULE FUNCTION ARGUMENTS", in the running node; return its result.

        Within milliseconds, while rabbitmqctl starts an Erlang of its own.
        """
        return subprocess.run(
            # It takes the secret cookie from the file in HOME.
            [epmd_program().with_name("erl_call"), "-n", self.name, "-a", function],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=timeout,
            start_new_session=True,  # a Ctrl-C meant for this process must not end it
        ).stdout


def script(name: str) -> Path:
    """Return one of RabbitMQ's scripts.

    Not those on the PATH, which require the system user rabbitmq and its folders.
    """
    return find_program(name, _PACKAGE, [f"{folder}/{name}" for folder in _SCRIPT_FOLDERS])


def epmd_program() -> Path:
    """Return Erlang's name server, through which the node and its tools find each other."""
    return find_program("epmd", _PACKAGE, ["/usr/lib/erlang/erts-*/bin/epmd"])
