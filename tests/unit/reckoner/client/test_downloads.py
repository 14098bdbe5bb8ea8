"""Downloads: taken up again where they broke, and kept only if they are right."""

import io
import os
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from reckoner.client import (
    CalculationFailed,
    DigestMismatch,
    Received,
    ResultPruned,
    ServiceUnreachable,
    WaitTimeout,
)
from reckoner.client.operations.downloads import download
from reckoner.client.operations.results import result as value_of
from tests.unit.reckoner.client.playing import (
    ID,
    answer,
    document,
    problem,
    result,
    service,
    unfinished,
)

BYTES = bytes(range(256)) * 40
DIGEST = sha256(BYTES).hexdigest()
CUT = httpx.ReadError("reset")
DOCUMENT = answer(
    document(
        result=result(
            media_type="image/png",
            length=len(BYTES),
            sha256=DIGEST,
            digits=None,
            value=None,
            head=None,
            tail=None,
        )
    )
)


def whole(*pieces, media_type="image/png"):
    return httpx.Response(200, headers={"Content-Type": media_type}), pieces


def part(first, *pieces):
    headers = {
        "Content-Type": "image/png",
        "Content-Range": f"bytes {first}-{len(BYTES) - 1}/{len(BYTES)}",
    }
    return httpx.Response(206, headers=headers), pieces


def fetch(player, target, *answers, on_received=None, **limits):
    player.answers = iter([DOCUMENT, *answers])
    return player.play(download(service(**limits), ID, target, on_received))


def asked(player):
    return [call.headers.get("Range") for call in player.calls[1:]]


def part_file(path):
    return path.with_name(f"{path.name}.{DIGEST[:16]}.part")


def test_a_download_is_the_bytes_and_nothing_beside_them(player, tmp_path):
    path = tmp_path / "x.png"
    told: list[Received] = []
    found = fetch(player, path, whole(BYTES[:100], BYTES[100:]), on_received=told.append)
    assert path.read_bytes() == BYTES
    assert list(tmp_path.iterdir()) == [path]
    assert (told[-1].received, told[-1].length) == (len(BYTES), len(BYTES))
    assert found.result.sha256 == DIGEST
    assert player.calls[1].headers["Accept-Encoding"] == "identity"


def test_it_goes_on_where_the_connection_broke(player, tmp_path):
    path = tmp_path / "x.png"
    fetch(
        player,
        path,
        whole(BYTES[:100], CUT),
        httpx.ConnectError("refused"),
        problem(503, "unavailable"),
        part(100, BYTES[100:5_000]),  # ends early, without an error
        part(5_000, BYTES[5_000:]),
    )
    assert path.read_bytes() == BYTES
    assert asked(player) == [None, *["bytes=100-"] * 3, "bytes=5000-"]
    assert {call.headers.get("If-Range") for call in player.calls[2:]} == {f'"{DIGEST}"'}


def test_attempts_that_bring_something_do_not_use_up_the_limit(player, tmp_path):
    path, size = tmp_path / "x.png", len(BYTES) // 20
    starts = range(size, len(BYTES), size)
    answers = [part(start, BYTES[start : start + size], CUT) for start in starts]
    fetch(
        player,
        path,
        whole(BYTES[:size], CUT),
        *answers[:-1],
        part(starts[-1], BYTES[-size:]),
        attempts=2,
    )
    assert path.read_bytes() == BYTES


def test_it_goes_on_in_a_later_call(player, tmp_path):
    path = tmp_path / "x.png"
    with pytest.raises(ServiceUnreachable):
        fetch(player, path, whole(BYTES[:7_000], CUT), CUT, attempts=2)
    assert not path.exists()
    assert part_file(path).read_bytes() == BYTES[:7_000]
    fetch(player, path, part(7_000, BYTES[7_000:]))
    assert path.read_bytes() == BYTES
    assert player.calls[-1].headers["Range"] == "bytes=7000-"
    assert list(tmp_path.iterdir()) == [path]


def test_a_part_that_is_complete_is_only_checked(player, tmp_path):
    path = tmp_path / "x.png"
    part_file(path).write_bytes(BYTES)
    fetch(player, path)
    assert path.read_bytes() == BYTES
    assert len(player.calls) == 1


def test_a_part_that_is_too_long_is_begun_again(player, tmp_path):
    path = tmp_path / "x.png"
    part_file(path).write_bytes(BYTES + b"more")
    fetch(player, path, whole(BYTES))
    assert path.read_bytes() == BYTES
    assert asked(player) == [None]


def test_a_whole_answer_to_a_range_is_used_from_where_it_broke(player, tmp_path):
    path = tmp_path / "x.png"
    fetch(player, path, whole(BYTES[:100], CUT), whole(BYTES[:60], BYTES[60:200], BYTES[200:]))
    assert path.read_bytes() == BYTES


def test_another_part_than_the_one_asked_for_is_not_used(player, tmp_path):
    path = tmp_path / "x.png"
    fetch(player, path, whole(BYTES[:100], CUT), part(50, BYTES[50:]), part(100, BYTES[100:]))
    assert path.read_bytes() == BYTES


@pytest.mark.parametrize(
    "wrong", [BYTES[:-1] + b"!", BYTES[1:] + b"\0", BYTES + b"more"], ids=["end", "shifted", "long"]
)
def test_wrong_bytes_are_refused_and_what_was_there_stays(player, tmp_path, wrong):
    path = tmp_path / "x.png"
    path.write_bytes(b"what was there")
    with pytest.raises(DigestMismatch) as raised:
        fetch(player, path, whole(wrong))
    assert raised.value.expected == DIGEST
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def test_a_wrong_part_of_an_earlier_call_is_refused_and_removed(player, tmp_path):
    path = tmp_path / "x.png"
    part_file(path).write_bytes(b"\xff" * 100)
    with pytest.raises(DigestMismatch):
        fetch(player, path, part(100, BYTES[100:]))
    assert list(tmp_path.iterdir()) == []


def test_a_proxys_page_does_not_get_into_the_file(player, tmp_path):
    with pytest.raises(ServiceUnreachable, match="not Reckoner"):
        fetch(player, tmp_path / "x.png", whole(b"<p>", media_type="text/html"))
    assert part_file(tmp_path / "x.png").read_bytes() == b""


def test_an_open_file_gets_the_bytes_once(player):
    class Reluctant(io.RawIOBase):
        """Takes few bytes at a time, as an unbuffered file may."""

        def __init__(self):
            self.got = b""

        def write(self, data):
            self.got += bytes(data[:1_000])
            return min(len(data), 1_000)

    for file in (io.BytesIO(), Reluctant()):
        fetch(player, file, whole(BYTES[:100], CUT), part(100, BYTES[100:]))
        assert (file.getvalue() if isinstance(file, io.BytesIO) else file.got) == BYTES


def test_what_is_no_regular_file_is_written_to_and_not_replaced(player, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    fetch(player, pipe, whole(BYTES))
    assert os.read(reader, 65_536) == BYTES
    os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]
    assert pipe.is_fifo()


def test_a_link_stays_a_link(player, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    fetch(player, link, whole(BYTES))
    assert link.is_symlink()
    assert target.read_bytes() == BYTES


def test_a_link_in_the_place_of_the_part_file_is_not_followed(player, tmp_path):
    elsewhere, path = tmp_path / "elsewhere", tmp_path / "x"
    elsewhere.write_bytes(b"kept" * 10_000)
    part_file(path).symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic"):
        fetch(player, path, whole(BYTES))
    assert elsewhere.read_bytes() == b"kept" * 10_000
    assert not path.exists()


def test_a_pipe_in_the_place_of_the_part_file_is_not_waited_for(player, tmp_path):
    os.mkfifo(part_file(tmp_path / "x"))
    with pytest.raises(FileExistsError, match="Remove it"):
        fetch(player, tmp_path / "x", whole(BYTES))


def test_a_directory_is_refused_before_anything_is_loaded(player, tmp_path):
    with pytest.raises(IsADirectoryError, match="Give the path of a file"):
        fetch(player, tmp_path)
    assert len(player.calls) == 1


def test_two_downloads_at_once_do_not_disturb_each_other(player, tmp_path):
    path = tmp_path / "x.png"

    class OtherIsFaster:
        """In the middle of the first download another one begins and ends."""

        def __iter__(self):
            yield BYTES[:5_000]
            part_file(path).write_bytes(BYTES)
            part_file(path).replace(path)
            yield BYTES[5_000:]

    fetch(player, path, (whole()[0], OtherIsFaster()))
    assert path.read_bytes() == BYTES
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_the_disk_is_raised_as_it_is(player):
    with pytest.raises(OSError, match="No space left"), Path("/dev/full").open("wb", 0) as full:
        fetch(player, full, whole(BYTES))


@pytest.mark.parametrize("name", ["x" * 255, "東" * 85, "x" * 200, "x" * 201])
def test_long_names_have_room_for_the_part_files_name(player, tmp_path, name):
    path = tmp_path / name
    fetch(player, path, whole(BYTES))
    assert path.read_bytes() == BYTES


def test_a_pruned_result_says_so(player, tmp_path):
    with pytest.raises(ResultPruned, match="removed to free space"):
        fetch(player, tmp_path / "x", problem(410, "result-pruned"))


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (unfinished("running"), WaitTimeout),
        (document(status="failed", result=None), CalculationFailed),
    ],
)
def test_without_a_result_there_is_nothing_to_download(player, tmp_path, found, kind):
    player.answers = iter([answer(found)])
    with pytest.raises(kind):
        player.play(download(service(), ID, tmp_path / "x", None))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_result_needs_no_request(player, tmp_path):
    empty = result(length=0, sha256=sha256().hexdigest(), value=None)
    player.answers = iter([answer(document(result=empty))])
    player.play(download(service(), ID, tmp_path / "x", None))
    assert (tmp_path / "x").read_bytes() == b""


def test_a_value_that_is_not_in_the_document_is_downloaded(player):
    text = b"1" + b"0" * 5_000
    found = result(length=len(text), sha256=sha256(text).hexdigest(), digits=5_001, value=None)
    body = whole(text[:999], text[999:], media_type="text/plain")
    player.answers = iter([answer(document(result=found)), body])
    assert player.play(value_of(service(), ID)) == 10**5_000
