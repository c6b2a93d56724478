"""Simulated people whom a landmark engine takes for people: person, motion, rendering, detector, data sets."""
