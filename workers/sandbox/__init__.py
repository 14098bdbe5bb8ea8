"""Child processes: the worker's side and the child's side."""
