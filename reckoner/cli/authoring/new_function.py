"""`reckoner new-function`: write a package with one function, its test and how to install it."""

import builtins
import importlib.util
import keyword
import re
import shutil
import sys
from pathlib import Path
from string import Template

import click

from reckoner.cli.authoring.new_function_files import FILES
from reckoner.distributions import OUR_PACKAGES

#: What every function and every module may be called (PEP 8).
_VALID = re.compile(r"[a-z][a-z0-9_]{0,63}")

#: Names that the written files use themselves, or pytest would misunderstand.
_USED = frozenset({"function", "run", "conftest", "tests"})


@click.command("new-function")
@click.argument("name")
def command(name: str) -> None:
    """Write a package for a function called NAME into a new folder NAME.

    It holds the function, a test, the package's settings and a README with the commands to try and
    to install it.
    """
    if fault := find_fault(name):
        raise click.UsageError(fault)
    try:
        write_package(Path(name), name)
    except FileExistsError:
        raise click.UsageError(
            f"There is already something called {name} here. Use another name, or remove it."
        ) from None
    except OSError as error:
        raise click.UsageError(
            f"{name} cannot be written here ({error.strerror}). Use another folder."
        ) from None
    programs = _programs()
    click.echo(
        f"{name}/ has the function in {name}.py and its test in tests/test_{name}.py. Next:\n"
        f"  cd {name}\n"
        f"  {programs}reckoner check-function {name} '{{\"n\": 3}}'\n"
        f"  {programs}pip install -e .\n"
        "and restart the service. README.md has more."
    )


def _programs() -> str:
    """Return what to write before the programs of this environment: nothing if PATH leads there."""
    folder = Path(sys.executable).parent
    found = shutil.which("reckoner")
    return "" if found is not None and Path(found).parent == folder else f"{folder}/"


def find_fault(name: str) -> str | None:
    """Return why a function cannot be called so, and what to do; None if it can."""
    if not _VALID.fullmatch(name):
        suggestion = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        better = f", for example {suggestion}" if _VALID.fullmatch(suggestion) else ""
        return (
            f"{name!r} is no name for a function: use up to 64 lower-case letters, digits and "
            f"underscores, beginning with a letter{better}."
        )
    if keyword.iskeyword(name) or hasattr(builtins, name):
        return f"{name!r} is a word of Python itself. Use another name."
    if name in sys.stdlib_module_names:
        return (
            f"{name!r} is a module of Python's standard library, which the new one would hide. "
            "Use another name."
        )
    if name in OUR_PACKAGES:
        return f"{name!r} is a package of Reckoner itself. Use another name."
    if name in _USED or name.startswith("test_"):
        return f"{name!r} means something else in the files of the package. Use another name."
    if importlib.util.find_spec(name) is not None:
        return (
            f"A module {name!r} is installed already, which the new one would hide. "
            "Use another name, or uninstall it."
        )
    return None


def write_package(folder: Path, name: str) -> None:
    """Write the files of a package into a new folder. Raises OSError."""
    folder.mkdir()
    for path, text in FILES.items():
        file = folder / Template(path).substitute(name=name)
        file.parent.mkdir(exist_ok=True)
        values = {"name": name, "distribution": name.replace("_", "-")}
        file.write_text(Template(text).substitute(values), encoding="utf-8")
