"""The recipe of the weights that ship with Kinesics."""
