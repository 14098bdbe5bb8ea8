"""NGINX with TLS before a service, as the example in docs/how-to/behind-tls.md configures it."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose.services import free_port
from compose.services.ports import answers
from compose.services.programs import find_program
from tests.eventually import eventually

NAME = "reckoner.example.org"

_DOCS = Path(__file__).parents[3] / "docs"

PAGE = (_DOCS / "explanation/security.md").read_text()
GUIDE = (_DOCS / "how-to/behind-tls.md").read_text()

#: What every NGINX has around a server; a temporary folder each, as it may not write to its own.
_FRAME = """
daemon off;
user {user};
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


@dataclass(frozen=True)
class Terminator:
    """Where it listens, and the certificate by which it is known."""

    folder: Path
    port: int

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    def curl(self, *arguments: str) -> str:
        """Run curl as if this were the public name's server; return what it writes."""
        there = f"{NAME}:443:127.0.0.1:{self.port}"
        command = ["curl", "--cacert", str(self.certificate), "--connect-to", there]
        done = subprocess.run([*command, *arguments], cwd=self.folder, stdout=subprocess.PIPE)
        return done.stdout.decode()


@contextmanager
def terminator(folder: Path, service_url: str, header: str) -> Iterator[Terminator]:
    """Run it before a service, for a while. `header` in its folder is curl's."""
    folder.mkdir()
    found = Terminator(folder, free_port())
    (folder / "header").write_text(f"{header}\n")
    key = folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *(
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={NAME}",
                "-addext",
                f"subjectAltName=DNS:{NAME}",
            ),
            *("-keyout", key, "-out", found.certificate),
        ],
        check=True,
        capture_output=True,
    )
    example = re.search(r"```nginx\n(.*?)```", GUIDE, re.DOTALL)
    assert example is not None
    server = example[1]
    for there, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{found.port} ssl"),
        ("/etc/ssl/certs/reckoner.pem", str(found.certificate)),
        ("/etc/ssl/private/reckoner.key", str(key)),
        ("http://127.0.0.1:8080", service_url),
    ):
        assert there in server
        server = server.replace(there, here)
    configuration = folder / "nginx.conf"
    configuration.write_text(_FRAME.format(folder=folder, server=server, user=folder.owner()))
    program = find_program("nginx", "nginx")
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-e", "stderr", "-p", folder, "-c", configuration], stderr=log
        )
    try:
        eventually(lambda: answers(found.port, "127.0.0.1"), what=f"TLS; see {folder}/nginx.log")
        yield found
    finally:
        process.terminate()
        process.wait()
