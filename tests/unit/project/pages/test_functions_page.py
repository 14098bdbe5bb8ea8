"""The reference of functions: its code runs, and it names all that there is."""

import inspect
import re
from pathlib import Path
from typing import Any

import reckoner
from reckoner import Function, function

PAGE = (Path(__file__).parents[4] / "docs/reference/functions.md").read_text()


def run_blocks() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(  # noqa: S102 - what an author's module has imported besides
        "import datetime\nfrom typing import Annotated, Literal\n"
        "from pydantic import AfterValidator, Field\ndef check_even(n): return n",
        names,
    )
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        exec(block, names)  # noqa: S102
    return names


def test_its_code_runs():
    price = run_blocks()["price"]
    assert isinstance(price, Function)
    assert price.bind({"spot": 100}).text == '{"kind":"call","spot":100,"years":1}'


def test_it_names_all_options_and_exports():
    options = {name for name in inspect.signature(function).parameters if name != "implementation"}
    assert {name for name in options if f"| `{name}` |" not in PAGE} == set()
    assert {name for name in reckoner.__all__ if name not in PAGE} == set()
