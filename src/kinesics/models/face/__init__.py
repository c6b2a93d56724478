"""Networks for aligned faces."""
