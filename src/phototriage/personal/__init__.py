"""A ranker that becomes a person's own: what decisions teach it, and whether it may speak."""
