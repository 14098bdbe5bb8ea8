"""A copy of the project to put faults into, and whether its tests notice them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: pytest's exit statuses: tests failed, or could not even be collected.
_NOTICED = (1, 2)

#: What it prints, with the status of a wrong command line, if the product cannot be imported.
_NO_CONFTEST = b"ImportError while loading conftest"


class Verdict(Enum):
    """What became of a fault."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    HUNG = "caught, by its time-out"
    NOT_RUN = "not run"


class TestsNotRun(Exception):
    """Raised when pytest could not run the tests; the text ends with its output."""

    __test__ = False  # not a test class, whatever its name


class Copy:
    """The files that git knows, as they are now, in a folder of their own."""

    def __init__(self, folder: Path, servers: Path) -> None:
        self._folder = folder
        self._servers = servers
        self._process: subprocess.Popen[bytes] | None = None
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.split(b"\0")
        for name in filter(None, names):
            source = ROOT / os.fsdecode(name)
            if source.is_file():
                target = folder / os.fsdecode(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)

    def read(self, file: str) -> str:
        """Return a file's text."""
        return (self._folder / file).read_text()

    @contextmanager
    def with_fault(self, file: str, text: str) -> Iterator[None]:
        """Replace a file's text for as long as the context lasts."""
        path = self._folder / file
        before = path.read_text()
        path.write_text(text)
        try:
            yield
        finally:
            path.write_text(before)

    def verdict(self, tests: Sequence[str], timeout_seconds: float) -> tuple[Verdict, str]:
        """Run tests up to the first that fails; return the verdict and the end of their output.

        Raises `TestsNotRun` if there is no such test.
        """
        # Not compiled: two mutations of one length within a second look the same to the cache.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--servers={self._servers}"]
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=self._folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            process.terminate()  # pytest then ends what its fixtures started
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            return Verdict.HUNG, ""
        shown = output.decode(errors="replace")[-3_000:]
        if process.returncode == 0:
            return Verdict.SURVIVED, shown
        if process.returncode in _NOTICED or _NO_CONFTEST in output:
            return Verdict.CAUGHT, shown
        raise TestsNotRun(f"pytest could not run {' '.join(tests)}:\n{shown}")

    def end_tests(self) -> None:
        """End the tests that run, if any, in any thread."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()


@contextmanager
def copies(count: int, servers: Path) -> Iterator[list[Copy]]:
    """Make copies, and delete them in the end."""
    folder = Path(tempfile.mkdtemp(prefix="reckoner-copies-"))
    trees = [Copy(folder / str(number), servers) for number in range(count)]
    try:
        yield trees
    finally:
        for tree in trees:
            tree.end_tests()
        shutil.rmtree(folder, ignore_errors=True)
