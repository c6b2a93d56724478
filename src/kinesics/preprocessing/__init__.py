"""What a network is shown, wherever it runs: crops of person and face, normalisation, windows."""
