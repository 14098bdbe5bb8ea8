"""Where a heavy worker takes child processes from: forks of its template, fresh interpreters.

One thread keeps a template process running. While there is none, because it has died or could not
be started, calculations get fresh interpreters, which is slower and otherwise the same.
"""

import logging
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress

from shared.errors import ProcessDied
from shared.functions.registry import FunctionProblem
from workers.sandbox.catalogue import EMPTY, Catalogue
from workers.sandbox.outside.forks import PendingFork
from workers.sandbox.outside.process import CHILD_COMMAND, ChildProcess
from workers.sandbox.outside.spares import SpareChildren
from workers.sandbox.outside.template_process import TEMPLATE_COMMAND, TemplateProcess

logger = logging.getLogger(__name__)

#: How long importing all functions may take: some packages read gigabytes from a cold disk.
_IMPORT_SECONDS = 300.0

#: The pause before a template that ended is replaced; it doubles each time, up to the second
#: figure, and starts anew after one that has run for so long.
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0

_READY_POLL_SECONDS = 0.2

#: Forks that are requested together once calculations come: the process between them and the
#: template costs as much as one of them, and they share it.
_FORKS_AT_ONCE = 4


class Children:
    """Gives out child processes. Threads may share it."""

    def __init__(
        self,
        template_command: Sequence[str] = TEMPLATE_COMMAND,
        child_command: Sequence[str] = CHILD_COMMAND,
        slots: int = 1,
    ) -> None:
        """`slots` is how many forks wait at first, and fresh interpreters if any are needed."""
        self.catalogue = EMPTY
        self._template_command = template_command
        self._slots = slots
        self._fresh = SpareChildren(child_command, at_most=slots)
        self._forks: list[PendingFork] = []
        #: A template from its start to its end, and the same while it can fork.
        self._process: TemplateProcess | None = None
        self._template: TemplateProcess | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._keep_template, name="template", daemon=True)

    def start(self) -> None:
        """Start the template process, and replace it whenever it ends."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Return whether the thread that keeps the template runs."""
        return self._thread.is_alive()

    def wait_until_ready(self, stopping: threading.Event) -> bool:
        """Wait until the catalogue is known; return False if `stopping` came first."""
        while not self._ready.wait(_READY_POLL_SECONDS):
            if stopping.is_set():
                return False
        return True

    def offers(self) -> Collection[str] | None:
        """Return the functions that children can compute, each as `name/version`; None at first."""
        return self.catalogue.offers if self._ready.is_set() else None

    @property
    def problems(self) -> Sequence[FunctionProblem]:
        """The installed functions that cannot be used."""
        return self.catalogue.problems

    def take(self, function: str, version: int, *, is_fresh: bool = False) -> ChildProcess:
        """Return a child that waits for a request for this function. Raises ProcessDied.

        With `is_fresh` it is an interpreter of its own, whatever the function allows.
        """
        offer = self.catalogue.find(function, version)
        is_fresh = is_fresh or (offer is not None and offer.is_fresh)
        try:
            child = None if is_fresh else self._take_fork()
        except ProcessDied as error:
            if not self._closed.is_set():
                logger.warning("%s A fresh interpreter runs instead.", error.detail)
            child = None
        return child or self._fresh.take()

    def _take_fork(self) -> ChildProcess | None:
        """Return one; None if no template runs. Raises ProcessDied if it fails to fork."""
        while True:
            with self._lock:
                fork = self._forks.pop() if self._forks else None
            if fork is None:
                template = self._template
                return None if template is None else template.fork()
            child = fork.child()
            if not child.has_ended():
                return child
            child.close()  # it was killed while it waited

    def prepare(self) -> None:
        """Have more children wait, if none does. Call it when no calculation waits for one."""
        if self.catalogue.has_fresh:
            self._fresh.prepare()
        if not self._forks:
            self._request_forks(_FORKS_AT_ONCE)

    def _request_forks(self, count: int) -> None:
        with self._lock:
            template = self._template
            if template is None:
                return
            with suppress(ProcessDied):  # `take` finds out, and says so
                while len(self._forks) < count:
                    self._forks.append(template.request_fork())

    def close(self) -> None:
        """End the template and all that waits, and start no more."""
        with self._lock:
            self._closed.set()
            if self._process is not None:
                self._process.kill()
        if self._thread.ident is not None:
            self._thread.join()
        self._fresh.close()

    def _keep_template(self) -> None:
        pause_seconds = _PAUSE_SECONDS
        while not self._closed.is_set():
            began = time.monotonic()
            try:
                self._run_template()
            except ProcessDied as error:
                if not self._closed.is_set():
                    logger.error("%s It is started again.", error.detail)
            except Exception:
                logger.exception("Cannot keep a template process")
            if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause_seconds = _PAUSE_SECONDS
            self._closed.wait(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)

    def _run_template(self) -> None:
        """Start a template, and return when it has ended. Raises ProcessDied."""
        with self._lock:
            if self._closed.is_set():
                return
            process = self._process = TemplateProcess(self._template_command)
        try:
            self._note(process.receive_catalogue(_IMPORT_SECONDS))
            if not self.catalogue.threads:  # beside a thread, no process may fork
                self._template = process
            self._request_forks(self._slots)
            self._ready.set()
            process.wait()
        finally:
            self._forget_template()
            process.close()  # and with it what it has forked and nobody has seen
        if not self._closed.is_set():
            logger.warning(
                "The template process of this worker has ended (exit status %d). It is replaced.",
                process.exit_status,
            )

    def _forget_template(self) -> None:
        with self._lock:
            self._template = None
            while self._forks:
                self._forks.pop().discard()

    def _note(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        if catalogue.has_fresh:
            for _ in range(self._slots):
                self._fresh.prepare()
        if not self._ready.is_set():
            _warn_of_threads(catalogue)


def _warn_of_threads(catalogue: Catalogue) -> None:
    if catalogue.threads:
        logger.warning(
            "Packages start threads when they are imported, so each calculation starts an "
            "interpreter of its own, which takes longer. Start threads in the function instead. "
            "The threads, with the modules that they run: %s.",
            ", ".join(catalogue.threads),
        )
    if catalogue.native_threads:
        logger.warning(
            "A package has started %d native threads when it was imported; in the fork of a "
            "calculation they are missing. If functions of that package hang, declare fresh=True.",
            catalogue.native_threads,
        )
