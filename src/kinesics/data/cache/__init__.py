"""Skeletons and frames of a data set, read once and memory-mapped from then on."""
