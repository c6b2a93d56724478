"""Damaged input for every reader: small real files, what is changed in them, and what may come of it."""
