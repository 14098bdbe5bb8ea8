"""Installs the functions of the suite as any package would: by entry points."""

from pathlib import Path

from tests.child_with_test_functions import REGISTRY
from tests.faults import values
from tests.plug_ins import install_plug_in

_MODULE = "reckoner_functions_of_the_tests"

_SOURCE = """\
from tests.child_with_test_functions import REGISTRY

for function in REGISTRY:
    globals()[function.name] = function
"""


def install_test_functions(folder: Path) -> None:
    """Make a package in `folder`, which is to be on the Python path of all processes."""
    misbehaving = {function.name: f"{_MODULE}:{function.name}" for function in REGISTRY}
    others = {function.name: f"{values.__name__}:{function.name}" for function in values.FUNCTIONS}
    install_plug_in(folder, _MODULE, misbehaving | others)
    (folder / f"{_MODULE}.py").write_text(_SOURCE)
