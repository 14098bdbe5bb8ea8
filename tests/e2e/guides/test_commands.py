"""The commands in README.md, docs/tutorial and docs/how-to do what the pages say."""

import pytest

from tests.e2e.guides.output import is_as_shown
from tests.e2e.guides.page import ROOT, pages, steps

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_print_what_it_shows(page, guided, tmp_path):
    wrong = [
        f"$ {command.line}\n{printed}\n(status {status})"
        for command, status, printed in guided.shell(tmp_path).run(steps(page.read_text()))
        if status or not is_as_shown(printed, command.shown)
    ]
    assert not wrong, "\n\n".join(wrong)
