"""The functions that pages show are those of the examples, and what `new-function` writes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.guides.output import without_measurements
from tests.e2e.guides.page import File, steps

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/add-a-function.md").read_text()
README = (ROOT / "README.md").read_text()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package that the README builds."""
    folder = tmp_path_factory.mktemp("readme")
    run(folder, "new-function", "squares")
    return folder / "squares"


def run(folder, *arguments):
    """Run `reckoner` in a folder; return what it prints."""
    command = [sys.executable, "-m", "reckoner.cli", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["prime_factors", "mandelbrot"])
def test_the_function_of_the_page_is_that_of_the_examples(name):
    files = [step for step in steps(PAGE) if isinstance(step, File)]
    [text] = [file.text for file in files if file.path == f"{name}.py"]
    example = (ROOT / f"docs/examples/reckoner_examples/{name}.py").read_text()
    body = text.partition(f"def {name}(")[2]
    assert body.strip()
    assert body in example


def test_check_function_prints_what_the_readme_shows(package):
    command = r"^\$ reckoner check-function squares '([^'\n]+)'\n(.*?)^(?:```)?$"
    [(arguments, shown)] = re.findall(command, README, re.MULTILINE | re.DOTALL)
    printed = run(package, "check-function", "squares", arguments)
    assert without_measurements(printed) == without_measurements(shown)


def test_the_function_of_the_readme_is_what_new_function_writes(package):
    block = r"^```python\n(@function\ndef squares.*?)^```$"
    [shown] = re.findall(block, README, re.MULTILINE | re.DOTALL)
    written = (package / "squares.py").read_text()
    assert re.sub(r"^ +#.*\n", "", written, flags=re.MULTILINE).endswith(shown)
