"""`reckoner check-function`: what it warns of although there is a result."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.integration.cli.check_function import command, line

__all__ = ["command"]

pytestmark = pytest.mark.slow

ADD = "@function{options}\ndef add(a: int, b: int = {b}{more}) -> int:\n    return a + b\n"


class Folder:
    """One module, whose function changes between two checks."""

    def __init__(self, command) -> None:
        self._command = command

    def check(self, *options: str, b: int = 1, more: str = "", version: int | None = None):
        given = "" if version is None else f"(version={version})"
        import sys

        sys.modules.pop("written_add", None)
        self._command.write(ADD.format(options=given, b=b, more=more), name="written_add")
        cache = self._command.folder / "__pycache__"
        for file in cache.glob("*"):  # of the same second
            file.unlink()
        done = self._command.run("written_add", '{"a": 1}', *options)
        assert done.exit_code == 0, done.output
        return done


@pytest.fixture
def folder(command):
    return Folder(command)


def test_a_changed_default_is_warned_of_once(folder):
    assert "Warning" not in folder.check().output
    changed = folder.check(b=2)
    assert "The default of b is 2 and was 1" in changed.output
    assert "raise the version" in changed.output
    assert "Warning" not in folder.check(b=2).output


def test_an_added_optional_argument_is_warned_of(folder):
    folder.check()
    assert "all calculations get new ids" in folder.check(more=", c: int = 0").output


def test_a_change_with_its_version_is_not_warned_of(folder):
    folder.check()
    assert "Warning" not in folder.check(b=2, version=2).output


def test_a_cache_that_is_damaged_is_no_fault(folder, tmp_path):
    folder.check()
    [file] = (tmp_path / "cache" / "reckoner").iterdir()
    file.write_text('{"x": [')
    assert "Warning" not in folder.check(b=2).output


def test_a_user_without_a_home_is_no_fault(folder, monkeypatch):
    def refuse() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", refuse)
    assert folder.check().exit_code == 0


@pytest.fixture
def service():
    """Answers GET /functions; `functions` are those that it lists."""

    class Handler(BaseHTTPRequestHandler):
        functions: tuple[object, ...] = ()
        url = ""

        def do_GET(self) -> None:
            if self.path.startswith("/no-http"):
                self.wfile.write(b"AMQP\0\0\x09\x01")
                return
            self.send_response(200 if self.path == "/functions" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"functions": self.functions}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Handler.url = f"http://127.0.0.1:{server.server_port}"
    yield Handler
    server.shutdown()
    thread.join()
    server.server_close()


def served(folder, service, **document):
    service.functions = ({"name": "other"}, {"name": "add", **document})
    return folder.check("--url", service.url)


def test_other_code_under_the_same_version_of_a_service_is_warned_of(folder, service):
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 7}}}
    done = served(folder, service, version=1, fingerprint="other", arguments=schema)
    assert "has other code under version 1" in done.output
    assert "The default of b is 1 and was 7" in done.output


def test_another_version_of_a_service_is_told_without_a_warning(folder, service):
    done = served(folder, service, version=2, fingerprint="other", arguments={})
    assert (line(done, "service").endswith("has version 2"), "Warning" in done.output) == (
        True,
        False,
    )


def test_a_service_without_the_function_is_told(folder, service):
    assert "has no function add" in folder.check("--url", service.url).output


def test_the_same_code_of_a_service_is_told(folder, service):
    folder.check()
    from written_add import add  # type: ignore[import-not-found]

    done = served(folder, service, version=1, fingerprint=add.fingerprint)
    assert line(done, "service").endswith("has the same code in this version")


def test_a_service_that_does_not_answer_is_a_warning(folder, service):
    assert "cannot be asked" in folder.check("--url", "http://127.0.0.1:1").output
    assert "cannot be asked" in folder.check("--url", f"{service.url}/elsewhere").output
    assert "cannot be asked" in folder.check("--url", f"{service.url}/no-http").output
    assert "cannot be asked" in folder.check("--url", "localhost").output


def test_a_slow_function_of_the_quick_lane_is_warned_of(command):
    source = """
import time
@function(lane="quick")
def slow() -> int:
    end = time.perf_counter() + 0.15
    while time.perf_counter() < end: pass
    return 1
"""
    done = command.check(source)
    assert (done.exit_code, 'Warning: lane="quick"' in done.output) == (0, True), done.output


def test_a_thread_that_a_module_starts_is_warned_of(command):
    source = """
import threading
end = threading.Event()
threading.Thread(target=end.wait, name="my-pool", daemon=True).start()
@function
def f() -> int:
    return 1
"""
    assert "starts a thread (my-pool)" in command.check(source).output
