"""The spotting task: networks that find gestures in untrimmed recordings."""
