"""A detector of one's own for others to have: its model card, and the hub."""
