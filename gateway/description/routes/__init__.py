"""The operations of each route: one module for each group of them."""
