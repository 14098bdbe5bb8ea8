"""Which calculations a command is about: conditions of `list`, `watch` and `cancel`."""
