"""The functions that this service computes, and the registry that finds installed ones."""
