"""`reckoner doctor`: checks an installation and all that it needs, and says what to do."""

import os

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.operating.doctor.findings import Level
from reckoner.cli.operating.doctor.going_live import check_keys, check_settings
from reckoner.cli.operating.doctor.postgres import check_connections, check_schema, check_server
from reckoner.cli.operating.doctor.processes import check_functions, check_relays, check_workers
from reckoner.cli.operating.doctor.rabbitmq import check_nodes
from reckoner.cli.operating.doctor.report import report_members, report_text, worst_level
from reckoner.cli.operating.doctor.running import Check, Installation, run_checks
from reckoner.cli.operating.doctor.service import check_service
from reckoner.cli.operating.doctor.storage import check_storage, check_temporary_folder
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.output.terminal import say
from reckoner.cli.service.settings import read_settings, url_option
from shared.postgres.connections import make_engine
from shared.startup import load_settings_or_exit

CHECKS = (
    Check("PostgreSQL", check_server),
    Check("Schema and rights", check_schema),
    Check("Connections", check_connections),
    Check("RabbitMQ", check_nodes),
    Check("Service", check_service),
    Check("Relays", check_relays),
    Check("Workers", check_workers),
    Check("Functions", check_functions),
    Check("Storage", check_storage),
    Check("This machine", check_temporary_folder),
    Check("Keys", check_keys),
    Check("Going live", check_settings),
)


@click.command("doctor")
@form_option()
@url_option
def command(form: Form, url: str | None) -> None:
    r"""Check the installation and all that it needs, and say what to do.

    It reads the settings of the service, and connects to PostgreSQL, to each node of RabbitMQ, and
    to the service at --url or RECKONER_URL. It changes nothing. Run it where the service runs,
    with the same environment. The exit status is 1 if there is a fault; warnings are none.

    \b
    Examples:
      reckoner doctor
      reckoner doctor -o json | jq '.findings[] | select(.level == "fault")'
      docker compose -f compose/compose.yaml run --rm reckoner doctor
    """
    settings = load_settings_or_exit()
    service = read_settings(url)
    say("Checking …")
    engine = make_engine(settings.sqlalchemy_url, connections=len(CHECKS), name="reckoner doctor")
    is_production = os.environ.get("RECKONER_ENV") == "production"
    installation = Installation(settings, engine, service.url, is_production, service.key)
    examined = run_checks(CHECKS, installation)
    write_document(report_members(examined), form, lambda: report_text(examined))
    if worst_level(examined) is Level.FAULT:
        raise CommandFailed("There are faults. Correct them and run this again.", ExitStatus.FAILED)
