"""The names of files that browsers store results as."""

import json
import re
import unicodedata
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.http.limits import MAX_FILE_NAME_BYTES
from gateway.http.results.file_names import content_disposition, file_name

IDENTITY = UUID("633c8518-213a-513b-a7e0-93f891953e0d")


def name(function, arguments=None, extension="txt"):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return file_name(function, text, IDENTITY, extension)


@pytest.mark.parametrize(
    ("function", "arguments", "extension", "expected"),
    [
        ("fibonacci", {"n": 100_000}, "txt", "fibonacci-n-100000.txt"),
        ("today", {}, "json", "today.json"),
        (
            "mandelbrot",
            {"width": 1024, "x": -0.75, "y": 0.1},
            "png",
            "mandelbrot-width-1024-x--0.75-y-0.1.png",
        ),
        (
            "invert",
            {"matrix": [[1, 2], [3, 4]], "exact": True, "note": None},
            "json",
            "invert-matrix-1-2-3-4-exact-true-note-null.json",
        ),
        ("hash", {"of": "a/b\\c:d e"}, "txt", "hash-of-a-b-c-d-e.txt"),
        ("price", '{"big":1e+22}', "json", "price-big-1e+22.json"),
    ],
)
def test_a_file_is_named_after_its_function_and_arguments(function, arguments, extension, expected):
    assert name(function, arguments, extension) == expected


def test_a_number_that_python_refuses_to_parse_has_a_name():
    assert name("f", '{"n":' + "7" * 5_000 + "}") == "f-633c8518.txt"
    assert name("f", '{"n":' + "7" * 1_900 + "}") == f"f-n-{'7' * 107}-633c8518.txt"


def test_long_names_are_cut_and_end_with_the_beginning_of_the_id():
    for letter in ("x", "ü", "漢", "😀", "-"):
        stem = name("f", {"of": letter * 300})[:-4]
        assert len(stem.encode()) <= MAX_FILE_NAME_BYTES
    assert name("f", {"of": "x" * 300}).endswith("xx-633c8518.txt")


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("con", {}, "result-con.txt"),
        ("NUL", {}, "result-NUL.txt"),
        ("com1.x", {}, "result-com1.x.txt"),
        ("console", {}, "console.txt"),
        ("con", {"n": 1}, "con-n-1.txt"),
        ("", {}, "result.txt"),
        ("..", {}, "result.txt"),
        (".bashrc", {}, "bashrc.txt"),
        ("-rf", {}, "rf.txt"),
        ("../../etc/passwd", {}, "etc-passwd.txt"),
        ("f", {"of": "../x"}, "f-of-x.txt"),
        ("f", {"of": ""}, "f-of.txt"),
        ("ｃｏｎ", {}, "result-con.txt"),  # full width
    ],
)
def test_no_name_is_hidden_empty_a_path_or_a_device(function, arguments, expected):
    assert name(function, arguments) == expected


def test_names_beyond_ascii_are_given_twice():
    header = content_disposition(name("größe", {"of": "Müller 漢"}), is_shown=True)
    assert header == (
        'inline; filename="gro_e-of-Muller-_.txt"; '
        "filename*=UTF-8''gr%C3%B6%C3%9Fe-of-M%C3%BCller-%E6%BC%A2.txt"
    )
    assert content_disposition("a.txt", is_shown=False) == 'attachment; filename="a.txt"'
    assert 'filename="result-con.txt"' in content_disposition("çon.txt", is_shown=True)


ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(
    function=st.text(max_size=200),
    arguments=st.dictionaries(st.text(max_size=20), ANY_VALUE, max_size=4),
)
@example(function='"\r\nSet-Cookie: a=b', arguments={"\u202egnp": "½ ℀ ⑴ ﷺ \ud800"})
def test_no_argument_makes_a_dangerous_name_or_header(function, arguments):
    made = name(function, arguments)
    header = content_disposition(made, is_shown=True)
    plain, _, extended = header.removeprefix('inline; filename="').partition('"')
    assert header.isascii()
    assert re.fullmatch(r"(; filename\*=UTF-8''[A-Za-z0-9._~%-]+)?", extended)
    assert re.fullmatch(r"[A-Za-z0-9._+-]+\.txt", plain)
    assert plain[0] not in ".-"
    assert ".." not in plain + made
    if extended:
        assert unquote(extended.partition("''")[2]) == made
    assert all(unicodedata.category(one)[0] in "LMNP" or one == "+" for one in made)
    assert not {"/", "\\", ":", '"'} & set(made)
    assert len(made.encode()) <= MAX_FILE_NAME_BYTES + len("result-.txt")
