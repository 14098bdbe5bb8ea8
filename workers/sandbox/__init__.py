"""Child processes for heavy calculations.

The worker's side: `spares` starts children in advance, `process` is the handle on one, and `parent`
runs a calculation in it, with the help of `descendants`, `out_of_memory` and `exit_reasons`. The
child's side: `child` and `limits`. What goes over the pipes between them: `protocol`.
"""
