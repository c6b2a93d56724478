"""What several verbs share: how a verb is described, input options, early checks."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.errors import KinesicsError, printable

if TYPE_CHECKING:
    from rich.console import Console

Run = Callable[[argparse.Namespace], None]
Describe = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True)
class Verb:
    """One verb of the command line, or a group with verbs of its own (`kinesics data doctor`).

    Attributes
    ----------
    summary : one line about it.
    notes : what `--help` says below the options: remarks, and examples to copy.
    run : what it does with its options; None for a group.
    describe : adds its options to its parser; None where it has none.
    verbs : those of a group, by name.
    """

    summary: str
    notes: str
    run: Run | None = None
    describe: Describe | None = None
    verbs: Mapping[str, Verb] = field(default_factory=dict)


def say(text: object) -> None:
    """Print a text, in which names and labels of others stand as they are and do nothing to the terminal."""
    print("\n".join(map(printable, str(text).split("\n"))))


def plain_console() -> Console:
    """A console for tables, which takes no markup from their cells; these are to be `printable`."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


def describe_recording(verb: argparse.ArgumentParser) -> None:
    """Add the options of every verb that scores a recording."""
    verb.add_argument("input", type=Path, help="a video, a folder of OpenPose JSON files, or a .skeleton.npz")
    verb.add_argument("--person", default="largest", metavar="WHO", help="largest (default), all, or a number")
    verb.add_argument("--weights", type=Path, metavar="FILE", help="other weights than the shipped ones")
    describe_prior(verb)
    verb.add_argument(
        "--fps",
        type=float,
        metavar="X",
        help="frames a second of OpenPose files (default: those of the video of the same name beside them, else 25)",
    )
    describe_engine(verb)


def describe_prior(verb: argparse.ArgumentParser) -> None:
    """Add the option of every verb that turns a network's answers into probabilities."""
    verb.add_argument(
        "--prior",
        metavar="NAME",
        help="how often each gesture is expected, for weights that learned all alike: even, interview (as in press "
        "interviews), recording (learned from it without labels), or a JSON file {class: share} (default: the weights' "
        "own)",
    )


def describe_engine(verb: argparse.ArgumentParser) -> None:
    """Add the option of every verb that tracks people in videos."""
    verb.add_argument(
        "--engine", metavar="NAME", help="the landmark engine that tracks people in videos (default: the fastest)"
    )


def describe_mapping(verb: argparse.ArgumentParser) -> None:
    """Add the option of every verb that reads what observers have coded."""
    verb.add_argument(
        "--map",
        type=Path,
        metavar="FILE",
        help="which class each of the observers' codes is: a CSV with the columns code,class or a JSON {code: class}; "
        "a code without a class is left out",
    )


def code_mapping(options: argparse.Namespace) -> dict[str, str]:
    """The classes by code that `--map` names, or none; raises KinesicsError for another file."""
    from kinesics.timeline.code_mapping import read_mapping

    return {} if options.map is None else read_mapping(options.map)


def engine_name(options: argparse.Namespace) -> str:
    """The landmark engine that was named, or the default; raises KinesicsError where there is none of this name."""
    from kinesics.perception.engines import DEFAULT_ENGINE, check_engine

    return check_engine(options.engine or DEFAULT_ENGINE)


def must_exist(path: Path) -> None:
    """Raise KinesicsError for a missing file, before anything heavy is loaded.

    A name that is not UTF-8 is refused as well, for it cannot be written into results.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = os.fsencode(path).decode("utf-8", "replace")
        raise KinesicsError(f"{name}: expected a name in UTF-8, found other bytes in it; rename it") from None
    if not path.exists():
        raise KinesicsError(f"{path}: no such file or folder")


def make_folder(folder: Path) -> None:
    """Make a folder for results; raises KinesicsError where it cannot be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise KinesicsError(f"{folder}: cannot make this folder ({error}); choose another with --out") from error
    if not os.access(folder, os.W_OK):
        raise KinesicsError(f"{folder}: this folder cannot be written to; choose another with --out")
