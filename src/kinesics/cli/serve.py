"""`kinesics serve`: the workbench, a page in the browser over one folder of recordings."""

from __future__ import annotations

import argparse
from pathlib import Path

from kinesics.cli.common import Verb, must_exist, say
from kinesics.errors import KinesicsError

PORT = 8710
LOCAL = "127.0.0.1"


def _describe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", type=Path, help="the folder of your recordings; results are written beside them")
    verb.add_argument("--port", type=int, metavar="N", help=f"port to listen on (default: {PORT}, or a free one)")
    verb.add_argument("--host", default=LOCAL, metavar="NAME", help="let other machines in; only with --password")
    verb.add_argument("--password", action="store_true", help="ask here for a password that the page will ask for")


NOTES = """\
opens a page in your browser: drop videos in, analyse them, look at each event and correct it, let others code the same
recordings, and see how well you agree. Everything stays in the folder: kinesics.sqlite, and NAME_kinesics beside each
recording. End it with Ctrl-C; whatever was running continues the next time.

examples:
  kinesics serve interviews/
  kinesics serve interviews/ --host 0.0.0.0 --password"""


def _serve(options: argparse.Namespace) -> None:
    must_exist(options.folder)
    if not options.folder.is_dir():
        raise KinesicsError(f"{options.folder}: expected a folder of recordings, found a file; give its folder")
    if options.host != LOCAL and not options.password:
        raise KinesicsError(f"--host {options.host}: expected a password with it, found none; add --password")
    if options.port is not None and not 0 < options.port < 65536:
        raise KinesicsError(f"--port {options.port}: expected a number from 1 to 65535")
    password = _ask() if options.password else ""
    try:
        from kinesics.web.serve import serve
    except ImportError as error:
        raise KinesicsError(
            f"kinesics serve: expected the libraries of the workbench, found not all ({error}); "
            "pip install 'kinesics[serve]'"
        ) from error
    serve(options.folder, options.host, options.port or (PORT, 0), password, say)


def _ask() -> str:
    """A password from the terminal, unseen, or a line of the input."""
    import sys
    from getpass import getpass

    password = getpass("Password for the page: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < 8:
        raise KinesicsError("--password: expected 8 letters or more, found fewer; choose a longer one")
    return password


SERVE = Verb("look at, correct, compare and improve in a browser", NOTES, _serve, _describe)
