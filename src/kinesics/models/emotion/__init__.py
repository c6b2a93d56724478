"""Emotion networks: heads on streams of faces, context and gestures."""
