"""The landmark engine that travels with the package, and its models."""
