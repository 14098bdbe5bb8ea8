"""Behind a terminator of TLS, as docs/how-to/behind-tls.md configures it."""

import json
import re
import shlex
from collections.abc import Iterator

import pytest

from tests.e2e.keys.api_keys import bearer
from tests.e2e.keys.terminator import GUIDE, NAME, PAGE, Terminator, terminator

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tls(keyed, state_folder) -> Iterator[Terminator]:
    header = f"Authorization: {bearer(keyed.keys.texts['operator'])['Authorization']}"
    with terminator(state_folder / "terminator", keyed.stack.url, header) as tls:
        yield tls


def test_the_checks_of_the_pages_are_right_behind_the_tls_terminator(tls):
    """Each command with curl for the public name, but of one calculation, and what is right."""
    row = r"`curl ([^`]*https://HOST(?!/calculations/ID)[^`]*)` \| (.*) \|$"
    rows = re.findall(row, PAGE + GUIDE, re.MULTILINE)
    assert len(rows) >= 9
    for command, right in rows:
        answer = tls.curl(*shlex.split(command.replace("HOST", NAME)))
        if status := re.match(r"\d{3}", right):
            assert answer.splitlines()[0].split()[1] == status[0], command
        elif right.startswith("no `"):
            assert right.split("`")[1].lower() not in answer.lower()
        else:
            assert all(word.lower() in answer.lower() for word in re.findall(r"`(.+?)`", right)), (
                command
            )


def test_a_page_of_the_public_name_may_act_by_its_session(tls):
    """Behind TLS, where its origin has another scheme than NGINX sees."""
    url = f"https://{NAME}"
    answer = tls.curl("-si", "-X", "POST", "-H", "@header", "-c", "cookies", f"{url}/session")
    assert answer.startswith("HTTP/1.1 201")
    body = json.dumps({"function": "fibonacci", "arguments": {"n": 100}})
    own = ("-b", "cookies", "-H", f"Origin: {url}", "-H", "Content-Type: application/json")
    assert tls.curl("-si", *own, f"{url}/calculations", "-d", body).startswith("HTTP/1.1 200")
    other = ("-b", "cookies", "-H", "Origin: https://elsewhere.example.org")
    assert tls.curl("-si", *other, f"{url}/calculations", "-d", body).startswith("HTTP/1.1 403")
