"""Weights that learn from an observer's corrections."""
