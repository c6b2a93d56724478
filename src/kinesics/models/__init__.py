"""Networks, one a file, as plain modules that know nothing of files, videos or training."""
