"""The workbench: a page on the reader's own machine to look, correct, compare and improve."""
