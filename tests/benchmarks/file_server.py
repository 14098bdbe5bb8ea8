"""NGINX that serves files, configured in everything else as the one before the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.services import Nginx, free_port

_GATEWAY = "    location / {\n"
_FILES = """    location /files/ {
        default_type application/json;
        sendfile off;
        root "%s";
    }

"""


@contextmanager
def file_server(folder: Path) -> Iterator[Nginx]:
    """Serve what is in `folder`/files, at /files/."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    nginx = Nginx(folder / "nginx", free_port(), "127.0.0.1:1")
    nginx.prepare()
    configuration = folder / "nginx" / "reckoner.conf"
    text = configuration.read_text()
    assert _GATEWAY in text, "the template has changed"
    configuration.write_text(text.replace(_GATEWAY, _FILES % folder + _GATEWAY))
    nginx.start()
    try:
        nginx.wait_ready()
        yield nginx
    finally:
        nginx.stop()
