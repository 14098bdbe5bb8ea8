"""How a function is written: `decorator` reads it, and `definition` is what the service gets.

Its arguments and its results have a room each, and the files here serve both.
"""
