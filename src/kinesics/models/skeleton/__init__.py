"""Networks for skeletons."""
