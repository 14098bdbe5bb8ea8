"""`reckoner doctor`: checks an installation and what it needs, and says what to do."""

from reckoner.cli.operating.doctor.command import command

__all__ = ["command"]
