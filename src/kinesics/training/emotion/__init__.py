"""The emotion track: a whole recording to positive or negative."""
