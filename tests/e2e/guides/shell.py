"""A shell that does what a page says, beside a Reckoner of the tests'."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.guides.page import Command, File

_SECONDS = 60
_MARK = "\x1e"  # begins a line that says how the command before it has ended


class Shell:
    """Runs the commands of a page one after the other, in a folder of its own.

    `places` are the addresses and names that a page uses and those that stand for them here.
    """

    def __init__(
        self, folder: Path, places: Mapping[str, str], environment: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._places = places
        self._environment = {
            **{name: value for name, value in os.environ.items() if "RECKONER" not in name},
            **environment,
            "PATH": os.pathsep.join((str(folder / ".venv/bin"), os.environ["PATH"])),
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_ADDOPTS": "-p no:cacheprovider",
        }

    def run(self, steps: Sequence[Command | File]) -> list[tuple[Command, int, str]]:
        """Return each command with its exit status and what it printed."""
        script = "".join(self._scripted(step) for step in steps)
        text = self._printed(script)
        ended = re.findall(rf"(.*?)\n?{_MARK}(\d+)\n", text, re.DOTALL)
        commands = [step for step in steps if isinstance(step, Command)]
        assert len(ended) == len(commands), text[-2000:]
        return [
            (command, int(status), self._as_on_the_page(printed))
            for command, (printed, status) in zip(commands, ended, strict=True)
        ]

    def _printed(self, script: str) -> str:
        """Return what a script prints. One that hangs is ended with all that it has started."""
        with subprocess.Popen(
            ["bash", "-c", script],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as shell:
            try:
                output, _ = shell.communicate(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                output, _ = shell.communicate()
                text = output.decode(errors="replace")
                raise AssertionError(f"Not done after {_SECONDS} s:\n{text[-2000:]}") from None
        return output.decode(errors="replace")

    def _scripted(self, step: Command | File) -> str:
        if isinstance(step, File):
            return f"cat >{step.path} <<'END-OF-FILE'\n{self._here(step.text)}END-OF-FILE\n"
        return f"{{ {self._here(step.line)}\n}}\nprintf '\\n{_MARK}%s\\n' $?\n"

    def _here(self, text: str) -> str:
        for there, here in self._places.items():
            text = text.replace(there, here)
        return text

    def _as_on_the_page(self, printed: str) -> str:
        for there, here in self._places.items():
            printed = printed.replace(here, there)
        return printed
