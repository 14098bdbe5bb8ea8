"""The quick lane: calculations in threads of the worker, and results stored in batches."""
