"""The processes that compute: quick workers in threads, heavy ones in child processes."""
