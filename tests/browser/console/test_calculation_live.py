"""The page of a calculation while it is computed, and the lines that do the same."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.console import modules
from tests.browser.console.ended import path_of

pytestmark = pytest.mark.slow

#: Longer than a test: it is cancelled.
ENDLESS = {"width": 4096, "span": 0.01}

#: A program that only says what it was called with.
STUB = """#!{python}
import json, sys
print(json.dumps(sys.argv))
"""


@pytest.fixture
def submit(stack):
    """Submit a calculation; return its document."""

    def submit(function, **arguments):
        body = {"function": function, "arguments": arguments}
        return httpx.post(f"{stack.url}/calculations", json=body).raise_for_status().json()

    return submit


def lines_of(page, name):
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel").inner_text()


def run(text, folder, **environment):
    """Run lines in a shell; return its output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", text],
        cwd=folder,
        env=os.environ | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_is_watched_to_its_end_without_a_reload(open_console, stack, submit, screenshot):
    document = submit("mandelbrot", width=400, x=-0.7)
    page = open_console(path_of(document["id"]))
    page.evaluate("window.isTheSame = true")
    expect(page.get_by_role("region", name="Running").get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("left", exact=False).first).to_be_visible()
    screenshot(page, "calculation-running")
    expect(page.locator("main .status")).to_have_text("succeeded", timeout=60_000)
    expect(page.get_by_text("400 × 400 pixels")).to_be_visible()
    assert page.evaluate("window.isTheSame") is True
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Handed to the queue")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    answer = httpx.get(f"{stack.url}/calculations/{document['id']}/result")
    assert started.value.path().read_bytes() == answer.content
    assert started.value.suggested_filename in answer.headers["Content-Disposition"]
    screenshot(page, "calculation-picture")


def test_one_is_cancelled_after_a_question_and_run_again(open_console, stack, submit):
    document = submit("mandelbrot", **ENDLESS)
    page = open_console(path_of(document["id"]))
    status = page.locator("main .status")
    expect(status).to_have_text("running")
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    cancel.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(status).to_have_text("running")
    cancel.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the calculation").click()
    expect(status).to_have_text("cancelled")
    expect(page.get_by_role("region", name="The calculation was cancelled")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("button", name="Run again").click()
    expect(status).to_have_text("running")
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Submitted again")
    httpx.delete(f"{stack.url}/calculations/{document['id']}").raise_for_status()
    expect(status).to_have_text("cancelled")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("linear_system", {"matrix": [[2, 1], [1, 3]], "right": [0.5, -1e-7]}),
        ("mandelbrot", {"width": 20, "span": 2.5}),
    ],
)
def test_the_lines_do_the_same(open_console, stack, submit, tmp_path, function, arguments):
    document = submit(function, **arguments)
    page = open_console(path_of(document["id"]))
    expect(page.locator("main .status")).to_have_text("succeeded")
    download = page.get_by_role("link", name="Download")
    expect(download).to_have_attribute("download", re.compile("-"))
    file = tmp_path / str(download.get_attribute("download"))
    expected = httpx.get(f"{stack.url}/calculations/{document['id']}/result").content
    answer = run(lines_of(page, "curl"), tmp_path)
    assert json.loads(answer)["id"] == document["id"]
    assert file.read_bytes() == expected
    file.unlink()
    in_python = f"python -c {shlex.quote(lines_of(page, 'Python'))}"
    for text in (lines_of(page, "reckoner"), in_python):
        printed = run(text, tmp_path)
        if function == "mandelbrot":
            assert file.read_bytes() == expected
            file.unlink()
        else:
            assert ast.literal_eval(printed) == json.loads(expected)


def lines_for(page, arguments, *, has_keys=False):
    """Return the lines for these arguments, by name."""
    script = """
        const { parseJson } = await use("core/json.js");
        const { linesFor } = await use("pages/calculation/lines/lines.js");
        const { given, hasKeys } = argument;
        const shown = {
            id: "an-id",
            function: "made_up",
            arguments: parseJson(given),
            result: { media_type: "application/json" },
        };
        const place = { origin: "http://reckoner.example", hasKeys, fileName: "a file.json" };
        return linesFor({ document: shown, ...place }).map(({ name, text }) => [name, text]);
    """
    return dict(modules.run(page, script, {"given": json.dumps(arguments), "hasKeys": has_keys}))


def called(text, folder):
    """Run lines in a shell whose programs only say what they are called with."""
    for name in ("curl", "reckoner"):
        (folder / name).write_text(STUB.format(python=sys.executable))
        (folder / name).chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    printed = run(text, folder, PATH=path, RECKONER_KEY="rk_a $key")
    return [json.loads(line) for line in printed.splitlines()]


def test_the_lines_mean_these_arguments_to_a_shell_and_to_python(open_console, tmp_path):
    given = {
        "text": 'it\'s "so" $HOME `id` \\ ! \n\t zürich 漢 😀 \u202egnisrever',
        "import": [None, True, 1e22, -1e-7, {"O'Hara": "'; rm -rf ~; '"}],
        "n": 2**53 + 1,
    }
    texts = lines_for(open_console("/console/nowhere"), given)
    # What is copied is what was read: nothing turns the order of the characters around.
    assert not any("\u202e" in text for text in texts.values())
    submitted, fetched = called(texts["curl"], tmp_path)
    body = json.loads(submitted[submitted.index("-d") + 1])
    assert body == {"function": "made_up", "arguments": given}
    assert fetched[-1] == "a file.json"
    (command,) = called(texts["reckoner"], tmp_path)
    assert command[1:3] == ["run", "made_up"]
    assert json.loads(command[3]) == given
    (call,) = [
        node
        for node in ast.walk(ast.parse(texts["Python"]))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "call"
    ]
    assert [ast.literal_eval(argument) for argument in call.args] == ["made_up", given]


def test_where_keys_are_on_the_lines_take_the_key_from_the_environment(open_console, tmp_path):
    texts = lines_for(open_console("/console/nowhere"), {"n": 6}, has_keys=True)
    for command in called(texts["curl"], tmp_path):
        assert command[command.index("-H") + 1] == "Authorization: Bearer rk_a $key"
    (command,) = called(texts["reckoner"], tmp_path)
    assert command[1:] == ["run", "made_up", "n=6", "--url", "http://reckoner.example"]
    assert 'key=os.environ["RECKONER_KEY"]' in texts["Python"]
