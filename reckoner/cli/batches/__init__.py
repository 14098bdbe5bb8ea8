"""Files of many calculations, CSV or NDJSON, read line by line."""
