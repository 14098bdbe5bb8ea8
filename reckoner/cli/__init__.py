"""The `reckoner` command, one file for each subcommand."""
