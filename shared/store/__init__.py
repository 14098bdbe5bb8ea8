"""All SQL of the service: one function per statement, connection first; none of them commits."""
