"""The simulated person: body, skin and looks."""
