"""The one exception that means "the user can mend this"."""

from __future__ import annotations

import unicodedata

_MOST = 1000  # letters of a message
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class KinesicsError(Exception):
    """A user's mistake, told in one line: the file, what was expected, what was found, what to do.

    The command line prints the message without a stack trace and exits with code 2. What a file brings into it is
    made `printable`, and cut in the middle where it is very long.
    """

    def __init__(self, message: str) -> None:
        text = printable(message)
        super().__init__(text if len(text) <= _MOST else f"{text[: _MOST // 2]} … {text[-_MOST // 2 :]}")


def printable(text: str) -> str:
    r"""Text of others for a terminal: one line, in which nothing moves the cursor or turns the direction of reading.

    What would do so becomes what JSON writes for it, such as `\u001b`.
    """
    return "".join(letter if _harmless(letter) else f"\\u{ord(letter):04x}" for letter in text)


def _harmless(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and letter not in _BIDIRECTIONAL
