"""`reckoner batch`: files of calculations, results in their order."""

import json

from tests.e2e.numbers import fibonacci, fresh


def test_ndjson_gives_a_document_a_line_in_order(reckoner):
    ns = [fresh(20_000, 60_000) for _ in range(20)]
    given = "".join(f'{{"function": "fibonacci", "arguments": {{"n": {n}}}}}\n' for n in ns)
    done = reckoner("batch", "-", stdin=given.encode())
    assert (done.status, done.errors) == (0, "")
    assert [line["arguments"]["n"] for line in done.lines] == ns
    assert {line["status"] for line in done.lines} == {"succeeded"}
    assert done.lines[0]["result"]["tail"] == fibonacci(ns[0])[-20:]


def test_csv_has_typed_cells_and_defaults(reckoner, tmp_path):
    file = tmp_path / "all.csv"
    file.write_bytes("\ufefffunction,n,rows\nfibonacci,1e2,\nrandom_walk,,3\r\n".encode())
    done = reckoner("batch", str(file))
    assert [line["arguments"] for line in done.lines] == [{"n": 100}, {"rows": 3, "seed": 0}]


def test_one_function_for_all(reckoner, tmp_path):
    file = tmp_path / "numbers.csv"
    file.write_text("n\n10\n1_000\n")
    rows = reckoner("batch", str(file), "--function", "fibonacci").lines
    assert [row["arguments"]["n"] for row in rows] == [10, 1000]
    lines = reckoner("batch", "-", "--function", "fibonacci", stdin=b'{"n": 10}\n{"n": 1000}')
    assert [row["id"] for row in lines.lines] == [row["id"] for row in rows]
    shown = reckoner("batch", str(file), "--function", "fibonacci", "-o", "text").text
    assert shown.splitlines()[0] == f'{rows[0]["id"]} succeeded: fibonacci {{"n":10}}'
    array = reckoner("batch", str(file), "--function", "fibonacci", "-o", "json").json
    assert [row["id"] for row in array] == [row["id"] for row in rows]


def test_a_failed_one_is_written_and_is_status_1(reckoner):
    given = [
        {"function": "check_says_no", "arguments": {"n": fresh(0, 10**9)}},
        {"function": "fibonacci", "arguments": {"n": 10}},
    ]
    done = reckoner("batch", "-", stdin="\n".join(map(json.dumps, given)).encode())
    assert [line["status"] for line in done.lines] == ["failed", "succeeded"]
    assert done.status == 1
    assert done.errors == "Not all have succeeded: 1 failed.\n"


def test_arguments_that_the_service_refuses_are_status_2_and_submit_nothing(reckoner):
    n = fresh(1_000_000_000, 2_000_000_000)
    given = f'{{"n": {n}}}\n{{"n": -1}}\n'
    done = reckoner("batch", "-", "--function", "fibonacci", stdin=given.encode())
    assert (done.status, done.output) == (2, b"")
    assert "/calculations/1/arguments/n" in done.errors
    listed = reckoner("list", "--function", "fibonacci", "-o", "jsonl").lines
    assert n not in [one["arguments"]["n"] for one in listed]


def test_an_empty_file_is_nothing_to_do(reckoner, tmp_path):
    assert reckoner("batch", "-", stdin=b"").output == b""
    assert reckoner("batch", "-", "-o", "json", stdin=b"").json == []
