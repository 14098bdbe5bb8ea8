"""A Reckoner as `make up` runs it, with the functions that the pages of docs/ have one write."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from compose.services.credentials import APP, KEYS, OWNER
from tests.conftest import new_database, virtual_host
from tests.e2e.conftest import Stack
from tests.e2e.guides.page import File, pages, steps
from tests.e2e.guides.shell import Shell
from tests.plug_ins import install_plug_in

#: `pip install` is right if there is a project; the tests' own Python stays as it is.
_PIP = '#!/bin/sh\nfor last; do :; done\n[ "$last" = pytest ] || test -e "$last/pyproject.toml"\n'


@dataclass(frozen=True)
class Guided:
    """A Reckoner, and by which names pages speak of it."""

    stack: Stack
    places: Mapping[str, str]
    passwords: Mapping[str, Path]
    keys_url: str

    def shell(self, home: Path) -> Shell:
        """Return a shell in the checkout `~/reckoner`, in which `make up` runs."""
        checkout = home / "reckoner"
        make_environment(checkout / ".venv")
        for name, password in self.passwords.items():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(password, checkout / name)
        settings = {
            name: value
            for name, value in self.stack.environment.items()
            if name.startswith("RECKONER_")
        }
        of_keys = settings | {"RECKONER_DATABASE_URL": self.keys_url}
        for file, values in (("reckoner.env", settings), ("keys.env", of_keys)):
            lines = (f"{name}='{value}'\n" for name, value in values.items())
            (checkout / "var" / file).write_text("".join(lines))
        (home / "anna-key").write_text(f"rk_{'0' * 16}_{'0' * 64}\n")  # keys are off
        environment = {"HOME": str(home), "RECKONER_URL": self.stack.url}
        return Shell(checkout, self.places, environment)


def make_environment(folder: Path) -> None:
    """Have the programs of the tests' own environment in another, but for pip."""
    own = Path(sys.executable).parents[1]
    (folder / "bin").mkdir(parents=True)
    for name in ("lib", "pyvenv.cfg"):
        (folder / name).symlink_to(own / name)
    for program in (own / "bin").iterdir():
        if program.name != "pip":
            (folder / "bin" / program.name).symlink_to(program)
    (folder / "bin/pip").write_text(_PIP)
    (folder / "bin/pip").chmod(0o755)


def install_functions_of_pages(folder: Path) -> str:
    """Have the modules that the pages show installed in a folder; return its Python path."""
    found = [step for page in pages() for step in steps(page.read_text()) if isinstance(step, File)]
    modules = {
        Path(file.path).stem: file.text
        for file in found
        if file.path.endswith(".py") and "@function" in file.text
    }
    install_plug_in(folder, "functions-of-pages", {name: f"{name}:{name}" for name in modules})
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    return str(folder)


@pytest.fixture(scope="module")
def guided(postgres, admin, rabbitmq, state_folder) -> Iterator[Guided]:
    folder = state_folder / "guides"
    folder.mkdir()
    with new_database(postgres, admin) as owner_url, virtual_host(rabbitmq) as broker_url:
        database = str(make_url(owner_url).database)
        functions = install_functions_of_pages(folder / "functions")
        app_url = postgres.url_of(database, APP)
        with Stack(folder, owner_url, broker_url, functions, app_url=app_url) as stack:
            places = {
                "localhost:8080": stack.url.removeprefix("http://"),
                "https://reckoner.example.org": stack.url,
                "-p 5442": f"-p {postgres.port}",
                "-d reckoner": f"-d {database}",
                "localhost:15682": rabbitmq.management_url.removeprefix("http://"),
                "/%2F/": f"/{make_url(broker_url).database}/",
            }
            passwords = {
                "var/postgres/password": postgres.password_file(OWNER),
                "var/rabbitmq/admin-password": rabbitmq.folder / "admin-password",
            }
            yield Guided(stack, places, passwords, postgres.url_of(database, KEYS))
