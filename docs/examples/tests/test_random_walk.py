import csv
from itertools import pairwise

from reckoner_examples.random_walk import random_walk


def test_walk_is_a_csv_with_a_row_for_each_step():
    rows = list(csv.DictReader(random_walk(rows=1_000)))
    assert [int(row["step"]) for row in rows] == list(range(1, 1_001))
    positions = [float(row["position"]) for row in rows]
    assert all(abs(after - before) < 6 for before, after in pairwise(positions))


def test_equal_seeds_give_equal_walks():
    assert list(random_walk(rows=9, seed=7)) == list(random_walk(rows=9, seed=7))
    assert list(random_walk(rows=9, seed=7)) != list(random_walk(rows=9, seed=8))
