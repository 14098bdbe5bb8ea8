"""What commands write: values, documents and lists, exact, in each form and locale."""

import hashlib
import subprocess

import pytest

from reckoner.client import Client
from tests.e2e.cli.command import NOBODYS_ID, PROGRAM, environment, run
from tests.e2e.numbers import fibonacci, fresh

_LATIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def test_a_long_value_is_whole(reckoner):
    n = fresh(20_000, 100_000)
    assert reckoner("run", "fibonacci", f"n={n}").text == f"{fibonacci(n)}\n"


def test_a_document_is_json_on_lines_or_on_one(reckoner):
    pretty = reckoner("run", "fibonacci", "n=100", "-o", "json")
    line = reckoner("run", "fibonacci", "n=1e2", "-o", "jsonl")
    assert pretty.json == line.json
    assert pretty.json["result"]["value"] == "354224848179261915075"
    assert pretty.text.count("\n") > 20
    assert line.text.count("\n") == 1


def test_what_it_calculates_is_written_as_the_id_is_made_of_it(reckoner):
    given = '{"spot": 100.0, "strike": 1e2, "volatility": 1e-7, "paths": 1000}'
    line = reckoner("submit", "option_price", given, "-o", "jsonl").text
    assert '"spot":100,"strike":100,"volatility":1e-7,"years":1}' in line


def test_submit_prints_the_id_and_get_finds_it(reckoner):
    identity = reckoner("submit", "fibonacci", "n=100").text
    found = reckoner("get", identity.strip(), "-o", "json").json
    assert identity == f"{found['id']}\n"
    shown = reckoner("get", identity.strip()).text
    assert "354224848179261915075" in shown
    assert 'arguments    {"n":100}' in shown


def test_a_list_is_an_array_or_lines(reckoner):
    for n in (5, 6, 7):
        reckoner("submit", "factorial", f"n={n}")
    conditions = ("list", "--function", "factorial", "--status", "succeeded", "--limit", "2")
    assert len(reckoner(*conditions, "-o", "json").json) == 2
    lines = reckoner(*conditions, "-o", "jsonl").lines
    assert [line["function"] for line in lines] == ["factorial", "factorial"]
    cells = reckoner(*conditions).text.splitlines()[0].split("\t")
    assert cells[:3] == [lines[0]["id"], "succeeded", "quick"]


def test_an_empty_list_is_an_empty_array_and_nothing_else(reckoner):
    nobodys = ("list", "--function", "fibonacci", "--created-after", "2100-01-01")
    assert reckoner(*nobodys, "-o", "json").text == "[]\n"
    assert reckoner(*nobodys, "-o", "jsonl").output == b""
    assert reckoner(*nobodys).output == b""


def test_times_are_read_with_and_without_zone(reckoner):
    reckoner("submit", "fibonacci", "n=100")
    everything = ("--created-after", "2020-01-01T00:00:00+01:00", "--created-before", "2100-01-01")
    assert reckoner("list", *everything, "--limit", "1", "-o", "json").json
    assert reckoner("list", "--created-after", "yesterday").status == 2


def test_functions_are_listed_and_described(reckoner):
    assert "\nfibonacci " in reckoner("functions").text
    assert "fibonacci" in [one["name"] for one in reckoner("functions", "-o", "jsonl").lines]
    described = reckoner("functions", "fibonacci").text
    assert "n: integer, at least 0, at most 10000000000" in described
    schema = reckoner("functions", "fibonacci", "-o", "json").json["arguments"]
    assert schema["properties"]["n"]["type"] == "integer"


def test_arguments_of_each_kind_are_understood(reckoner, tmp_path):
    (tmp_path / "right").write_text("[3.0, 5.0]\n")
    done = reckoner(
        "run", "linear_system", "matrix=[[2, 1], [1, 3.0]]", f"right=@{tmp_path / 'right'}"
    )
    assert done.json == [0.8, 1.4]
    file = tmp_path / "arguments"
    file.write_text('{"n": 360}')
    assert reckoner("run", "prime_factors", "--arguments-file", str(file)).json["2"] == 3
    assert reckoner("run", "roman_numeral", '{"n": 1994}').text == "MCMXCIV\n"


def test_an_estimate_says_what_it_would_need(reckoner):
    n = fresh(1_000_000_000, 2_000_000_000)
    found = reckoner("estimate", "fibonacci", f"n={n}", "-o", "json").json
    assert (found["lane"], found["status"]) == ("heavy", None)
    assert found["estimate"]["digits"] > 200_000_000
    assert "digits" in reckoner("estimate", "fibonacci", f"n={n}").text
    assert reckoner("get", found["id"]).status == 3


def test_a_download_is_the_result_and_leaves_no_other_file(reckoner, tmp_path):
    found = reckoner("run", "random_walk", "rows=1e5", "-o", "json").json
    target = tmp_path / "walk.csv"
    assert reckoner("result", found["id"], "-o", str(target)).output == b""
    assert hashlib.sha256(target.read_bytes()).hexdigest() == found["result"]["sha256"]
    assert [path.name for path in tmp_path.iterdir()] == ["walk.csv"]
    assert reckoner("result", found["id"]).output == target.read_bytes()


def test_the_name_of_a_form_is_no_file(reckoner):
    identity = reckoner("submit", "fibonacci", "n=100").text.strip()
    done = reckoner("result", identity, "-o", "json")
    assert done.status == 2
    assert "./json" in done.errors


@pytest.mark.slow
def test_another_locale_gets_the_same_bytes(base_url):
    done = run(base_url, "run", "roman_numeral", "n=1994", **_LATIN)
    assert (done.status, done.output, done.errors) == (0, b"MCMXCIV\n", "")
    described = run(base_url, "functions", "linear_system", **_LATIN)
    assert described.status == 0
    assert b"matrix" in described.output


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("run", "fibonacci", "n=1e6"), ("list",)])
def test_a_full_disk_is_status_1_and_a_sentence(base_url, arguments):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [*PROGRAM, *arguments],
            env=environment(base_url),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Standard output cannot be written: No space left on device.")
    assert done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_status_1(reckoner, tmp_path):
    identity = reckoner("submit", "fibonacci", "n=100").text.strip()
    done = reckoner("result", identity, "-o", str(tmp_path / "no/such/folder"))
    assert (done.status, done.errors.count("\n")) == (1, 1)
    assert "cannot be written" in done.errors


def test_a_calculation_is_watched_until_it_is_finished(reckoner):
    identity = reckoner("submit", "fibonacci", f"n={fresh(5_000_000, 9_000_000)}").text.strip()
    done = reckoner("watch", identity, "-o", "jsonl")
    assert done.status == 0
    assert {line["id"] for line in done.lines} == {identity}
    assert done.lines[-1]["status"] == "succeeded"
    assert reckoner("watch", identity).text.startswith(f"{identity} succeeded: fibonacci")


def test_a_watched_one_is_not_asked_for_again_and_again(reckoner, monkeypatch):
    """Its events are followed, until the time-out too."""
    monkeypatch.setattr(Client, "wait", None)
    identity = reckoner("submit", "fibonacci", f"n={fresh(10**9, 2 * 10**9)}").text.strip()
    done = reckoner("watch", identity, "--timeout", "1")
    assert done.status == 124
    assert done.text.startswith(identity)
    assert identity in done.errors
    reckoner("cancel", identity)


def test_the_newest_are_watched_each_once(reckoner):
    reckoner("submit", "fibonacci", "n=100")
    done = reckoner("watch", "--status", "succeeded", "--timeout", "1.2", "-o", "jsonl")
    assert done.status == 124
    ids = [line["id"] for line in done.lines]
    assert 0 < len(ids) == len(set(ids)) <= 20


def test_an_id_and_conditions_are_one_too_many(reckoner):
    for command in ("watch", "cancel"):
        assert reckoner(command, NOBODYS_ID, "--lane", "heavy").status == 2
    assert reckoner("cancel").status == 2
    refused = reckoner("cancel", "--lane", "heavy")
    assert refused.status == 2
    assert "--yes" in refused.errors


def test_each_of_several_is_cancelled_and_the_first_failure_counts(reckoner):
    ids = [reckoner("submit", "fibonacci", f"n={fresh(10**9, 2 * 10**9)}").text.strip()]
    ids += [reckoner("submit", "fibonacci", f"n={fresh(10**9, 2 * 10**9)}").text.strip()]
    done = reckoner("cancel", ids[0], NOBODYS_ID, ids[1], "-o", "jsonl")
    assert [line["id"] for line in done.lines] == ids
    assert done.status == 3
    assert done.errors.startswith(f"{NOBODYS_ID}: ")
    finished = reckoner("submit", "fibonacci", "n=100").text.strip()
    assert reckoner("cancel", finished).status == 1
