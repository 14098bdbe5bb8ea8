"""A private PostgreSQL server with its own data, port and logins."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from compose.services import process_table
from compose.services.credentials import APP, KEYS, OWNER, password_in
from compose.services.leftovers import end_leftovers
from compose.services.postgres_data import (
    ADMIN,
    DATABASE,
    create_data,
    home_elsewhere,
    home_of,
    programs_for,
)
from compose.services.postgres_roles import make_roles
from compose.services.processes import Process, no_hurry
from compose.services.programs import drop_to, service_environment

HOST = "127.0.0.1"

# For a small machine. Durability (fsync, synchronous_commit) stays as it is by default: on.
PARAMETERS: Mapping[str, str] = {
    "max_connections": "200",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    # Full pages in the WAL are mostly random ids, which do not compress.
    "wal_compression": "off",
    # Queue-like tables have many dead rows soon: vacuum them early, and without pausing.
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_cost_delay": "1ms",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# SIGINT disconnects clients and writes a checkpoint. SIGQUIT leaves recovery to the next start,
# where the disk is slow.
_STOP_PLAN = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 3.0))


def _memory_parameters() -> dict[str, str]:
    """Return PostgreSQL's own cache and its guess of the system's, from the machine's memory.

    A large table's indexes should fit: ids are random, so each row touches another page.
    """
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "shared_buffers": f"{min(max(megabytes // 16, 256), 2_048)}MB",
        "effective_cache_size": f"{max(megabytes // 4, 1_024)}MB",
    }


class Postgres:
    """PostgreSQL in `folder`, listening on 127.0.0.1 only, with the database `reckoner`.

    The role `reckoner`, its owner, may create databases and is not a superuser; `admin_url` is the
    superuser's. The roles of the service are there after `make_roles`.
    `parameters` are added to `PARAMETERS`, or replace them.
    """

    name = "postgres"

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        parameters: Mapping[str, str] | None = None,
        output: int | None = None,
        show: Callable[[str], None] = print,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._parameters = {**PARAMETERS, **_memory_parameters(), **(parameters or {})}
        self._output = output
        self._show = show
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database `reckoner`, for the role that owns it."""
        return self.url_of(DATABASE)

    @property
    def admin_url(self) -> str:
        """The SQLAlchemy URL of the database `postgres`, for the superuser."""
        return self.url_of("postgres", ADMIN)

    def url_of(self, database: str, user: str = OWNER) -> str:
        """Return the SQLAlchemy URL of a database of this server."""
        password = password_in(self.password_file(user))
        return f"postgresql+psycopg2://{user}:{password}@{HOST}:{self.port}/{database}"

    def address(self, user: str) -> str:
        """Return the SQLAlchemy URL of the database `reckoner` without a password."""
        return f"postgresql+psycopg2://{user}@{HOST}:{self.port}/{DATABASE}"

    def password_file(self, user: str) -> Path:
        """Return the file with the password of one of the roles."""
        # The superuser and the owner share one: only the launcher and migrations need either.
        return self.folder / {APP: "app-password", KEYS: "keys-password"}.get(user, "password")

    @property
    def running(self) -> bool:
        """Whether the server runs now."""
        return self._process is not None and self._process.running

    @property
    def exit_status(self) -> int | None:
        """Its last exit status, or minus the signal that killed it."""
        return self._process.exit_status if self._process else None

    @property
    def pid(self) -> int | None:
        """The id of the server's main process."""
        return self._process.pid if self._process else None

    def prepare(self) -> None:
        """Create the data with its roles and database, unless they are there already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        end_leftovers([self._record])
        account = drop_to("postgres")  # PostgreSQL refuses to run as root
        self.folder.chmod(0o711 if account else 0o700)  # the data folder below is closed
        home = home_of(self.folder, account)
        if account is not None and home != self.folder:
            self._show(
                f"The user {account.name} cannot enter {self.folder}; its data is in {home}."
            )
        data = home / "data"
        programs = programs_for(data)
        if not data.exists():
            create_data(data, programs, password_in(self.folder / "password"), account)
        self._process = Process(
            self.name,
            [programs / "postgres", "-D", data, *self._settings()],
            environment=service_environment(),
            folder=home,
            record=self._record,
            log=self.folder / "postgres.log",
            output=self._output,
            account=account,
            stop_plan=_STOP_PLAN,
        )
        self._probe = [str(programs / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        self._data = data.resolve()

    def start(self) -> None:
        """Start the server, without waiting for it."""
        self._remove_stale_lock()
        self._prepared.start()

    def ready(self) -> bool:
        """Return whether the server accepts connections now."""
        return subprocess.run(self._probe, start_new_session=True).returncode == 0

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Return once the server accepts connections; `NotReady` if it does not."""
        self._prepared.wait_until(self.ready, timeout)

    def make_roles(self) -> None:
        """Make the service's roles in the running server, unless they are there already."""
        names = {"owner_password": OWNER, "app_password": APP, "keys_password": KEYS}
        make_roles(
            {
                "host": HOST,
                "port": self.port,
                "dbname": DATABASE,
                "user": ADMIN,
                "password": password_in(self.password_file(ADMIN)),
            },
            {name: password_in(self.password_file(user)) for name, user in names.items()},
        )

    def stop(self, hurry: Callable[[], bool] = no_hurry) -> None:
        """Disconnect the clients and stop; by force if that takes too long."""
        if self._process is not None:
            self._process.stop(hurry)

    def restart(self, timeout: float = 60.0) -> None:
        """Stop, start, and wait until it accepts connections again."""
        self.stop()
        self.start()
        self.wait_ready(timeout)

    def kill(self) -> None:
        """Kill the server and its backends at once, as a crash would."""
        if self._process is not None:
            self._process.kill()

    def remove(self) -> None:
        """Stop, and delete all data, wherever it is."""
        self.stop()
        for home in (self.folder, home_elsewhere(self.folder)):
            shutil.rmtree(home, ignore_errors=True)

    @property
    def _record(self) -> Path:
        return self.folder / "postgres.process"

    @property
    def _prepared(self) -> Process:
        assert self._process is not None, "prepare() comes first"
        return self._process

    def _settings(self) -> list[str]:
        network = {
            "listen_addresses": HOST,
            "port": str(self.port),
            # No socket file: its path could exceed the kernel's 107 bytes, and TCP is enough.
            "unix_socket_directories": "",
        }
        return [f"--{name}={value}" for name, value in {**network, **self._parameters}.items()]

    def _remove_stale_lock(self) -> None:
        """Remove the lock file of a crashed server if another program has its process id now."""
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().splitlines()[0])
        if process_table.working_folder(pid) != self._data:
            lock.unlink()
