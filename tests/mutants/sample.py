"""A sample of the mutations that cosmic-ray can make of the product's Python.

Its operators replace operators, comparisons, numbers and keywords, remove decorators, and the like.
Which tests are run against one follows from the imports: first those that import the mutated
module, then those that import what imports it, and in the end those of the whole service.
"""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.mutants.copies import ROOT

_PACKAGES = ("gateway", "workers", "shared")
_TESTS = ("unit", "integration")
_WHOLE = "tests/e2e"

#: These operators need the name of a variable.
_LEFT_OUT = ("core/VariableReplacer", "core/VariableInserter")


@dataclass(frozen=True, slots=True)
class Sampled:
    """One mutation: a file, its text with the fault, and the line that changed."""

    file: str
    text: str
    change: str


def draw(count: int, seed: int) -> Iterator[Sampled]:
    """Yield up to `count` mutations, drawn at random among all files and operators."""
    generator = random.Random(seed)
    places = list(_places())
    generator.shuffle(places)
    drawn = 0
    for file, operator, occurrence in places:
        if drawn == count:
            return
        source = (ROOT / file).read_text()
        try:
            text = mutate_code(source, get_operator(operator)(), occurrence)
        except AttributeError:  # ExceptionReplacer cannot replace a dotted name (cosmic-ray 8.7)
            continue
        if text is None or _is_same(source, text):
            continue
        drawn += 1
        yield Sampled(file, text, _change(source, text))


def _places() -> Iterator[tuple[str, str, int]]:
    operators = [name for name in operator_names() if not name.startswith(_LEFT_OUT)]
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            nodes = list(ast_nodes(get_ast(path.read_text())))
            for name in operators:
                operator = get_operator(name)()
                count = sum(len(list(operator.mutation_positions(node))) for node in nodes)
                file = str(path.relative_to(ROOT))
                yield from ((file, name, occurrence) for occurrence in range(count))


def _is_same(source: str, text: str) -> bool:
    """Return whether it is the same program, annotations left out, or none at all."""
    try:
        return ast.dump(_Bare().visit(ast.parse(source))) == ast.dump(
            _Bare().visit(ast.parse(text))
        )
    except SyntaxError:
        return True


class _Bare(ast.NodeTransformer):
    """Removes annotations: none of our code reads those of functions at run time."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _change(source: str, text: str) -> str:
    for number, (before, after) in enumerate(
        zip(source.splitlines(), text.splitlines(), strict=False), 1
    ):
        if before != after:
            return f"{number}: {before.strip()}  →  {after.strip()}"
    return "the end"


def tests_of(file: str) -> list[list[str]]:
    """Return the tests to run against a mutated file, in groups: the nearest first."""
    module = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    importers = {module} | {name for name, imported in _imports().items() if module in imported}
    near, far = [], []
    for path, imported in _test_imports().items():
        if module in imported:
            near.append(path)
        elif importers & imported:
            far.append(path)
    return [group for group in (near, far, [_WHOLE]) if group]


@cache
def _imports() -> dict[str, frozenset[str]]:
    return {
        str(path.relative_to(ROOT)).removesuffix(".py").replace("/", "."): _imported_by(path)
        for package in _PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }


@cache
def _test_imports() -> dict[str, frozenset[str]]:
    """Return what each test file imports, by itself and through its helpers in tests/."""
    found = {}
    for folder in _TESTS:
        for path in sorted((ROOT / "tests" / folder).rglob("test_*.py")):
            names = _imported_by(path)
            for helper in {name for name in names if name.startswith("tests.")}:
                file = ROOT / f"{helper.replace('.', '/')}.py"
                names |= _imported_by(file) if file.exists() else frozenset()
            found[str(path.relative_to(ROOT))] = names
    return found


def _imported_by(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)
