"""Write docs/command_line.md, what every verb's --help says: python scripts/command_line.py"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from kinesics.cli import VERBS, main

PAGE = Path(__file__).parents[1] / "docs" / "command_line.md"
TOP = """\
# The command line

What `kinesics VERB --help` says, for all verbs. Written by `python scripts/command_line.py`.
Exit codes: 0 all is well, 1 `data doctor` found problems, 2 a mistake in what was asked for (one line says which),
130 interrupted.
"""


def page() -> str:
    """The whole page: a heading and the help for each verb, groups before the verbs in them."""
    sections = [f"## kinesics {' '.join(verb)}".rstrip() + f"\n\n```text\n{help_of(*verb)}\n```\n" for verb in verbs()]
    return "\n".join([TOP, *sections])


def verbs() -> Iterator[tuple[str, ...]]:
    """No verb, then each verb, and each verb of a group by its two words."""
    yield ()
    for name, verb in VERBS.items():
        yield (name,)
        yield from ((name, inner) for inner in verb.verbs)


def help_of(*verb: str) -> str:
    """What `--help` prints on a terminal of 100 columns."""
    os.environ["COLUMNS"] = "100"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main([*verb, "--help"])
    return printed.getvalue().rstrip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write what every verb's --help says.")
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.parse_args().out.write_text(page(), encoding="utf-8")
