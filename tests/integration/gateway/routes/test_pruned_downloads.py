"""What a client sees of a result that is removed: 410, or a download that breaks off."""

import httpx
import pytest
from sqlalchemy import create_engine

from shared.result import CHUNK_BYTES
from tests.conftest import new_database
from tests.integration.gateway.server.running import running_gateway
from tests.integration.retention.finished import count_anew, finish, remove

CHUNK = CHUNK_BYTES


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("gateway") / "log"


@pytest.fixture(scope="module")
def gateway(postgres, admin, template_database, log):
    with (
        new_database(postgres, admin, template_database) as url,
        running_gateway(url, log=log) as (_, port),
    ):
        engine = create_engine(url)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client, engine
        engine.dispose()


@pytest.fixture
def client(gateway):
    return gateway[0]


@pytest.fixture
def database(gateway):
    return gateway[1]


def path(identity):
    return f"/calculations/{identity}/result"


CONDITIONS = {
    "plain": {},
    "a range": {"Range": "bytes=1-9"},
    "no such range": {"Range": "bytes=999999999-"},
    "the tag it had": {"If-None-Match": '"no digest"'},
    "any tag": {"If-None-Match": "*"},
    "a range if unchanged": {"Range": "bytes=1-9", "If-Range": '"no digest"'},
    "another tag": {"If-Match": '"another"'},
    "compressed": {"Accept-Encoding": "gzip"},
}


@pytest.fixture(scope="module")
def removed(gateway):
    engine = gateway[1]
    (identity,) = finish(engine, size=CHUNK + 1)
    count_anew(engine)
    assert remove(engine).results == 1
    return identity


@pytest.mark.parametrize("headers", CONDITIONS.values(), ids=CONDITIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_removed_result_is_410_whatever_is_asked(client, removed, method, headers):
    answer = client.request(method, path(removed), headers=headers)
    assert answer.status_code == 410
    assert answer.headers["Cache-Control"] == "no-store"
    for name in ("ETag", "Repr-Digest", "Accept-Ranges", "Content-Range", "X-Accel-Expires"):
        assert name not in answer.headers
    if method == "GET":
        assert answer.json()["type"].endswith("result-pruned")


def test_a_forgotten_calculation_is_404(client, database, removed):
    (other,) = finish(database, function="factorial")
    count_anew(database)
    assert client.get(f"/calculations/{other}").status_code == 200
    assert remove(database, forget=True, function="factorial").documents == 1
    for url in (f"/calculations/{other}", path(other), f"/calculations/{other}/events"):
        answer = client.get(url)
        assert answer.status_code == 404
        assert answer.json()["type"].endswith("calculation-not-found")
    assert client.delete(f"/calculations/{other}").status_code == 404


def count_sevens(pieces):
    total = 0
    for piece in pieces:
        assert piece == b"7" * len(piece)
        total += len(piece)
    return total


@pytest.mark.slow
@pytest.mark.parametrize("forget", [False, True])
def test_a_download_during_which_the_result_is_removed_breaks_off_and_is_410_afterwards(
    client, database, forget, log
):
    """Never does it end as if it were whole, nor with other bytes than the result has."""
    size = 120 * CHUNK
    (identity,) = finish(database, size=size)
    count_anew(database)
    headers = {"Accept-Encoding": "identity"}
    came = 0
    with client.stream("GET", path(identity), headers=headers) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        came += len(next(pieces))
        assert remove(database, forget=forget).results == 1
        with pytest.raises(httpx.RemoteProtocolError):
            came += count_sevens(pieces)
    assert came < size
    assert client.get(path(identity)).status_code == (404 if forget else 410)
    assert client.get(path(identity), headers={"Range": "bytes=9-"}).status_code in (404, 410)
    assert str(identity) in log.read_text()
    assert "Traceback" not in log.read_text()
