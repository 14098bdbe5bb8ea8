"""Arguments of a command line: NAME=VALUE, files, and JSON objects."""

import io
import sys

import pytest

from reckoner.cli.arguments.bound import with_types
from reckoner.cli.arguments.given import GivenArguments, read_given
from reckoner.cli.exit_status import CommandFailed, ExitStatus

SCHEMA = {"properties": {"n": {"type": "integer"}, "text": {"type": "string"}}}


def read(*arguments: str, file: str | None = None) -> GivenArguments:
    return read_given(arguments, file)


def refusal(*arguments: str, file: str | None = None) -> str:
    with pytest.raises(CommandFailed) as caught:
        with_types(read(*arguments, file=file), "wave", SCHEMA)
    assert caught.value.status == ExitStatus.USAGE
    return caught.value.message


def test_names_and_objects_are_put_together():
    assert read("n=1e3", '{"text": "a=b"}') == GivenArguments({"text": "a=b"}, {"n": "1e3"})


def test_a_value_may_hold_an_equals_sign_and_be_empty():
    assert read("a=b=c", "d=").texts == {"a": "b=c", "d": ""}


def test_a_value_from_a_file_is_its_text(tmp_path):
    (tmp_path / "file").write_text("größer\n")
    given = read(f"text=@{tmp_path / 'file'}")
    assert with_types(given, "wave", SCHEMA) == {"text": "größer\n"}


def test_a_number_from_a_file_may_end_with_a_newline(tmp_path):
    (tmp_path / "file").write_text("1e3\n")
    assert with_types(read(f"n=@{tmp_path / 'file'}"), "wave", SCHEMA) == {"n": 1000}


def test_a_text_that_begins_with_an_at_sign_is_written_with_two():
    assert read("text=@@home").texts == {"text": "@home"}


def test_standard_input_is_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"n": 5}')))
    assert read(file="-").values == {"n": 5}


def test_an_object_keeps_its_integers(tmp_path):
    (tmp_path / "file").write_text(f'{{"n": {"7" * 4_000}}}')
    assert read(file=str(tmp_path / "file")).values == {"n": int("7" * 4_000)}


def test_what_cannot_be_used_is_named(tmp_path):
    (tmp_path / "latin").write_bytes(b"\xff")
    (tmp_path / "long").write_bytes(b"1" * 1_000_001)
    (tmp_path / "list").write_text("[]")
    assert "'1e6' is not an argument" in refusal("1e6")
    assert "NAME=VALUE" in refusal("=5")
    assert "The argument n is given twice" in refusal("n=1", '{"n": 2}')
    assert "The argument n is given twice" in refusal("n=1", "n=2")
    assert "named twice" in refusal('{"n": 1, "n": 2}')
    assert "not valid JSON" in refusal('{"n": }')
    assert "is no object" in refusal(file=str(tmp_path / "list"))
    assert "cannot be read: No such file" in refusal("text=@/nowhere")
    assert "cannot be read: Is a directory" in refusal(f"text=@{tmp_path}")
    assert "not text in UTF-8" in refusal(f"text=@{tmp_path / 'latin'}")
    assert "longer than arguments may be" in refusal(f"text=@{tmp_path / 'long'}")
    assert "in the encoding of this terminal" in refusal("text=\udcff")
    assert "wave has no argument m. Its arguments are: n, text" in refusal("m=5")
    assert "n=1.5e0 cannot be used: a whole number is wanted" in refusal("n=1.5e0")


def test_a_long_value_is_not_shown_whole():
    assert len(refusal(f"n={'9' * 5_000}")) < 200
