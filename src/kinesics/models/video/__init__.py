"""Networks for clips of frames."""
