"""`python -m gateway`: serve the application under gunicorn."""

import gc
import logging
import os
import sys
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway.access.rates import Rates
from gateway.app import create_app
from gateway.server.gunicorn_worker import post_fork
from shared.config import Settings
from shared.functions.registry import load_registry
from shared.startup import STRICT_REFUSAL, USAGE_STATUS, log_function_problems, start_process

#: Connections that NGINX may open at once.
_BACKLOG = 4_096


_logger = logging.getLogger(__name__)


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's messages, as JSON lines like ours. NGINX writes the access log."""

    def setup(self, cfg: Any) -> None:
        """Use the handlers of the root logger."""
        self.error_log.setLevel(cfg.loglevel.upper())
        self.error_log.propagate = True


class OnceAmongForks:
    """Something that only one of the processes forked from this one may do."""

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        os.write(writer, b"!")
        os.close(writer)

    def take(self) -> bool:
        """Say whether this process is the first to ask."""
        return bool(os.read(self._reader, 1))


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, configured by our settings and not by its command line or configuration file."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_first = OnceAmongForks()
        self._rates = Rates()
        super().__init__()

    def load_config(self) -> None:
        """Pass our settings to gunicorn."""
        options: dict[str, Any] = {
            "loglevel": self._settings.log_level,
            "bind": self._settings.gateway_bind,
            "workers": self._settings.gateway_processes,
            "worker_class": "gateway.server.gunicorn_worker.Worker",
            "post_fork": post_fork,
            "backlog": _BACKLOG,
            # A restart must not interrupt a request with `Prefer: wait`, which may take 60 s.
            "graceful_timeout": 75,
            "timeout": 60,
            "keepalive": 75,
            "proc_name": "reckoner-gateway",
            "logger_class": _Log,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the application, in each process after the fork."""
        registry = load_registry()
        if self._is_first.take():
            log_function_problems(registry.problems)
        app = create_app(self._settings, registry, self._rates)
        _collect_garbage_rarely()
        return app


def _collect_garbage_rarely() -> None:
    """Search for cycles less often, and not among objects that live as long as the process.

    A request creates many objects and few cycles. What the search costs: docs/decisions.md.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _warn_if_open(settings: Settings) -> None:
    """Log that keys are off, where that is not the default."""
    if os.environ.get("RECKONER_ENV") == "production" and not settings.are_keys_on:
        _logger.warning(
            "RECKONER_KEYS is off: whoever can reach the service may do everything. "
            "Set it to on, and make keys with `reckoner key create`"
        )


def main() -> int:
    """Serve until a signal stops it; return the exit status."""
    settings = start_process("gateway")
    # Before gunicorn starts: two of its processes that refuse at once would end it by a traceback.
    if settings.strict_functions and (problems := load_registry().problems):
        log_function_problems(problems)
        sys.stderr.write(f"{STRICT_REFUSAL}\n")
        return USAGE_STATUS
    _warn_if_open(settings)
    _Server(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
