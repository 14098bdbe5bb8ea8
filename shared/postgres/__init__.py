"""Connections to PostgreSQL: where to, for how long, and what their errors mean."""
