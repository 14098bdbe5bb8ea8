"""What private PostgreSQL, RabbitMQ and NGINX are made of."""

import os
import socket
from pathlib import Path

import pytest

from compose.services import Nginx, nginx
from compose.services.credentials import password_in
from compose.services.errors import DataOfAnotherVersion, ProgramMissing, ServiceError
from compose.services.ports import FIRST_PORT, LAST_PORT, free_port, holder_of
from compose.services.postgres_data import programs_for
from compose.services.programs import find_program, service_environment


def test_the_newest_version_of_a_program_is_chosen(tmp_path):
    for version in ("9.6", "15", "14"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/initdb").touch()
    found = find_program("initdb", "postgresql", [f"{tmp_path}/*/bin/initdb"])
    assert found == tmp_path / "15/bin/initdb"


def test_a_program_is_found_on_the_path_and_in_the_systems_folders(tmp_path, monkeypatch):
    program = tmp_path / "a-program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("a-program", "a-package", ["/nowhere/*"]) == program
    assert find_program("sh", "dash").name == "sh"


def test_a_missing_program_is_reported_with_its_package():
    with pytest.raises(ProgramMissing, match=r"no-such-program.*no-such-package"):
        find_program("no-such-program", "no-such-package")


def test_variables_of_other_instances_do_not_reach_a_service(monkeypatch):
    others = ("PGDATA", "PGPORT", "RABBITMQ_NODENAME", "ERL_EPMD_PORT", "NGINX", "LD_PRELOAD")
    for name in others:
        monkeypatch.setenv(name, "another's")
    monkeypatch.setenv("TZ", "Europe/Vienna")
    environment = service_environment()
    assert not set(others) & environment.keys()
    assert environment["TZ"] == "Europe/Vienna"


def test_a_password_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    file = tmp_path / "postgres/password"
    made = password_in(file)
    assert len(made) == 32
    assert password_in(file) == made
    assert file.stat().st_mode & 0o077 == 0
    assert password_in(tmp_path / "rabbitmq/password") != made


def test_a_password_that_a_crash_left_half_written_is_made_anew(tmp_path):
    (tmp_path / "password.new").write_text("12")
    assert len(password_in(tmp_path / "password")) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_data_that_no_installed_version_can_read_are_reported(tmp_path):
    (tmp_path / "PG_VERSION").write_text("7\n")
    with pytest.raises(DataOfAnotherVersion, match="PostgreSQL 7"):
        programs_for(tmp_path)


def test_new_data_are_for_the_newest_version_and_old_data_for_theirs(tmp_path):
    newest = programs_for(tmp_path)
    (tmp_path / "PG_VERSION").write_text(newest.parent.name + "\n")
    assert programs_for(tmp_path) == newest


def test_the_holder_of_a_port_is_named():
    port = free_port()
    assert FIRST_PORT <= port < LAST_PORT
    assert holder_of(port) is None
    with socket.create_server(("127.0.0.1", port)):
        assert f"process {os.getpid()}" in str(holder_of(port))


@pytest.mark.parametrize(("size", "kept"), [(1_000, ["access.log"]), (1_001, ["access.log.1"])])
def test_a_large_access_log_is_rotated(tmp_path, monkeypatch, size, kept):
    monkeypatch.setattr(nginx, "_LOG_BYTES_KEPT", 1_000)
    (tmp_path / "access.log").write_bytes(b"x" * size)
    Nginx(tmp_path, free_port(), "127.0.0.1:1").prepare()
    assert [path.name for path in tmp_path.glob("access.log*")] == kept


def test_answers_of_an_earlier_database_are_not_served(tmp_path):
    (tmp_path / "cache/a").mkdir(parents=True)
    Nginx(tmp_path, free_port(), "127.0.0.1:1").prepare()
    assert not (tmp_path / "cache").exists()


def test_a_missing_module_of_nginx_is_reported_with_its_package(tmp_path, monkeypatch):
    program = tmp_path / "nginx"
    program.write_text("#!/bin/sh\necho configure arguments: --modules-path=/nowhere --x >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match=r"/nowhere/ngx_http_js.*libnginx-mod-http-js"):
        Nginx(tmp_path / "state", free_port(), "127.0.0.1:1").prepare()


def test_no_placeholder_is_left_in_the_rendered_configuration(tmp_path):
    folder = tmp_path / 'a "folder" with spaces'
    Nginx(folder, free_port(), "127.0.0.1:1").prepare()
    for file in ("nginx.conf", "reckoner.conf"):
        text = Path(folder / file).read_text()
        assert "${RECKONER" not in "\n".join(
            line for line in text.splitlines() if not line.lstrip().startswith("#")
        )
