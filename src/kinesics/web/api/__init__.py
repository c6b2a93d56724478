"""What the page asks of the server, one file a subject."""
