"""What the service knows of a function: its estimate, size, check and fingerprint."""

import typing
from typing import Annotated

from reckoner import (
    CalculationFailed,
    Estimate,
    Function,
    Le,
    Residue,
    function,
)
from tests.unit.reckoner.authoring.samples import constant, digits, halve, is_good, plain, residue

OldTypedDict = typing.TypedDict("OldTypedDict", {"a": int})  # noqa: UP013


def test_an_estimate_that_fails_is_logged_once_and_counts_as_none(caplog):
    def estimate(n: int) -> Estimate:
        if n == 0:
            raise ZeroDivisionError("no")
        return [None, Estimate(-1, 1), Estimate(1, 1.5), Estimate(1, 1, -1)][n - 1]  # type: ignore[return-value, arg-type]

    for wrong in range(5):
        caplog.clear()
        faulty = function(name="faulty", estimate=estimate)(plain)
        for _ in range(3):
            assert faulty.estimate(faulty.bind({"n": wrong})) is None
        (record,) = caplog.records
        assert "estimate of the function faulty is ignored" in record.getMessage()


def test_an_estimate_of_what_is_computed_twice_takes_twice_the_time():
    twice = function(estimate=lambda n: Estimate(n, 7, 8), check="recompute")(plain)
    assert twice.estimate(twice.bind({"n": 2})) == Estimate(4, 7, 8)
    assert twice.check_name == "recomputed"


def test_the_only_integer_is_the_size_if_there_is_an_estimate():
    assert function(estimate=constant)(plain).size_argument == "n"
    assert function(plain).size_argument is None

    def two(n: int, m: int, label: str) -> None: ...

    assert function(estimate=constant)(two).size_argument is None
    assert function(estimate=constant, size_argument="m")(two).size_argument == "m"


def test_a_check_has_a_name():
    assert function(check=is_good)(plain).check_name == "check"
    assert function(check=Residue(residue))(digits).check_name == "residue"


def test_the_fingerprint_changes_with_source_bounds_and_defaults():
    def of(source: str) -> str:
        names: dict[str, object] = {"function": function, "Annotated": Annotated, "Le": Le}
        exec(f"@function\n{source}", names)  # noqa: S102
        found = names["f"]
        assert isinstance(found, Function)
        return found.fingerprint

    sources = [
        "def f(n: int) -> int: return n",
        "def f(n: int) -> int: return n + 1",
        "def f(n: int) -> int: return n - 1",
        "def f(n: int) -> int: return abs(n)",
        "def f(n: int = 1) -> int: return n",
        "def f(n: int = 2) -> int: return n",
        "def f(n: Annotated[int, Le(5)]) -> int: return n",
        "def f(n: float) -> int: return n",
    ]
    assert len({of(source) for source in sources}) == len(sources)
    assert of(sources[0]) == of(sources[0])


def test_the_fingerprint_of_a_file_is_that_of_its_source():
    def again(x: float, *, times: int = 1) -> float:
        return x

    other = function(name="halve")(again)
    assert halve.fingerprint != other.fingerprint
    assert len(halve.fingerprint) == 64


def test_a_failure_has_words_and_details():
    failure = CalculationFailed("The matrix is singular.", row=3, detail="a")
    assert (str(failure), failure.detail) == ("The matrix is singular.",) * 2
    assert failure.details == {"row": 3, "detail": "a"}
