"""Fractions, defaults and a seed; JSON from a dataclass, computed twice to be sure."""

import math
import random
from dataclasses import dataclass
from typing import Annotated

from reckoner import Ge, Gt, Le, function


@dataclass(frozen=True)
class Price:
    """What the option is worth, and how far that may be off."""

    price: float
    standard_error: float


@function(check="recompute", examples=[{"spot": 100, "strike": 110, "volatility": 0.2}])
def option_price(
    spot: Annotated[float, Gt(0), Le(1e9)],
    strike: Annotated[float, Gt(0), Le(1e9)],
    volatility: Annotated[float, Gt(0), Le(5)],
    years: Annotated[float, Gt(0), Le(50)] = 1.0,
    rate: Annotated[float, Ge(-1), Le(1)] = 0.0,
    paths: Annotated[int, Ge(2), Le(10**8)] = 100_000,
    seed: Annotated[int, Ge(0)] = 0,
) -> Price:
    """The price of a European call option, by Monte Carlo.

    Args:
        spot: The price of the share today.
        strike: The price at which the option buys it.
        volatility: The standard deviation of its yearly return; 0.2 is 20 %.
        years: The time until then.
        rate: The yearly interest rate without risk; 0.03 is 3 %.
        paths: How many prices are drawn.
        seed: Where the random numbers begin; equal seeds give equal results.
    """
    draw = random.Random(seed).gauss
    drift = (rate - volatility**2 / 2) * years
    spread = volatility * math.sqrt(years)
    total = squares = 0.0
    for _ in range(paths):
        payoff = max(0.0, spot * math.exp(drift + spread * draw(0.0, 1.0)) - strike)
        total += payoff
        squares += payoff * payoff
    discount = math.exp(-rate * years)
    mean = total / paths
    variance = max(0.0, squares / paths - mean * mean)
    return Price(discount * mean, discount * math.sqrt(variance / paths))
