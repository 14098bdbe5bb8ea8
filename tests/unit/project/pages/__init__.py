"""Pages of the documents, which are compared with the code."""
