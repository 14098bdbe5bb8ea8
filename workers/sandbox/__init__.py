"""Child processes for heavy calculations.

`outside` runs in the worker, `inside` in its child processes, and neither imports the other. What
goes over the pipes between them is in `protocol`, and what a child may use in `limits`.
"""
