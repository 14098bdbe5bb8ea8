"""What a gateway process counts of itself, and how it answers for all processes in /metrics."""
