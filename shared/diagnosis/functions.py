"""Whether all functions that are installed can be used."""

from collections.abc import Iterable, Iterator

from shared.diagnosis.problem import Problem, Severity
from shared.functions.registry import FunctionProblem


def function_problems(problems: Iterable[FunctionProblem]) -> Iterator[Problem]:
    """Yield each that was left out, and why."""
    for problem in problems:
        yield Problem(
            Severity.FAULT,
            f"The function {problem.entry_point} of the package {problem.package} cannot be used. "
            f"{problem.detail}",
            "Correct or remove the package.",
        )
