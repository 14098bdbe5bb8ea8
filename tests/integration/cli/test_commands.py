"""What commands answer: exit statuses, and words on standard error."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from reckoner.cli import __main__ as command
from shared.calculation import Lane
from tests.integration.lanes import Channel


@pytest.fixture
def reckoner(monkeypatch):
    """Runs `reckoner` with these arguments and settings; returns its exit status."""

    def run(*arguments: str, **settings: str) -> int:
        for name, value in settings.items():
            monkeypatch.setenv(f"RECKONER_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["reckoner", *arguments])
        try:
            command.main()
        except SystemExit as end:
            return int(end.code or 0)
        raise AssertionError("a command exits")

    return run


@pytest.mark.parametrize(
    "arguments", [(), ("redrvie",), ("redrive", "slow"), ("redrive", "quick", "heavy")]
)
def test_a_wrong_command_line_is_status_2(reckoner, capsys, arguments):
    assert reckoner(*arguments) == 2
    errors = capsys.readouterr().err
    assert "Usage: reckoner" in errors
    assert "Lane." not in errors


def test_help_lists_the_commands(reckoner, capsys):
    assert reckoner("--help") == 0
    assert "redrive" in capsys.readouterr().out


#: Runs the command where nothing of the service is installed, and says whether it loads pydantic.
_WITHOUT_THE_SERVER = """
import atexit, importlib.abc, sys
SERVER = {"alembic", "dramatiq", "dynaconf", "falcon", "gunicorn", "pika", "psycopg2",
          "sqlalchemy", "uvicorn"}
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in SERVER:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
atexit.register(lambda: print("pydantic" in sys.modules, file=sys.stderr))
from reckoner.cli.__main__ import main
main()
"""


def without_the_server(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT_THE_SERVER, *arguments], capture_output=True, text=True
    )


def test_help_imports_neither_the_service_nor_pydantic():
    done = without_the_server("--help")
    assert (done.returncode, done.stderr) == (0, "False\n")
    assert "redrive" in done.stdout


def test_without_the_service_names_are_completed():
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_THE_SERVER],
        env={
            **os.environ,
            "_RECKONER_COMPLETE": "bash_complete",
            "COMP_WORDS": "reckoner re",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
    )
    assert {"plain,result", "plain,redrive"} <= set(done.stdout.split())
    assert done.stderr == "False\n"


@pytest.mark.parametrize("arguments", [("redrive", "--show"), ("key", "list")])
def test_without_the_service_a_command_says_what_to_install(arguments):
    done = without_the_server(*arguments)
    assert done.returncode == 2
    assert "pip install 'reckoner-service[server]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_settings_are_status_2_and_named(reckoner, capsys):
    assert reckoner("redrive", broker_url="http://nowhere") == 2
    output, errors = capsys.readouterr()
    assert "RECKONER_BROKER_URL" in errors
    assert (output, "Traceback" in errors) == ("", False)


def test_an_unreachable_rabbitmq_is_status_1_and_named(reckoner, capsys):
    assert reckoner("redrive", broker_url="amqp://127.0.0.1:1/%2F") == 1
    output, errors = capsys.readouterr()
    assert "RabbitMQ" in errors
    assert (output, "Traceback" in errors) == ("", False)


@pytest.mark.parametrize("lanes", [("quick",), ("heavy",), ("quick", "heavy")])
def test_redrive_reports_the_named_lane_or_both(reckoner, settings, broker_url, capsys, lanes):
    for lane in Lane:
        with Channel(settings, lane):  # declares its queues
            pass
    named = lanes if len(lanes) == 1 else ()
    assert reckoner("redrive", *named, broker_url=broker_url) == 0
    shown = capsys.readouterr().out
    assert {str(lane) for lane in Lane if f"reckoner.{lane}.dead" in shown} == set(lanes)


def test_help_names_the_commands_in_groups(reckoner, capsys):
    assert reckoner("--help") == 0
    groups = capsys.readouterr().out.partition("\nFunctions of your own:\n")[2]
    authors, _, operators = groups.partition("\nOperating a service:\n")
    named = [
        {line.split()[0] for line in part.splitlines() if line} for part in (authors, operators)
    ]
    assert "new-function" in named[0]
    assert {"key", "redrive"} <= named[1]


def test_each_command_is_in_a_group(reckoner, capsys):
    reckoner("--help")
    shown = capsys.readouterr().out
    assert [name for name in command._COMMANDS if f"\n  {name} " not in shown] == []


def test_the_version_is_that_of_the_distribution(reckoner, capsys):
    assert reckoner("--version") == 0
    assert capsys.readouterr().out == f"reckoner {version('reckoner-service')}\n"
