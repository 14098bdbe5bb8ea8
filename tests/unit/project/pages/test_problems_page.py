"""docs/reference/problems.md has every type of problem, with its status and what to do."""

import re
from pathlib import Path

from gateway.description.problems import PROBLEM_TYPES
from shared.failures import FAILURE_REASONS, PROBLEM_PREFIX

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/reference/problems.md").read_text()

_ROW = re.compile(r"^\| (\d{3}) \| `([a-z-]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


def rows_of(text):
    return [(int(status), name) for status, name, _, _ in _ROW.findall(text)]


def test_it_has_the_problem_types_of_the_code_with_their_statuses_once_each():
    described = [
        (kind.status, name)
        for kind in PROBLEM_TYPES.values()
        for name in (kind.names or (kind.name,))
    ]
    assert sorted(rows_of(PAGE)) == sorted(described)


def test_it_says_of_each_when_it_comes_and_what_to_do():
    rows = _ROW.findall(PAGE)
    assert len(rows) == len(re.findall(r"^\| \d{3} \|", PAGE, re.MULTILINE))
    assert all(remedy.endswith(".") for _, _, _, remedy in rows)


def test_the_reasons_why_there_is_no_result_have_a_section():
    section = PAGE.partition("## Why a calculation has no result")[2].partition("\n## ")[0]
    assert {name for _, name in rows_of(section)} == FAILURE_REASONS


def test_it_names_the_members_of_each():
    for kind in PROBLEM_TYPES.values():
        for member in kind.members:
            assert f"`{member}`" in PAGE, kind.name


def test_what_may_be_repeated_is_what_has_a_time_to_do_so():
    section = PAGE.partition("## Not now")[2].partition("\n## ")[0]
    later = {kind.name for kind in PROBLEM_TYPES.values() if "Retry-After" in kind.example.headers}
    assert {name for _, name in rows_of(section)} | {"not-finished"} == later


def test_its_example_is_one_of_the_service():
    assert f'"type": "{PROBLEM_PREFIX}invalid-arguments"' in PAGE
    example = PROBLEM_TYPES["InvalidArguments"].example.document()
    assert str(example["detail"]) in PAGE
