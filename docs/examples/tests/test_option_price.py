import math

from reckoner_examples.option_price import option_price


def test_price_is_that_of_black_and_scholes():
    found = option_price(spot=100.0, strike=105.0, volatility=0.2, rate=0.03, paths=20_000)
    assert abs(found.price - _black_scholes(100, 105, 0.2, 1, 0.03)) < 4 * found.standard_error


def test_equal_seeds_give_equal_prices():
    arguments = {"spot": 1.0, "strike": 1.0, "volatility": 0.5, "paths": 100}
    assert option_price(**arguments, seed=7) == option_price(**arguments, seed=7)
    assert option_price(**arguments, seed=7) != option_price(**arguments, seed=8)


def _black_scholes(spot, strike, volatility, years, rate):
    spread = volatility * math.sqrt(years)
    upper = (math.log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    return spot * _normal(upper) - strike * math.exp(-rate * years) * _normal(upper - spread)


def _normal(x):
    return (1 + math.erf(x / math.sqrt(2))) / 2
