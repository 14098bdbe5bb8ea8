"""Statements on API keys and on the sessions that stand for them."""
