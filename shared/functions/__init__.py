"""The calculations this service offers, and the registry that finds more of them."""
