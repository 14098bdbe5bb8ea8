import pytest

from reckoner import CalculationFailed
from reckoner_examples.linear_system import linear_system


def test_solution_of_a_system():
    found = linear_system(matrix=[[2.0, 1.0], [1.0, 3.0]], right=[3.0, 5.0])
    assert found == pytest.approx([0.8, 1.4])


@pytest.mark.parametrize(
    ("matrix", "words"),
    [([[1.0, 2.0], [2.0, 4.0]], "singular"), ([[1.0, 2.0], [1.0]], "needs 2 numbers")],
)
def test_a_system_without_a_solution_says_so(matrix, words):
    with pytest.raises(CalculationFailed, match=words):
        linear_system(matrix=matrix, right=[1.0, 1.0])
