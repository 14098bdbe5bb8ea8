"""`make documents`: write the parts of the documents that are made from the code."""

from tests.documents import routes, settings
from tests.documents.parts import write_part


def main() -> None:
    """Write all of them."""
    routes.PAGE.write_text(routes.routes_page())
    write_part(settings.PAGE, "settings", settings.settings_table())
    write_part(settings.PAGE, "settings of make up", settings.local_table())


if __name__ == "__main__":
    main()
