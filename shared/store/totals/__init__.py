"""What is there in total, for GET /system, GET /metrics and the limits of admission."""
