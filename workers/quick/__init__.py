"""The quick lane: computed in threads, written in batches."""
