"""iMiGUE as the MiGA challenge distributes it."""
