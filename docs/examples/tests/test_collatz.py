from reckoner_examples.collatz import Longest, collatz


def test_longest_sequence_below_a_thousand():
    # https://oeis.org/A006877 and https://oeis.org/A006878
    assert collatz(below=1_000) == Longest(start=871, steps=178)


def test_progress_never_decreases():
    told: list[float] = []
    collatz(below=30_001, progress=told.append)
    assert told == sorted(told)
    assert len(told) == 3
    assert all(0 <= done <= 1 for done in told)
