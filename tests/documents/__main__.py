"""`make documents`: write the parts of the documents that are made from the code."""

from tests.documents import commands, routes, settings
from tests.documents.parts import write_part


def main() -> None:
    """Write all of them."""
    write_part(commands.PAGE, "commands", commands.commands_part())
    routes.PAGE.write_text(routes.routes_page())
    write_part(settings.PAGE, "settings", settings.settings_table())
    write_part(settings.PAGE, "settings of make up", settings.local_table())


if __name__ == "__main__":
    main()
