"""Data sets, their checks, clips, splits and caches, all without torch."""
