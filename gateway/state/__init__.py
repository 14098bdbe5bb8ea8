"""The state of the service and its history, as /system and /system/history show them."""
