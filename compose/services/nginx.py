"""A private NGINX before the gateway, from the same template as in Docker Compose."""

import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from compose.services.errors import ServiceError
from compose.services.leftovers import end_leftovers
from compose.services.ports import answers
from compose.services.processes import Process, no_hurry
from compose.services.programs import find_program, service_environment

HOST = "127.0.0.1"

#: Event streams that one client address may have open at once: a quarter of what the two processes
#: of this configuration can hold. docs/reference/calculations.md documents it, and
#: compose/compose.yaml has the same.
STREAMS_PER_ADDRESS = 1_000

_TEMPLATES = Path(__file__).resolve().parent.parent / "nginx"
_MAX_FILES = 16_384
_LOG_BYTES_KEPT = 64 * 1024 * 1024

# SIGQUIT lets open requests finish, but event streams may stay open for long.
_STOP_PLAN = ((signal.SIGQUIT, 2.0), (signal.SIGTERM, 3.0))


class Nginx:
    """NGINX in `folder`, listening on `host` and `port`, in front of `gateway`.

    `gateway` is host:port, or several separated by commas.
    """

    name = "nginx"

    def __init__(
        self,
        folder: Path,
        port: int,
        gateway: str,
        *,
        host: str = HOST,
        streams_per_address: int = STREAMS_PER_ADDRESS,
        output: int | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.host = host
        self._gateway = gateway
        self._streams_per_address = streams_per_address
        self._output = output
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The URL of the service, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def access_log(self) -> Path:
        """The file with one line of JSON for each request."""
        return self.folder / "access.log"

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
        """Write the configuration."""
        (self.folder / "temporary").mkdir(parents=True, exist_ok=True)
        end_leftovers([self.folder / "nginx.process"])
        self._rotate_access_log()
        # The cached answers are of the last run's database, which may have been deleted since.
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        program = find_program("nginx", "nginx")
        hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        names = {
            "RECKONER_LISTEN": self.url.removeprefix("http://"),
            "RECKONER_GATEWAY_SERVERS": servers(self._gateway),
            "RECKONER_STREAMS_PER_ADDRESS": str(self._streams_per_address),
            "RECKONER_ACCESS_LOG": _quoted(self.access_log),
            "RECKONER_CACHE": _quoted(self.folder / "cache"),
            "RECKONER_SCRIPTS": _quoted(_TEMPLATES),
            "RECKONER_NJS": _quoted(njs_module(program)),
            "RECKONER_STATE": str(self.folder),
            "RECKONER_USER": "user root;" if os.geteuid() == 0 else "",
            "RECKONER_FILES": str(min(hard_limit, _MAX_FILES) if hard_limit > 0 else _MAX_FILES),
        }
        for source, target in (("local", "nginx"), ("reckoner", "reckoner")):
            template = (_TEMPLATES / f"{source}.conf.template").read_text()
            (self.folder / f"{target}.conf").write_text(_render(template, names))
        self._process = Process(
            self.name,
            # Without -e it first opens the log file that was compiled in.
            [
                program,
                *("-e", "stderr", "-p", self.folder, "-c", self.folder / "nginx.conf"),
            ],
            environment=service_environment(),
            folder=self.folder,
            record=self.folder / "nginx.process",
            log=self.folder / "nginx.log",
            output=self._output,
            stop_plan=_STOP_PLAN,
        )

    def start(self) -> None:
        """Start the server, without waiting for it."""
        assert self._process is not None, "prepare() comes first"
        self._process.start()

    def ready(self) -> bool:
        """Return whether connections are accepted now, whether or not the gateway answers."""
        return answers(self.port, self.host)

    def wait_ready(self, timeout: float = 10.0) -> None:
        """Return once connections are accepted; `NotReady` if they are not."""
        assert self._process is not None, "prepare() comes first"
        self._process.wait_until(self.ready, timeout)

    def stop(self, hurry: Callable[[], bool] = no_hurry) -> None:
        """Give open requests a moment to finish, and stop."""
        if self._process is not None:
            self._process.stop(hurry)

    def restart(self, timeout: float = 10.0) -> None:
        """Stop, start, and wait until connections are accepted again."""
        self.stop()
        self.start()
        self.wait_ready(timeout)

    def kill(self) -> None:
        """Kill the server and its workers at once, as a crash would."""
        if self._process is not None:
            self._process.kill()

    def remove(self) -> None:
        """Stop, and delete configuration, logs and cache."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _rotate_access_log(self) -> None:
        """Keep at most one older access log, so that logs do not grow without bound."""
        if self.access_log.exists() and self.access_log.stat().st_size > _LOG_BYTES_KEPT:
            self.access_log.rename(self.access_log.with_suffix(".log.1"))


def njs_module(program: Path) -> Path:
    """Return the file of NGINX's module njs, which hashes credentials.

    Raises `ServiceError` if it is not there.
    """
    # It prints to standard error.
    built = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"--modules-path=(\S+)", built)
    module = Path(found[1] if found else "/usr/lib/nginx/modules") / "ngx_http_js_module.so"
    if not module.is_file():
        raise ServiceError(
            f"NGINX's module njs was not found; it would be {module}.",
            "Install it, for example with: apt-get install libnginx-mod-http-js "
            "(nginx-module-njs, if NGINX is a package of nginx.org).",
        )
    return module


def servers(gateway: str) -> str:
    """Return the server lines of the upstream, as compose/nginx/follow-gateway.sh writes them."""
    addresses = (address.strip() for address in gateway.split(","))
    return "\n".join(
        f"server {address} max_fails=3 fail_timeout=2s;" for address in addresses if address
    )


def _render(template: str, names: Mapping[str, str]) -> str:
    """Replace ${NAME} as envsubst does; unknown names stay, and NGINX refuses them."""
    return re.sub(r"\$\{([A-Z_]+)\}", lambda found: names.get(found[1], found[0]), template)


def _quoted(path: Path) -> str:
    """Quote a path for NGINX's configuration, which splits words at spaces."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
