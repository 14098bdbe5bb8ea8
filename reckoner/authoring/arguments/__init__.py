"""A function's arguments: `binding` is what the service calls; the rest serves it.

Functions of bounded integers need `integers` alone, and all others `validation`, which is pydantic.
"""
