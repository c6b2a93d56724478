"""The one exception that means "the user can mend this"."""


class KinesicsError(Exception):
    """A user's mistake, told in one line: the file, what was expected, what was found, what to do.

    The command line prints the message without a stack trace and exits with code 2.
    """
