"""Installs the functions that misbehave as any package would: by entry points."""

from pathlib import Path

from tests.child_with_test_functions import REGISTRY

_MODULE = "reckoner_functions_of_the_tests"

_SOURCE = """\
from tests.child_with_test_functions import REGISTRY

for function in REGISTRY:
    globals()[function.name] = function
"""


def install_test_functions(folder: Path) -> None:
    """Make a package in `folder`, which is to be on the Python path of all processes."""
    metadata = folder / f"{_MODULE}-0.1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {_MODULE}\nVersion: 0.1\n")
    names = [function.name for function in REGISTRY]
    (metadata / "entry_points.txt").write_text(
        "[reckoner.functions]\n" + "".join(f"{name} = {_MODULE}:{name}\n" for name in names)
    )
    (folder / f"{_MODULE}.py").write_text(_SOURCE)
