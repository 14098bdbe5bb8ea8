"""What runs in the worker: `parent` runs a calculation in a child, which `children` hands out."""
