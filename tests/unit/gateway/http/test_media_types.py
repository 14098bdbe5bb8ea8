"""The media types of results, and what is done with each."""

import pytest

from gateway.http.results.media_types import extension_of, is_compressible, is_shown, media_type_of
from tests.factories import make_row


def of(kind, media_type=None):
    return media_type_of(make_row(result_kind=kind, result_media_type=media_type))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, "text/plain; charset=us-ascii"),  # an earlier version's digits
        ("digits", "text/plain; charset=us-ascii"),
        ("text", "text/plain; charset=utf-8"),
        ("json", "application/json"),
        ("bytes", "application/octet-stream"),
    ],
)
def test_every_kind_has_a_media_type(kind, expected):
    assert of(kind) == expected


@pytest.mark.parametrize(
    "media_type",
    ["image/png", "application/vnd.a+json;v=1", 'a/b; c="d e; f"', "text/csv; header=present"],
)
def test_an_authors_media_type_is_passed_on(media_type):
    assert of("bytes", media_type) == media_type


@pytest.mark.parametrize(
    "media_type",
    [
        "image/png\r\nSet-Cookie: a=b",
        "image/png\n",
        "image/png\0",
        "image/png; a=b\r\n c",
        'image/png; a="b\r\n"',
        "image/png, text/html",
        "image",
        "",
        "image/",
        "text/plain; charset",
        "text/plän",
    ],
)
def test_what_is_no_media_type_never_reaches_a_header(media_type):
    assert of("bytes", media_type) == "application/octet-stream"


@pytest.mark.parametrize(
    ("kind", "media_type", "expected"),
    [
        ("text", "text/csv", "text/csv; charset=utf-8"),
        ("text", "text/csv; Charset=UTF-8", "text/csv; Charset=UTF-8"),
        ("text", "application/sql", "application/sql"),
        ("bytes", "text/csv", "text/csv"),  # in an encoding that the author knows
    ],
)
def test_text_says_that_it_is_utf_8(kind, media_type, expected):
    assert of(kind, media_type) == expected


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/plain; charset=us-ascii", True),
        ("TEXT/CSV", True),
        ("application/json", True),
        ("application/geo+json; v=1", True),
        ("image/svg+xml", True),
        ("application/xml", True),
        ("image/png", False),
        ("image/jpeg", False),
        ("video/mp4", False),
        ("application/zip", False),
        ("application/gzip", False),
        ("application/pdf", False),
        ("application/octet-stream", False),
    ],
)
def test_what_is_compressed_already_is_not_compressed_again(media_type, expected):
    assert is_compressible(media_type) is expected


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/plain; charset=us-ascii", True),
        ("text/csv; charset=utf-8", True),
        ("application/json", True),
        ("image/png", True),
        ("Image/PNG", True),
        ("video/mp4", True),
        ("text/html", False),
        ("TEXT/HTML; charset=utf-8", False),
        ("application/xhtml+xml", False),
        ("image/svg+xml", False),
        ("application/xml", False),
        ("text/xml", False),
        ("text/javascript", False),
        ("application/pdf", False),
        ("application/octet-stream", False),
        ("application/x-unheard-of", False),
    ],
)
def test_what_may_contain_a_script_is_downloaded_and_so_is_what_is_not_known(media_type, expected):
    assert is_shown(media_type) is expected


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/plain; charset=us-ascii", "txt"),
        ("text/x-log", "txt"),
        ("text/csv", "csv"),
        ("application/json", "json"),
        ("application/geo+json", "json"),
        ("application/xhtml+xml", "xhtml"),
        ("IMAGE/PNG", "png"),
        ("image/jpeg", "jpg"),
        ("application/octet-stream", "bin"),
        ("application/x-unheard-of", "bin"),
    ],
)
def test_the_extension_follows_from_the_media_type(media_type, expected):
    assert extension_of(media_type) == expected
