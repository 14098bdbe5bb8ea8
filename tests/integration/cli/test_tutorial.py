"""The tutorial and the README do what they say: their packages are built, tested and tried."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/add-a-function.md").read_text()
README = (ROOT / "README.md").read_text()

_FILE = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


def run(folder, *command):
    """Run a command of the page in a folder; return what it prints."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The folder with the packages, as the pages build them."""
    folder = tmp_path_factory.mktemp("tutorial")
    for name in ("prime_factors", "mandelbrot", "squares"):
        run(folder, "reckoner.cli", "new-function", name)
    for path, text in _FILE.findall(PAGE):
        name = Path(path).stem.removeprefix("test_")
        assert (folder / name / path).exists(), f"new-function writes no {path}"
        (folder / name / path).write_text(text)
    return folder


@pytest.mark.parametrize("name", ["prime_factors", "mandelbrot"])
def test_the_tests_of_the_page_pass(packages, name):
    assert "passed" in run(packages / name, "pytest", "-q", "-p", "no:cacheprovider")


@pytest.mark.parametrize("name", ["prime_factors", "mandelbrot"])
def test_the_function_of_the_page_is_that_of_the_examples(name):
    [text] = [text for path, text in _FILE.findall(PAGE) if path == f"{name}.py"]
    example = (ROOT / f"docs/examples/reckoner_examples/{name}.py").read_text()
    body = text.partition(f"def {name}(")[2]
    assert body.strip()
    assert body in example


@pytest.mark.parametrize(
    ("page", "name"),
    [(PAGE, "prime_factors"), (PAGE, "mandelbrot"), (README, "squares")],
    ids=["prime_factors", "mandelbrot", "squares"],
)
def test_check_function_prints_what_the_page_shows(packages, page, name):
    command = rf"^\$ reckoner check-function {name} '([^'\n]+)'\n(.*?)^(?:```)?$"
    [(arguments, shown)] = re.findall(command, page, re.MULTILINE | re.DOTALL)
    printed = run(packages / name, "reckoner.cli", "check-function", name, arguments)
    assert without_measurements(printed) == without_measurements(shown)


def test_the_function_of_the_readme_is_what_new_function_writes(packages):
    block = r"^```python\n(@function\ndef squares.*?)^```$"
    [shown] = re.findall(block, README, re.MULTILINE | re.DOTALL)
    written = (packages / "squares/squares.py").read_text()
    assert re.sub(r"^ +#.*\n", "", written, flags=re.MULTILINE).endswith(shown)


def without_measurements(report):
    """Leave out what differs: time and memory, and what zlib's version makes of a picture."""
    lines = [line for line in report.splitlines() if not line.startswith(("seconds", "memory"))]
    return [re.sub(r"^result .* of (image/png), .*", r"\1", line) for line in lines]
