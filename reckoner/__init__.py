"""What users of Reckoner import and type."""
