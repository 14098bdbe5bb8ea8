"""A private RabbitMQ node with its management UI, on its own data, ports and logins."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from compose.rabbitmq.definitions import MANAGER, USER, definitions
from compose.services import process_table
from compose.services.credentials import password_in
from compose.services.leftovers import end_leftovers
from compose.services.ports import http_status
from compose.services.processes import Process, no_hurry
from compose.services.rabbitmq_node import HOST, Node, epmd_program, script

# A node needs a second. To kill one is safe: what it has confirmed is on the disk.
_STOP_PLAN = ((signal.SIGTERM, 8.0),)

# Otherwise each stop takes five seconds more: when this part of the management UI ends, it asks the
# process that is waiting for its end, and gives up only after that time.
_REMOVE_STATISTICS = "gen_event delete_handler [rabbit_event,rabbit_mgmt_db_handler,[]]"

_HTTP_SECONDS = 5.0
_ANSWER_SECONDS = 2.0  # for a node that is to be stopped


class RabbitMQ:
    """RabbitMQ in `folder`, listening on 127.0.0.1 only, with the vhost /.

    Its user `reckoner` may use the service's queues alone, and `admin` the management UI.

    Erlang nodes are found through epmd, a small name server. This node gets its own, so that it
    neither depends on the machine's nor leaves one behind.
    """

    name = "rabbitmq"

    def __init__(
        self,
        folder: Path,
        port: int,
        management_port: int,
        *,
        epmd_port: int,
        distribution_port: int,
        output: int | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.management_port = management_port
        self._node = Node(self.folder, port, management_port, epmd_port, distribution_port)
        self._output = output
        self._epmd: Process | None = None
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The AMQP URL of the default vhost, with the service's login."""
        return f"amqp://{USER}:{self.password}@{HOST}:{self.port}/%2F"

    @property
    def address(self) -> str:
        """The same without the password, which is in `password_file`."""
        return f"amqp://{USER}@{HOST}:{self.port}/%2F"

    @property
    def password_file(self) -> Path:
        """The file with the password of the service's user."""
        return self.folder / "password"

    @property
    def management_url(self) -> str:
        """The URL of the management UI and API, without the login."""
        return f"http://{HOST}:{self.management_port}"

    @property
    def password(self) -> str:
        """The password of the service's user."""
        return password_in(self.password_file)

    @property
    def manager(self) -> tuple[str, str]:
        """The name and the password for the management UI and API."""
        return MANAGER, password_in(self.folder / "admin-password")

    @property
    def running(self) -> bool:
        """Whether the node and its epmd run now."""
        return all(p is not None and p.running for p in (self._epmd, self._process))

    @property
    def exit_status(self) -> int | None:
        """The last exit status of the node, or of its epmd if the node runs."""
        ended = [p for p in (self._process, self._epmd) if p is not None and not p.running]
        return ended[0].exit_status if ended else None

    @property
    def pid(self) -> int | None:
        """The id of the script that runs the node."""
        return self._process.pid if self._process else None

    def prepare(self) -> None:
        """Write the configuration; existing data is kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        end_leftovers([self.folder / "rabbitmq.process", self.folder / "epmd.process"])
        self._end_strays()
        node = self._node
        node.write_configuration(definitions(self.password, self.manager[1]))
        environment = node.environment()
        self._epmd = Process(
            "epmd",
            [epmd_program(), "-port", str(node.epmd_port)],
            environment=environment,
            folder=self.folder,
            record=self.folder / "epmd.process",
            log=self.folder / "rabbitmq.log",
            output=self._output,
        )
        self._process = Process(
            self.name,
            [script("rabbitmq-server")],
            environment=environment,
            folder=self.folder,
            record=self.folder / "rabbitmq.process",
            log=self.folder / "rabbitmq.log",
            output=self._output,
            stop_plan=_STOP_PLAN,
        )

    def start(self) -> None:
        """Start the node, without waiting for it."""
        assert self._epmd is not None, "prepare() comes first"
        assert self._process is not None
        if not self._epmd.running:
            # Erlang starts an epmd itself when it finds none, which would hold the port.
            self._end_strays()
        self._epmd.start()
        self._process.start()

    def ready(self) -> bool:
        """Return whether AMQP clients and the management API are served now."""
        return self._is_serving(_HTTP_SECONDS)

    def _is_serving(self, timeout: float) -> bool:
        # By the API, which has to answer anyway: RabbitMQ would log a probe of the AMQP port as a
        # client that closed its connection unexpectedly.
        check = f"/api/health/checks/port-listener/{self.port}"
        return http_status(self.management_port, check, self.manager, timeout=timeout) == 200

    def wait_ready(self, timeout: float = 120.0) -> None:
        """Return once clients and the management API are served; `NotReady` if not."""
        assert self._process is not None, "prepare() comes first"
        self._process.wait_until(self.ready, timeout)

    def stop(self, hurry: Callable[[], bool] = no_hurry) -> None:
        """Stop the node with all its processes, by force if that takes too long."""
        if hurry() or not self._is_serving(_ANSWER_SECONDS):
            # While it starts, it ignores SIGTERM, and it has nothing to lose yet. One that hangs
            # would not end by a signal either.
            self.kill()
        if self._process is not None and self._process.running:
            self._remove_statistics()
        for process in (self._process, self._epmd):
            if process is not None:
                process.stop(hurry)
        self._end_strays()

    def restart(self, timeout: float = 120.0) -> None:
        """Stop, start, and wait until clients are served again."""
        self.stop()
        self.start()
        self.wait_ready(timeout)

    def kill(self) -> None:
        """Kill the node at once, as a crash would."""
        for process in (self._process, self._epmd):
            if process is not None:
                process.kill()
        self._end_strays()

    def lose_everything(self, timeout: float = 120.0) -> None:
        """Kill the node and start it again with no queues and no messages."""
        self.kill()
        shutil.rmtree(self.folder / "data")
        self.prepare()
        self.start()
        self.wait_ready(timeout)

    def remove(self) -> None:
        """Stop, and delete all data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def control(self, *arguments: str, timeout: float = 60.0) -> str:
        """Run rabbitmqctl on this node and return what it prints."""
        return subprocess.run(
            [str(script("rabbitmqctl")), *arguments],
            env=self._node.environment(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=timeout,
        ).stdout

    def _remove_statistics(self) -> None:
        """Remove what would delay the stop; without effect on a node that does not answer."""
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            self._node.call(_REMOVE_STATISTICS, _ANSWER_SECONDS)

    def _end_strays(self) -> None:
        """Kill what left the session, such as an epmd that Erlang started itself."""
        kept = {
            entry.pid
            for process in (self._process, self._epmd)
            if process is not None and process.running
            for entry in process.family()
        }
        for entry in process_table.with_environment("RABBITMQ_NODENAME", self._node.name):
            if entry.pid not in kept:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(entry.pid, signal.SIGKILL)
