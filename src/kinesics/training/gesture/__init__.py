"""The gesture track: a clip to one of its classes."""
