"""Statements that count stored results by the hour, and remove those that finished first."""
