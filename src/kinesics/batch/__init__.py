"""Many recordings: found, analysed over processes or machines, and told in one table."""
