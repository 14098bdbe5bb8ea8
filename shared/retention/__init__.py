"""Counting stored results and removing the oldest, in steps that disturb nobody.

The relay follows its settings with it, and `reckoner prune` an operator's conditions. A step is a
short transaction; after each there is a pause, and everything can stop there and be continued.
"""
