"""Gesture networks: fusions of video and skeleton."""
