"""What several verbs share: input options, early checks, the progress bar."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.progress import progress_bar as progress_bar

Run = Callable[[argparse.Namespace], None]
Describe = Callable[[argparse.ArgumentParser], None]
Verb = tuple[Run, Describe, str, str]  # what it does, its options, one line about it, examples
Group = tuple[Mapping[str, Verb], str, str]  # verbs inside, one line about them, examples


def describe_input(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("input", type=Path, help="a video, a folder of OpenPose JSON files, or a .skeleton.npz")
    verb.add_argument("--person", default="largest", metavar="WHO", help="largest (default), all, or a number")
    verb.add_argument("--weights", type=Path, metavar="FILE", help="other weights than the shipped ones")


def must_exist(path: Path) -> None:
    """Told before anything heavy is loaded."""
    if not path.exists():
        raise KinesicsError(f"{path}: no such file or folder")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise KinesicsError(f"{folder}: cannot make this folder ({error}); choose another with --out") from error
    if not os.access(folder, os.W_OK):
        raise KinesicsError(f"{folder}: this folder cannot be written to; choose another with --out")
