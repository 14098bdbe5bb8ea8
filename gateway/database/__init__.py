"""PostgreSQL for coroutines."""
