"""What one statement stores is bounded, however long the results of a message are."""

from uuid import UUID

from shared.calculation import Work
from tests.factories import make_result
from workers.quick.group_commit import Outcome, _in_statements


def outcome(length):
    work = Work(UUID(int=length), "f", 1, "{}", None)
    return Outcome(work, make_result(length=length), None) if length else Outcome(work, None, "{}")


def test_a_statement_has_64_megabytes_of_results_or_one_result():
    lengths = [0, 10**6, 63 * 10**6, 1, 0, 268_000_000, 0, 64 * 10**6, 0]
    groups = list(_in_statements(outcome(length) for length in lengths))
    assert [[one.result_bytes for one in group] for group in groups] == [
        [0, 10**6, 63 * 10**6],
        [1, 0],
        [268_000_000],
        [0, 64 * 10**6, 0],
    ]


def test_no_outcomes_are_no_statement():
    assert list(_in_statements([])) == []
