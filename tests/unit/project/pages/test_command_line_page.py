"""The page of the command line has its commands, their exit statuses, and examples that parse."""

import re
from pathlib import Path

from reckoner.cli.exit_status import MEANINGS, ExitStatus
from tests.documents.commands import commands_part
from tests.documents.parts import part_of
from tests.unit.reckoner.cli.test_help import OF_USERS, check_that_it_parses, command_lines

FILE = Path(__file__).parents[4] / "docs/reference/command-line.md"
PAGE = FILE.read_text()


def test_each_command_is_in_the_table():
    table = PAGE.partition("| command |")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert [re.findall(r"`(\w+)", cell)[0] for cell in first_cells] == OF_USERS


def test_every_command_with_its_options_is_at_the_end():
    assert part_of(FILE, "commands") == commands_part(), "Run: make documents"
    assert "`prune`" in commands_part()
    assert "`--keep-bytes 50GB`" in commands_part()


def test_the_exit_statuses_are_those_of_the_commands():
    table = PAGE.partition("## Exit statuses")[2].partition("\n\n##")[0]
    found = dict(re.findall(r"^\| (\d+) \| (.+) \|$", table, re.MULTILINE))
    assert found == {str(int(status)): MEANINGS[status] for status in ExitStatus}


def test_each_example_parses():
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    lines = [
        line
        for block in blocks
        for line in command_lines(re.sub(r"\bif | <\S+|; then| >/dev/null", " ", block))
    ]
    assert len(lines) >= 10
    for line in lines:
        check_that_it_parses(line)
