"""The commands of whoever wants something calculated, a file each."""
