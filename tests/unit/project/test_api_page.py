"""docs/reference/api.md names every problem type that a client can meet."""

import ast
import re
from pathlib import Path

from shared.failures import FAILURE_REASONS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/api.md").read_text()


def names_in(file: Path) -> set[str]:
    """Return the names with which a module makes problems."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    arguments = [
        node.args[1] for node in calls if ast.unparse(node.func) == "Problem" and len(node.args) > 1
    ]
    constants = [node for one in arguments for node in ast.walk(one)]
    return {str(node.value) for node in constants if isinstance(node, ast.Constant)}


def test_every_problem_type_is_on_the_page():
    template = (ROOT / "compose/nginx/reckoner.conf.template").read_text()
    names = set(re.findall(r"urn:reckoner:problem:([a-z-]+)", template)) | FAILURE_REASONS
    for file in (ROOT / "gateway/http").glob("*.py"):
        names |= {name for name in names_in(file) if re.fullmatch("[a-z-]+", name)}
    assert len(names) > 25
    assert sorted(name for name in names if f"`{name}`" not in PAGE) == []
