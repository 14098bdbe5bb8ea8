"""JSON Schemas of what requests and responses contain, by their names in the description."""
