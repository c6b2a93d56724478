"""Training: a folder a task, what training shows a network, configs, and the recipe of the shipped weights."""
