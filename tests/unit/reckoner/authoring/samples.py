"""Functions of authors, with what may belong to them."""

from reckoner import Digits, Estimate, function


@function
def halve(x: float, *, times: int = 1) -> float:
    """Halve a number.

    Once, or several times.

    Args:
        x: What is halved,
            in one or more steps.
        times: How often.

    Returns:
        What is left.
    """
    return x / (1 << times)


def plain(n: int) -> int:
    return n


def digits(n: int) -> Digits:
    return str(n)


def residue(n: int, modulus: int) -> int:
    return n % modulus


def is_good(result: object, n: int) -> bool:
    return True


def constant(**_arguments: object) -> Estimate:
    return Estimate(1, 1)
