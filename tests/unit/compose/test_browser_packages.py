"""Other people's files for our pages: fetched once, checked, and never half."""

import base64
import hashlib
import io
import json
import tarfile
import threading

import pytest

from compose.browser_packages import install as installer
from compose.browser_packages.install import NotInstalled, Package, install, main, remove_others
from tests.web_server import QuietHandler, WebServer


def archive(**files):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as members:
        for name, content in files.items():
            info = tarfile.TarInfo(f"package/{name.replace('__', '.')}")
            info.size = len(content)
            members.addfile(info, io.BytesIO(content))
    return whole.getvalue()


def package(content, version="1.0.0", files=("viewer.js",), **changed):
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    values = {"name": "@us/viewer", "integrity": f"sha512-{digest}", **changed}
    return Package(version=version, files=tuple(files), **values)


class Registry(WebServer):
    """A registry with archives by their path, which notes the requests."""

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}
        self.asked: list[str] = []
        archives, asked = self.archives, self.asked

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 (http.server's name)
                asked.append(self.path)
                content = archives.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

        super().__init__(Handler)
        self.url = f"http://127.0.0.1:{self.port}/"


@pytest.fixture
def registry():
    with Registry() as registry:
        yield registry


PATH = "/@us/viewer/-/viewer-1.0.0.tgz"


def test_the_wanted_files_are_installed_and_fetched_once(registry, tmp_path):
    content = registry.archives[PATH] = archive(viewer__js=b"code", other__js=b"unwanted")
    wanted = package(content)
    assert install(wanted, tmp_path, registry.url)
    folder = tmp_path / "@us/viewer/1.0.0"
    assert (folder / "viewer.js").read_bytes() == b"code"
    assert {file.name for file in folder.iterdir()} == {"viewer.js", installer.MARKER}
    assert not install(wanted, tmp_path, registry.url)
    assert registry.asked == [PATH]


def test_an_archive_with_another_checksum_is_refused_and_what_was_there_stays(registry, tmp_path):
    good = registry.archives[PATH] = archive(viewer__js=b"code")
    install(package(good), tmp_path, registry.url)
    registry.archives[PATH] = archive(viewer__js=b"other code", more__js=b"")
    changed = package(good, files=("viewer.js", "more.js"))
    with pytest.raises(NotInstalled, match="another checksum"):
        install(changed, tmp_path, registry.url)
    assert (tmp_path / "@us/viewer/1.0.0/viewer.js").read_bytes() == b"code"


def test_a_longer_list_of_files_and_a_new_version_are_installed(registry, tmp_path):
    content = registry.archives[PATH] = archive(viewer__js=b"code", more__css=b"style")
    install(package(content), tmp_path, registry.url)
    assert install(package(content, files=("viewer.js", "more.css")), tmp_path, registry.url)
    assert (tmp_path / "@us/viewer/1.0.0/more.css").is_file()
    registry.archives["/@us/viewer/-/viewer-2.0.0.tgz"] = content
    newer = package(content, version="2.0.0")
    assert install(newer, tmp_path, registry.url)
    (tmp_path / "@us/viewer/tmp-of-one-that-was-killed/fresh").mkdir(parents=True)
    remove_others([newer], tmp_path)
    assert [one.name for one in (tmp_path / "@us/viewer").iterdir()] == ["2.0.0"]


def test_a_file_that_was_deleted_is_installed_again(registry, tmp_path):
    content = registry.archives[PATH] = archive(viewer__js=b"code")
    install(package(content), tmp_path, registry.url)
    (tmp_path / "@us/viewer/1.0.0/viewer.js").unlink()
    assert install(package(content), tmp_path, registry.url)


def test_an_archive_without_a_wanted_file_installs_nothing(registry, tmp_path):
    content = registry.archives[PATH] = archive(other__js=b"code")
    with pytest.raises(NotInstalled, match=r"no file viewer\.js"):
        install(package(content), tmp_path, registry.url)
    assert [*(tmp_path / "@us/viewer").iterdir()] == []


def test_the_registry_of_the_environment_is_asked_and_a_failure_is_told(registry, tmp_path, capsys):
    environment = {"npm_config_registry": registry.url.rstrip("/")}
    assert main([str(tmp_path)], environment) == 1
    assert registry.asked == [f"/{listed.archive}" for listed in installer.read_list()]
    assert "could not be installed" in capsys.readouterr().out


def test_a_registry_that_cannot_be_reached_is_a_failure_and_not_a_traceback(tmp_path, capsys):
    assert main([str(tmp_path)], {"npm_config_registry": "http://127.0.0.1:1"}) == 1
    assert main([str(tmp_path)], {"npm_config_registry": "file:///etc"}) == 1
    assert "Traceback" not in capsys.readouterr().out


def test_a_registry_that_never_ends_its_answer_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(installer, "_LIMIT_SECONDS", 0.5)
    is_over = threading.Event()

    class Slow(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 (http.server's name)
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not is_over.wait(0.05):
                self.wfile.write(b".")

    with WebServer(Slow) as slow:
        try:
            with pytest.raises(NotInstalled, match=r"longer than 0\.5 s"):
                install(package(b""), tmp_path, f"http://127.0.0.1:{slow.port}/")
        finally:
            is_over.set()


def test_what_does_not_speak_http_is_a_failure_and_not_a_traceback(tmp_path):
    class Other(QuietHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 mail ready\r\n")

    with WebServer(Other) as other, pytest.raises(NotInstalled, match="cannot be fetched"):
        install(package(b""), tmp_path, f"http://127.0.0.1:{other.port}/")


def test_the_list_has_a_checksum_for_each_package():
    for one in json.loads(installer.LIST.read_text()):
        kind, _, digest = one["integrity"].partition("-")
        assert (kind, len(base64.b64decode(digest))) == ("sha512", 64)
