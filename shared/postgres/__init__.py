"""Connections to PostgreSQL: to which server, for how long, and what their errors mean."""
