"""The arguments of a function on a command line: `n=1e8`, `name=@file`, or a JSON object."""
