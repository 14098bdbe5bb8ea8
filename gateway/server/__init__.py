"""The processes that serve HTTP: gunicorn's worker, its protocol, its watchdog."""
