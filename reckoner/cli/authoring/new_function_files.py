"""The files that `reckoner new-function` writes, as templates: $name is the function's name."""

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "$distribution"
version = "0.1.0"
description = "The function $name for Reckoner"
requires-python = ">=3.11"
dependencies = ["reckoner-service"]

# How Reckoner finds the function: name = "module:object".
[project.entry-points."reckoner.functions"]
$name = "$name:$name"

[tool.setuptools]
py-modules = ["$name"]

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
"""

_FUNCTION = '''\
"""A function for Reckoner. Replace what it computes by your own."""

from typing import Annotated

from reckoner import Ge, Le, function


@function
def $name(n: Annotated[int, Ge(1), Le(1_000_000)]) -> dict[str, int]:
    """The sum of the squares of the integers from 1 to n.

    Args:
        n: How many squares.
    """
    # Equal arguments must always give an equal result, which Reckoner keeps: use no clock, no
    # network and no chance without a seed. When results change: `@function(version=2)`.
    return {"n": n, "sum": sum(k * k for k in range(1, n + 1))}
'''

_TEST = '''\
"""Tests of $name; `pytest` runs them."""

import pytest
from reckoner.testing import ArgumentsRefused, run

from $name import $name


def test_a_value_that_is_known():
    assert $name(n=3) == {"n": 3, "sum": 14}


def test_it_runs_as_the_service_runs_it():
    outcome = run($name, n=3)
    assert outcome.value == {"n": 3, "sum": 14}


def test_arguments_out_of_bounds_are_refused():
    with pytest.raises(ArgumentsRefused, match="n"):
        run($name, n=0)
'''

_README = """\
# $name

A function for Reckoner, in `$name.py`. In this folder, with the programs of Reckoner's `.venv/bin`:

    reckoner check-function $name '{"n": 3}'         # run it as the service would
    pip install pytest && pytest                     # run its tests
    pip install -e .                                 # install it; then restart `make up`
    curl localhost:8080/calculations -H 'Prefer: wait=10' \\
        --json '{"function": "$name", "arguments": {"n": 3}}'

For the Docker image, copy this folder into `compose/functions/` and run `compose/upgrade.sh`.
"""

FILES = {
    "pyproject.toml": _PYPROJECT,
    "$name.py": _FUNCTION,
    "tests/test_$name.py": _TEST,
    "README.md": _README,
}
