"""`make mutants` goes through all faults, including those that can no longer be tried."""

from collections.abc import Collection

import pytest

from tests.mutants.__main__ import broken_claims
from tests.mutants.copies import Copy, TestsNotRun, Verdict
from tests.mutants.mutation import mutation
from tests.mutants.runs import Job, Outcome, by_area, not_run, run_all


class Claims(Copy):
    """A copy in which the tests named in `broken` fail, and those in `missing` do not exist."""

    def __init__(self, broken: Collection[str] = (), missing: Collection[str] = ()):
        self.broken, self.missing = set(broken), set(missing)
        self.runs = 0

    def verdict(self, tests, _timeout_seconds):
        self.runs += 1
        if self.missing.intersection(tests):
            raise TestsNotRun("no such test")
        return (Verdict.CAUGHT if self.broken.intersection(tests) else Verdict.SURVIVED), "output"


def job(name: str, run) -> Job:
    return Job("area", name, run)


def stale(_tree: Copy) -> Verdict:
    mutation("file.py", "is not there", "").mutated("text")
    raise AssertionError


def renamed(_tree: Copy) -> Verdict:
    raise TestsNotRun("no such test")


def test_a_mutation_that_cannot_be_run_does_not_stop_the_others():
    jobs = [job("stale", stale), job("renamed", renamed), job("good", lambda _: Verdict.CAUGHT)]
    outcomes = run_all([Claims()], jobs)
    assert [one.verdict for one in outcomes] == [Verdict.NOT_RUN, Verdict.NOT_RUN, Verdict.CAUGHT]
    assert [one.name for one in not_run(outcomes)] == ["stale", "renamed"]
    assert "found 0 times" in outcomes[0].reason


def test_an_error_of_the_runner_ends_all():
    def wrong(_tree):
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        run_all([Claims()], [job("wrong", wrong), job("good", lambda _: Verdict.CAUGHT)])


def test_what_was_not_run_counts_neither_as_caught_nor_as_survived():
    verdicts = [Verdict.CAUGHT, Verdict.HUNG, Verdict.SURVIVED, Verdict.NOT_RUN]
    assert by_area(Outcome("a", "name", verdict) for verdict in verdicts) == {"a": (2, 3)}


def test_the_claims_that_do_not_pass_are_found_among_many():
    claims = [f"test_{number}" for number in range(64)]
    tree = Claims({"test_5"}, {"test_40"})
    assert broken_claims(tree, claims) == {"test_5", "test_40"}
    assert tree.runs < 30
    assert broken_claims(Claims(), claims) == set()
