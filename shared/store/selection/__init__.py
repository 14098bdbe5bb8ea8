"""What filters select: the list of calculations, and cancels of many."""
