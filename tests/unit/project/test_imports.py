"""What comes along with an import, as import-linter's contracts promise it."""

import subprocess
import sys

import pytest

_PROGRAM = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
print(*sorted({"dramatiq", "pika", "falcon", "gunicorn", "uvicorn"} & sys.modules.keys()))
"""


@pytest.mark.parametrize("package", ["shared.store", "shared.functions"])
def test_neither_store_nor_functions_bring_a_web_framework_or_a_broker(package):
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, package], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == []


_LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({"pydantic", "docstring_parser", "gmpy2", "shared"} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("module", "loaded"),
    [
        ("reckoner", ""),
        ("reckoner.distributions", ""),
        ("reckoner.authoring.decorator", ""),
        ("shared.functions.fibonacci", "gmpy2 shared"),
        ("shared.functions.factorial", "gmpy2 shared"),
    ],
)
def test_what_is_not_needed_is_not_imported(module, loaded):
    """Processes of calculations start some hundredths of a second earlier without pydantic."""
    ended = subprocess.run(
        [sys.executable, "-c", _LOADED, module], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == loaded


_OURS = """
import importlib, pkgutil, sys
package = importlib.import_module("reckoner.client")
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
ours = {name for name in sys.modules if name.partition(".")[0] in sys.argv[1:]}
foreign = {"pydantic", "gmpy2", "annotated_types", "docstring_parser"} & sys.modules.keys()
print(*sorted(foreign | {name for name in ours if not name.startswith("reckoner.client")}))
"""


def test_the_client_loads_nothing_else_of_ours_and_no_pydantic():
    packages = ["reckoner", "shared", "gateway", "workers", "migrations", "compose"]
    ended = subprocess.run(
        [sys.executable, "-c", _OURS, *packages], capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["reckoner", "reckoner.canonical_json"]
