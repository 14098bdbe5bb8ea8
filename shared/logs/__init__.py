"""The log of each process: a line an event, as JSON or readable, with the ids to find it by."""
