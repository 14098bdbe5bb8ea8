"""numpy, lists of lists, and a failure in the author's own words."""

from typing import Annotated

import numpy as np

from reckoner import CalculationFailed, Len, function

Row = Annotated[list[float], Len(1, 200)]


@function(examples=[{"matrix": [[2, 1], [1, 3]], "right": [3, 5]}])
def linear_system(matrix: Annotated[list[Row], Len(1, 200)], right: Row) -> list[float]:
    """The vector x for which matrix · x = right.

    Args:
        matrix: The rows of a square matrix.
        right: As many numbers as the matrix has rows.
    """
    sizes = {len(row) for row in matrix} | {len(right)}
    if sizes != {len(matrix)}:
        raise CalculationFailed(f"A square matrix needs {len(matrix)} numbers in each row.")
    try:
        solution = np.linalg.solve(np.array(matrix), np.array(right))
    except np.linalg.LinAlgError:
        raise CalculationFailed("The matrix is singular.") from None
    return [float(x) for x in solution]
