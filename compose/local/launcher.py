"""All of Reckoner on this machine: what is started and stopped, and in which order."""

import signal
import time
from pathlib import Path

from compose.local.logs.output import Output
from compose.local.own_processes import OwnProcesses
from compose.local.readiness import checks, is_live
from compose.local.settings import Access, LocalSettings
from compose.local.stop_signals import StopSignals
from compose.local.stops import Stop, stop_all
from compose.local.supervisor import Supervisor
from compose.local.terminal.progress import Progress
from compose.services import Nginx, Postgres, RabbitMQ
from compose.services.credentials import KEYS, OWNER
from compose.services.errors import NotReady
from compose.services.processes import Process, StopPlan

_READY_SECONDS = 120.0
# Reckoner accepts calculations without a worker, so the start does not fail for want of one.
_WORKERS_SECONDS = 30.0
# Makes the key of a file unless it was made before.
_CREATE_KEY = ("reckoner.cli", "key", "create", "operator", "--scope", "read,submit,cancel,operate")

# NGINX has stopped by then, so there is no request left to wait for.
_GATEWAY_STOP: StopPlan = ((signal.SIGTERM, 5.0),)
_RELAY_STOP = _GATEWAY_STOP
# Time to hand work back and to commit what is in memory. A killed one's work is computed again.
_WORKER_STOP: StopPlan = ((signal.SIGTERM, 8.0),)


class Launcher:
    """The services and Reckoner's own processes, with their state below the folder `state`."""

    def __init__(
        self,
        settings: LocalSettings,
        access: Access,
        state: Path,
        output: Output,
        progress: Progress,
        signals: StopSignals,
    ) -> None:
        self._settings = settings
        self._access = access
        self.state = state
        #: Holds the key that it makes if keys are on, unless that fails.
        self.operator_key = state / "operator-key"
        self.has_operator_key = False
        self._output = output
        self._progress = progress
        self._signals = signals
        self._supervisor = Supervisor(output.show, signals.stopping)
        self.postgres = Postgres(
            state / "postgres",
            settings.postgres_port,
            output=output.pipe_for("postgres"),
            show=output.show,
        )
        self.rabbitmq = RabbitMQ(
            state / "rabbitmq",
            settings.amqp_port,
            settings.management_port,
            epmd_port=settings.epmd_port,
            distribution_port=settings.distribution_port,
            output=output.pipe_for("rabbitmq"),
        )
        self.nginx = Nginx(
            state / "nginx",
            settings.port,
            settings.gateway,
            host=settings.host,
            output=output.pipe_for("nginx"),
        )
        own = self._own = OwnProcesses(
            settings, access, state, self.postgres, self.rabbitmq, output
        )
        self._migrations = own.process("migrations", ["migrations", "upgrade"], role=OWNER)
        self._key_creation = own.process(
            "key",
            [*_CREATE_KEY, "--file", str(self.operator_key)],
            role=KEYS,
        )
        self._gateway = own.process("gateway", ["gateway"], _GATEWAY_STOP)
        self._relay = own.process("relay", ["gateway.relay"], _RELAY_STOP)
        self._workers = [
            own.process(name, ["workers", lane], _WORKER_STOP)
            for lane, count in (("quick", settings.quick), ("heavy", settings.heavy))
            for name in _numbered(lane, count)
        ]

    def prepare(self) -> None:
        """Create folders, data and configuration; start nothing but one-time set-up."""
        (self.state / "processes").mkdir(exist_ok=True)
        with self._progress.part_of("PostgreSQL"):
            self.postgres.prepare()
        with self._progress.part_of("RabbitMQ"):
            self.rabbitmq.prepare()
        with self._progress.part_of("NGINX"):
            self.nginx.prepare()
        self._progress.end("NGINX")
        self._own.write_environment()

    def start(self) -> None:
        """Start each program as soon as what it needs is ready; return when all are ready.

        Raises `NotReady`, and `StopRequested` if the user requests a stop first.
        """
        supervisor, progress = self._supervisor, self._progress
        supervisor.start(self.postgres)
        supervisor.start(self.rabbitmq)
        with progress.end_of("PostgreSQL"):
            supervisor.wait_for(self.postgres, self.postgres.ready, _READY_SECONDS)
            self.postgres.make_roles()
        with progress.end_of("schema"):
            self._run(self._migrations, "The database schema could not be upgraded.")
        if self._access.are_keys_on:
            self.make_operator_key(self._key_creation)
        supervisor.start(self._gateway)
        supervisor.start(self.nginx)
        with progress.end_of("NGINX"):
            supervisor.wait_for(self.nginx, self.nginx.ready, _READY_SECONDS)
        with progress.end_of("gateway"):
            supervisor.wait_for(self._gateway, self._is_live, _READY_SECONDS)
        # Relay and workers would log a failed connection every second until then.
        with progress.end_of("RabbitMQ"):
            supervisor.wait_for(self.rabbitmq, self.rabbitmq.ready, _READY_SECONDS)
        supervisor.start(self._relay)
        for worker in self._workers:
            progress.begin("workers")
            supervisor.start(worker)
        with progress.end_of("relay"):
            supervisor.wait_for(self._relay, self._is_relay_ready, _READY_SECONDS)
        self._wait_for_workers()

    def _wait_for_workers(self) -> None:
        """Wait until each lane that has workers computes, but not for ever."""
        counts = {"quick_workers": self._settings.quick, "heavy_workers": self._settings.heavy}
        wanted = [check for check, count in counts.items() if count]
        if not wanted:
            return
        step, give_up = "workers", time.monotonic() + _WORKERS_SECONDS
        while not self._are_ok(*wanted):
            if time.monotonic() > give_up:
                self._progress.unsure(step, "not ready yet; see: make logs")
                return
            self._supervisor.tick()
        self._progress.done(step, f"{self._settings.quick} quick, {self._settings.heavy} heavy")

    def make_operator_key(self, creation: Process) -> None:
        """Run the process that makes the key, unless it was made before.

        If it fails, such as where the file is gone and the key is not, the rest starts all the
        same: there may be other keys, and a key can be revoked only while PostgreSQL runs.
        """
        step = "operator's key"
        self._progress.begin(step)
        try:
            self._run(creation, "The operator's key could not be made.")
        except NotReady as error:
            self._progress.unsure(step, f"{error.problem} Reckoner starts without it.")
            for line in self._output.last_lines(creation.name):
                self._output.show(line)
        else:
            self.has_operator_key = True
            self._progress.done(step)

    def run(self) -> None:
        """Keep everything running until the user requests a stop."""
        self._supervisor.run()

    def stop(self) -> None:
        """Stop everything: each as soon as what needs it has stopped."""
        ours = [self._relay, *self._workers]
        stops = [
            Stop("NGINX", [self.nginx]),
            Stop("gateway", [self._gateway], after=["NGINX"]),
            Stop("relay and workers", ours),
            Stop("RabbitMQ", [self.rabbitmq], after=["relay and workers"]),
            Stop(
                "PostgreSQL",
                [self._migrations, self._key_creation, self.postgres],
                after=["gateway", "relay and workers"],
            ),
        ]
        self._progress.begin(*(stop.step for stop in stops), verb="Stopping")
        stop_all(stops, self._signals.hurry, self._progress.end)

    def _run(self, process: Process, failure: str) -> None:
        """Run a process to its end; raise `NotReady` with this sentence if it fails."""
        process.start()
        while process.running:
            self._supervisor.tick()
        if process.exit_status != 0:
            raise NotReady(failure, "Correct what its log says, and try again.", process.name)
        process.stop()

    def _is_live(self) -> bool:
        return is_live(self._settings.gateway_port)

    def _is_relay_ready(self) -> bool:
        return self._are_ok("postgresql", "relay", "rabbitmq")

    def _are_ok(self, *names: str) -> bool:
        """Return whether these checks of readiness succeed, asked through NGINX."""
        found = checks(self.nginx.host, self.nginx.port)
        return all(found.get(name) == "ok" for name in names)


def _numbered(lane: str, count: int) -> list[str]:
    """Return a name for each worker of a lane."""
    return [lane] if count == 1 else [f"{lane}-{number}" for number in range(1, count + 1)]
