"""What commands write: data on standard output, words and progress on standard error."""
