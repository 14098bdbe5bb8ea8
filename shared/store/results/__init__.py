"""The bytes of results: in `chunks`, or in their row."""
