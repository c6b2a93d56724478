"""The folder of one recording's results: whose they are, so that nobody's work is overwritten unasked."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.files import RESULTS_LEDGER as LEDGER
from kinesics.files import not_written, sha256_of, write_text
from kinesics.skeleton import load_metadata
from kinesics.skeleton.sequence import SUFFIX

LANDMARKS = f"landmarks{SUFFIX}"
_LONGEST = 240  # bytes of a folder's name; file systems take 255


def recording_stem(path: Path) -> str:
    """The name of a recording without its ending; of a folder, its name."""
    name = path.name or path.resolve().name
    if name.endswith(SUFFIX):
        return name.removesuffix(SUFFIX)
    return name if path.is_dir() else Path(name).stem


def default_folder(recording: Path) -> Path:
    """Where its results go by default: NAME_kinesics in this folder, NAME cut where it is too long for a folder."""
    stem = recording_stem(recording).encode()[:_LONGEST].decode(errors="ignore")
    return Path(f"{stem}_kinesics")


def check_folder(out: Path, recording: Path, names: Sequence[str]) -> None:
    """See that the results of a recording may be written into a folder.

    Parameters
    ----------
    out: the folder.
    recording: what was analysed.
    names: of the files to write.

    Raises
    ------
    KinesicsError: if there are results of another recording, or a file of these names that Kinesics did not write, or
        that was changed since, as an observer does who corrects a timeline.
    """
    ledger = _read(out)
    if ledger is None:
        if _is_of_another(out / LANDMARKS, recording):
            raise _refusal(out, f"a folder for {recording.name}", f"another recording's {LANDMARKS}")
    elif not _same(ledger["recording"], _identity(recording)):
        raise _refusal(
            out, f"a folder for {recording}", f"the results of another recording, {ledger['recording']['name']}"
        )
    written = {} if ledger is None else ledger["files"]
    if (path := not_written(out, names, written)) is not None:
        raise _refusal(path, "a file as Kinesics wrote it", "one that somebody else wrote or changed")


@contextmanager
def written_results(out: Path, recording: Path, names: Sequence[str]) -> Iterator[None]:
    """Remember in a folder, while results are written there and from then on, that they are Kinesics' own.

    Parameters
    ----------
    out: the folder.
    recording: what was analysed.
    names: of the files that are written.

    Returns
    -------
    A context, in which they are to be written.
    """
    ledger = _read(out)
    files = {} if ledger is None else dict(ledger["files"])
    facts = _identity(recording)
    _write(out, facts, files | dict.fromkeys(names))
    yield
    others = {name: digest for name, digest in files.items() if name not in names}
    _write(out, facts, others | {name: sha256_of(out / name) for name in names if (out / name).exists()})


def remove_results(out: Path) -> int:
    """Delete what Kinesics has written into a folder, and the folder where nothing else is in it.

    Parameters
    ----------
    out: the folder.

    Returns
    -------
    How many files are gone; what somebody else put there stays.
    """
    ledger = _read(out)
    names = (*(ledger["files"] if ledger else ()), LANDMARKS, "landmarks.expressions.npz", LEDGER)
    gone = [path for name in names if (path := out / name).is_file() and path.parent.resolve() == out.resolve()]
    for path in gone:
        path.unlink()
    if out.is_dir() and not any(out.iterdir()):
        out.rmdir()
    return len(gone)


def _refusal(path: Path, expected: str, found: str) -> KinesicsError:
    return KinesicsError(
        f"{path}: expected {expected}, found {found}; give another folder with --out, or overwrite it with --force"
    )


def _identity(recording: Path) -> dict[str, object]:
    """What tells a recording from others: not its path, which may tell more than one wants to pass on."""
    whole = recording.resolve()
    parts = [entry.stat().st_size for entry in os.scandir(whole)] if whole.is_dir() else [whole.stat().st_size]
    place = hashlib.sha256(os.fsencode(whole)).hexdigest()
    return {"name": recording.name or whole.name, "bytes": sum(parts), "place": place}


def _same(one: dict[str, object], other: dict[str, object]) -> bool:
    """The same place, or the same name and length: a recording that was changed there, or one that was moved."""
    return one["place"] == other["place"] or (one["name"], one["bytes"]) == (other["name"], other["bytes"])


def _is_of_another(landmarks: Path, recording: Path) -> bool:
    try:
        return load_metadata(landmarks).get("video") != recording.name
    except KinesicsError:  # there are none, or damaged ones
        return False


def _read(out: Path) -> dict[str, dict[str, object]] | None:
    """The ledger; None where there is none, or a damaged one."""
    try:
        ledger = json.loads((out / LEDGER).read_text(encoding="utf-8"))
        return {
            "recording": {key: ledger["recording"][key] for key in ("name", "bytes", "place")},
            "files": dict(ledger["files"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(out: Path, recording: dict[str, object], files: dict[str, object]) -> None:
    write_text(out / LEDGER, json.dumps({"recording": recording, "files": files}, indent=1) + "\n")
