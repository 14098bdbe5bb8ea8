"""What is wrong with a running Reckoner, in words: for GET /system and `reckoner doctor`.

Pure functions of what was read. docs/how-to/monitoring.md has the alerts, which go by the same
bounds.
"""
