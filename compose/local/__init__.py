"""`make up`: all of Reckoner on this machine, without Docker."""
