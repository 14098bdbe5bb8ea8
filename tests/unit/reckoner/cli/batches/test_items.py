"""Files of calculations: what is read, and what is refused with its line."""

import io
import itertools
import tracemalloc

import pytest

from reckoner.cli.batches.items import read_items
from reckoner.cli.batches.source import Source, opened
from reckoner.cli.exit_status import CommandFailed, ExitStatus


def items(data: bytes, *, is_csv: bool, function: str | None = "f"):
    return list(read_items(Source("file", is_csv, io.BytesIO(data)), function))


def refusal(data: bytes, *, is_csv: bool, function: str | None = "f") -> str:
    with pytest.raises(CommandFailed) as caught:
        items(data, is_csv=is_csv, function=function)
    assert caught.value.status == ExitStatus.USAGE
    return caught.value.message


def test_cells_are_texts_and_empty_ones_are_left_out():
    rows = items(b'n, text\r\n1e3,"a,""b""\nc"\n5,\n', is_csv=True)
    assert [row.texts for row in rows] == [{"n": "1e3", "text": 'a,"b"\nc'}, {"n": "5"}]


def test_each_row_may_name_its_function():
    rows = items(b"function,n\ng,1\nh,2\n", is_csv=True, function=None)
    assert [(row.function, row.texts) for row in rows] == [("g", {"n": "1"}), ("h", {"n": "2"})]


def test_an_argument_may_be_called_function_where_the_function_is_given():
    assert items(b"function\nsine\n", is_csv=True)[0].texts == {"function": "sine"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"n\n1,2\n", "file, line 2: it has 2 cells, and the first line has 1"),
        (b"n\n\n", "file, line 2: it has 0 cells"),
        (b"n,n\n1,2\n", "a name for each column"),
        (b"n,\n1,2\n", "a name for each column"),
        (b'n\n"1\n', "not valid CSV"),
        (b"n\n\xff\n", "file, line 2: it is not text in UTF-8"),
    ],
)
def test_a_wrong_row_is_named(data, words):
    assert words in refusal(data, is_csv=True)


def test_a_function_must_be_named_somewhere():
    assert "no column `function`" in refusal(b"n\n1\n", is_csv=True, function=None)
    assert "`function` is empty" in refusal(b"function,n\n,1\n", is_csv=True, function=None)


WRONG_LINES = [b"", b"[]", b'{"n": 1', b'{"function": "f", "n": 1}', b'{"arguments": {}}']
WRONG_LINES += [b'{"function": 5}', b'{"function": "f", "arguments": []}', b'{"arguments": NaN}']


@pytest.mark.parametrize("line", WRONG_LINES)
def test_a_wrong_line_is_named(line):
    data = b'{"function": "f"}\n' + line + b"\n"
    assert "file, line 2: it" in refusal(data, is_csv=False, function=None)


def test_a_line_without_end_is_refused_before_it_is_read():
    assert "longer than a calculation may be" in refusal(b"1" * 3_000_000, is_csv=False)


def test_a_long_file_needs_no_memory():
    class Endless(io.RawIOBase):
        def readline(self, _size: int | None = -1, /) -> bytes:
            return b'{"n": 5}\n'

    source = Source("file", False, Endless())  # type: ignore[arg-type]
    tracemalloc.start()
    for _ in itertools.islice(read_items(source, "f"), 20_000):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000


def test_the_kind_of_a_file_is_seen_from_its_name(tmp_path):
    for name, is_csv in (("a.CSV", True), ("a.ndjson", False), ("a.jsonl", False)):
        (tmp_path / name).touch()
        with opened(str(tmp_path / name), None) as source:
            assert source.is_csv is is_csv
    with opened(str(tmp_path / "a.jsonl"), "csv") as source:
        assert source.is_csv
    for wrong in ("a.txt", "missing.csv"):
        with pytest.raises(CommandFailed), opened(str(tmp_path / wrong), None):
            pass
