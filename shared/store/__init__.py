"""All SQL. One function per statement, connection first; none of them commits."""
