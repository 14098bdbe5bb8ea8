"""The tables, as SQLAlchemy Core describes them; migrations/ makes them.

The rules for states are CHECKs of the tables, so that no bug can store an impossible state. The
only clock is PostgreSQL's.
"""
