"""Packages of functions, for the processes of a test: metadata in a folder on the Python path."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from reckoner import Function
from tests import kinds_of_arguments
from tests.faulty import calls, registrations

FAULTY_PACKAGE = "faulty-functions"

_EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


def install_plug_in(folder: Path, name: str, functions: Mapping[str, str]) -> None:
    """Have a distribution of this name in a folder, with an entry point for each function.

    Each is given as `module:attribute`. An installation leaves the same files.
    """
    metadata = folder / f"{name.replace('-', '_')}-0.1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text(
        "[reckoner.functions]\n" + "".join(f"{name} = {at}\n" for name, at in functions.items())
    )


def install_faulty(folder: Path) -> str:
    """Have all functions of tests/faulty installed in a folder; return its Python path."""
    modules = {name: f"{name}:f" for name in registrations.MODULES}
    called = [name for name, one in vars(calls).items() if isinstance(one, Function)]
    functions = {name: f"{calls.__name__}:{name}" for name in called}
    install_plug_in(folder, FAULTY_PACKAGE, modules | functions)
    for name, module in registrations.MODULES.items():
        (folder / f"{name}.py").write_text(module.source)
    return str(folder)


def install_kinds_of_arguments(folder: Path) -> str:
    """Have tests/kinds_of_arguments installed in a folder; return the Python path that finds it."""
    named = {name for name, one in vars(kinds_of_arguments).items() if isinstance(one, Function)}
    functions = {name: f"{kinds_of_arguments.__name__}:{name}" for name in sorted(named)}
    install_plug_in(folder, kinds_of_arguments.PACKAGE, functions)
    return str(folder)


def install_examples(folder: Path) -> str:
    """Have docs/examples installed in a folder; return the Python path that finds it."""
    project = tomllib.loads((_EXAMPLES / "pyproject.toml").read_text())["project"]
    install_plug_in(folder, project["name"], project["entry-points"]["reckoner.functions"])
    return os.pathsep.join((str(folder), str(_EXAMPLES)))
