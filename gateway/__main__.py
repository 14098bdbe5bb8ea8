"""`python -m gateway`: the application under gunicorn."""

import gc
import sys
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway.app import create_app
from gateway.server.gunicorn_worker import post_fork
from shared.config import Settings
from shared.functions.registry import load_registry
from shared.startup import start_process

#: NGINX may open so many connections at once.
_BACKLOG = 4_096


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's messages as JSON lines among ours; the access log is NGINX's to write."""

    def setup(self, cfg: Any) -> None:
        """Leave the handlers to the root logger."""
        self.error_log.setLevel(cfg.loglevel.upper())
        self.error_log.propagate = True


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings instead of its command line and configuration file."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings to gunicorn."""
        options: dict[str, Any] = {
            "loglevel": self._settings.log_level,
            "bind": self._settings.gateway_bind,
            "workers": self._settings.gateway_processes,
            "worker_class": "gateway.server.gunicorn_worker.Worker",
            "post_fork": post_fork,
            "backlog": _BACKLOG,
            # A held request may take 60 s, and it must not be cut off by a restart.
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
        app = create_app(self._settings, load_registry())
        _spare_the_collector()
        return app


def _spare_the_collector() -> None:
    """Look for garbage less often, and not among what lives as long as the process.

    A request makes hundreds of objects and few cycles: looking for them took a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def main() -> int:
    """Serve until told to stop; return the exit status."""
    _Server(start_process()).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
