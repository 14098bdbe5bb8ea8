"""Reckoner's own processes as `make up` runs them: with which settings, role and log."""

import os
import shlex
import sys
from pathlib import Path

from compose.local.logs.output import Output
from compose.local.settings import PREFIX, Access, LocalSettings
from compose.local.state_folder import PROJECT
from compose.services import Postgres, RabbitMQ
from compose.services.credentials import APP, KEYS
from compose.services.processes import TERMINATE, Process, StopPlan


class OwnProcesses:
    """Makes the processes, and writes files for those that a user starts."""

    def __init__(
        self,
        settings: LocalSettings,
        access: Access,
        state: Path,
        postgres: Postgres,
        rabbitmq: RabbitMQ,
        output: Output,
    ) -> None:
        self._settings = settings
        self._access = access
        self._state = state
        self._postgres = postgres
        self._rabbitmq = rabbitmq
        self._output = output

    def process(
        self, name: str, module: list[str], stop_plan: StopPlan = TERMINATE, role: str = APP
    ) -> Process:
        """Return one of Reckoner's own processes, not yet started, with its role in PostgreSQL."""
        variables = self._variables(role)
        # A setting and its file contradict each other.
        given = {key.removesuffix("_FILE") for key in variables}
        own = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(PREFIX) and key.removesuffix("_FILE") not in given
        }
        return Process(
            name,
            [sys.executable, "-m", *module],
            environment={
                **own,
                "PYTHONUNBUFFERED": "1",
                **self._output.environment(),
                **variables,
            },
            folder=PROJECT,
            record=self._state / "processes" / f"{name}.process",
            log=self._state / f"{name}.log",
            output=self._output.pipe_for(name),
            stop_plan=stop_plan,
        )

    def _variables(self, role: str) -> dict[str, str]:
        # Passwords by files: a process's environment can be read by others of the same user.
        return {
            "RECKONER_ENV": "development",
            "RECKONER_DATABASE_URL": self._postgres.address(role),
            "RECKONER_DATABASE_PASSWORD_FILE": str(self._postgres.password_file(role)),
            "RECKONER_BROKER_URL": self._rabbitmq.address,
            "RECKONER_BROKER_PASSWORD_FILE": str(self._rabbitmq.password_file),
            "RECKONER_GATEWAY_BIND": self._settings.gateway,
            "RECKONER_ADDRESS": self._settings.host,
            "RECKONER_KEYS": "on" if self._access.are_keys_on else "off",
            "RECKONER_ALLOWED_HOSTS": self._access.allowed_hosts,
        }

    def write_environment(self) -> None:
        """Write the settings for `make worker`, and those for `reckoner key`."""
        for name, role in (("reckoner.env", APP), ("keys.env", KEYS)):
            file = self._state / name
            file.touch(mode=0o600)
            lines = [f"{key}={shlex.quote(text)}\n" for key, text in self._variables(role).items()]
            file.write_text("".join(lines))
