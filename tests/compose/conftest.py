"""One deployment by Docker Compose for all tests here, under a name, an image and ports of its own.

It is removed at the end, with its data, its passwords and its image.
"""

import json
import os
import shlex
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from compose.services import free_port

ROOT = Path(__file__).parents[2]

_UP_SECONDS = 600
_COMMAND_SECONDS = 180

#: As docs/how-to/install-with-docker-compose.md has it.
_SHOW_KEY = "docker compose -f compose/compose.yaml run --rm -T --no-deps operator cat key"


class Deployment:
    """The project under a name of its own."""

    def __init__(self) -> None:
        self.name = f"reckoner-test-{uuid.uuid4().hex[:8]}"
        self.files = ["compose/compose.yaml"]
        self.port = free_port()
        self.management_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if "RECKONER" not in name},
            "RECKONER_IMAGE": self.name,
            "RECKONER_SETTINGS": os.devnull,
            "RECKONER_PORT": str(self.port),
            "RECKONER_RABBITMQ_UI_PORT": str(self.management_port),
        }

    def compose(self, *arguments: str, timeout: float = _COMMAND_SECONDS) -> str:
        """Run a command of Docker Compose on it and return the output."""
        # No env file: settings of a user's own deployment must have no effect.
        options = ["--env-file", os.devnull, "-p", self.name]
        for file in self.files:
            options += ["-f", file]
        return run("docker", "compose", *options, *arguments, env=self.environment, timeout=timeout)

    def up(self, *arguments: str) -> None:
        """Start what does not run, and wait until all of it is healthy."""
        try:
            self.compose("up", "-d", "--wait", *arguments, timeout=_UP_SECONDS)
        except AssertionError as error:
            error.add_note(self.compose("ps", "--all"))
            error.add_note(self.compose("logs", "--tail=50"))
            raise

    def upgrade(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run compose/upgrade.sh on it."""
        options = ["--env-file", os.devnull, "-p", self.name]
        for file in self.files[1:]:  # it names the first by itself
            options += ["-f", file]
        return subprocess.run(
            ["compose/upgrade.sh", *arguments, *options],
            cwd=ROOT,
            env=self.environment,
            timeout=_UP_SECONDS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def follow(self, commands: str) -> None:
        """Run the commands of a documented block on it."""
        for line in commands.splitlines():
            words = shlex.split(line)
            if words[0] == "compose/upgrade.sh":
                done = self.upgrade(*words[1:])
                assert done.returncode == 0, done.stdout + done.stderr
            elif words[1] == "compose":
                self.compose(*words[4:])
            else:
                run(*(word.replace("reckoner_", f"{self.name}_") for word in words))

    def containers(self, *arguments: str) -> list[dict[str, Any]]:
        """Return what `docker inspect` shows of the containers that `ps` lists."""
        ids = self.compose("ps", "--quiet", *arguments).split()
        found: list[dict[str, Any]] = json.loads(run("docker", "inspect", *ids))
        return found

    def volumes(self) -> set[str]:
        """Return the names of the volumes that exist, without the deployment's."""
        mine = f"label=com.docker.compose.project={self.name}"
        names = run("docker", "volume", "ls", "--quiet", "--filter", mine).split()
        return {name.removeprefix(f"{self.name}_") for name in names}

    def passwords(self) -> dict[str, str]:
        """Return the passwords by the names of their files; generate those that are missing."""
        self.compose("run", "--rm", "-T", "secrets")
        show = 'for file in */password; do echo "$file $(cat "$file")"; done'
        shown = self.compose("run", "--rm", "-T", "secrets", "sh", "-euc", show)
        return dict(line.split() for line in shown.splitlines())

    def shown(self, command: str) -> str:
        """Return what a documented command of `docker compose` shows."""
        return self.compose(*shlex.split(command)[4:]).strip()

    def client(self) -> httpx.Client:
        """Return an HTTP client of the service, by way of NGINX, with the operator's key."""
        key = self.shown(_SHOW_KEY)
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, timeout=90, headers=headers)

    def remove(self) -> None:
        """Remove everything that is this deployment's."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout=10")
        names = run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", self.name)
        if names:
            run("docker", "image", "rm", *names.split())


def run(*command: str, env: dict[str, str] | None = None, timeout: float = _COMMAND_SECONDS) -> str:
    """Run a command in the project's root and return its output; a failure shows what it said."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (
        f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    )
    return done.stdout


@pytest.fixture(scope="session")
def built() -> Iterator[Deployment]:
    """Build the image, start everything, and remove it all at the end."""
    try:
        run("docker", "info")
        run("docker", "compose", "version")
    except (AssertionError, FileNotFoundError) as error:
        pytest.fail(
            "These tests need a running Docker Engine with the compose plugin, and permission to "
            f"use it. Without them, run `make test`.\n{error}",
            pytrace=False,
        )
    deployment = Deployment()
    try:
        deployment.up("--build")
        yield deployment
    finally:
        deployment.remove()


@pytest.fixture
def deployment(built: Deployment) -> Deployment:
    """Return the deployment, running, for a test that leaves it as it found it."""
    return built


@pytest.fixture
def changing(built: Deployment) -> Iterator[Deployment]:
    """Return the deployment for a test that changes it; restore it afterwards."""
    try:
        yield built
    finally:
        built.up()


@pytest.fixture
def client(built: Deployment) -> Iterator[httpx.Client]:
    """Return an HTTP client of the service, with the operator's key."""
    with built.client() as client:
        yield client
