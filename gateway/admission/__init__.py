"""How much work may be queued: what is charged, the sum of it, and the decision."""
