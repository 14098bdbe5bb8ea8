"""The `reckoner` command: one module for each subcommand, with its arguments and what it does."""
