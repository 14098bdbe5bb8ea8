"""What PostgreSQL did for a statement, prepared ones included: its module auto_explain tells."""

import json

from shared.config import load_settings
from shared.postgres.connections import make_engine


class Notices:
    """Keeps what PostgreSQL tells; a list would be emptied into SQLAlchemy's log."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.append = self.kept.append


class Explained:
    """Runs statements, undoes them, and tells what they read."""

    def __init__(self, url: str, *, is_autocommit: bool) -> None:
        settings = load_settings({"database_url": url, "broker_url": "amqp://127.0.0.1:1/%2F"})
        self.engine = make_engine(
            settings.sqlalchemy_url, connections=1, name="explained", is_autocommit=is_autocommit
        )

    def nodes(self, use):
        """Return the parts of the plans of what is used, as PostgreSQL carried them out."""
        notices = Notices()
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("LOAD 'auto_explain'")
            for name, value in _EXPLAINING.items():
                connection.exec_driver_sql(f"SET LOCAL auto_explain.{name} = {value}")
            driver = connection.connection.dbapi_connection
            assert driver is not None
            driver.notices = notices
            use(connection)
            connection.exec_driver_sql("ROLLBACK")
        plans = [notice.partition("plan:\n")[2] for notice in notices.kept]
        found = [node for plan in plans if plan for node in _walk(json.loads(plan)["Plan"])]
        assert found
        return found


_EXPLAINING = {
    "log_min_duration": 0,
    "log_analyze": "on",
    "log_timing": "off",
    "log_format": "json",
    "log_level": "notice",
}


def _walk(node):
    yield node
    for below in node.get("Plans", ()):
        yield from _walk(below)


def indexes(nodes):
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def rows_read(nodes, table="calculations"):
    """Count the rows that were fetched from a table, those included that were of no use."""
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return sum(
        sum(node.get(count, 0) for count in counts) * node["Actual Loops"]
        for node in nodes
        if node.get("Relation Name") == table and node["Node Type"] != "ModifyTable"
    )
