"""All SQL of the service: one function per statement, connection first; none of them commits.

Each file has the statements of one subject. What the tables are like is in `tables`.
"""
