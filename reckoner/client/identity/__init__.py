"""The id of a calculation, without a request."""
