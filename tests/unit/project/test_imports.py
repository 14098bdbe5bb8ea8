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
