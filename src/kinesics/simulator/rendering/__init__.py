"""Frames of simulated people."""
