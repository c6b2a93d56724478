"""The data sets that Kinesics reads, one a file."""
