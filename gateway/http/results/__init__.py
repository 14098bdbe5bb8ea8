"""How a result is served: its representation, ranges, media type, file name and headers."""
