"""What `make up` says once everything is ready."""

from compose.local.launcher import Launcher
from compose.local.settings import Access, LocalSettings
from compose.local.terminal.screen import BOLD, Screen


def welcome(
    launcher: Launcher, settings: LocalSettings, access: Access, seconds: float, screen: Screen
) -> str:
    """Return the addresses and commands that a user needs, the console's address last."""
    user, password = launcher.rabbitmq.manager
    return f"""
Reckoner is ready, after {seconds:.1f} s.

  the API           {settings.url}/docs
  keys              {_keys(launcher, access)}
  host names        {access.allowed_hosts}
  RabbitMQ          http://localhost:{launcher.rabbitmq.management_port}  user {user}, \
password {password}
  PostgreSQL        127.0.0.1:{launcher.postgres.port}; var/reckoner.env says where the password is
  requests          var/nginx/access.log
  another worker    make worker LANE=heavy
  logs              make logs
  stop              Ctrl-C

Open the console in a browser:

  {screen.coloured(f"{settings.url}/", BOLD)}

"""


def _keys(launcher: Launcher, access: Access) -> str:
    """Return where the operator's key is; where there is none, how to make another."""
    if not access.are_keys_on:
        return "off: whoever reaches this address may do everything"
    file = launcher.operator_key.relative_to(launcher.state.parent)
    if launcher.has_operator_key:
        return f"on; the operator's is in {file}"
    return f"on; the operator's is not in {file}: see above why"
