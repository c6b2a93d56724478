"""Recordings that an observer has reviewed: who is in them, and what happens, by the observer's word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kinesics.data.annotations import READERS
from kinesics.data.codings import KINESICS, CodedTier, read_tier, recording_key
from kinesics.errors import KinesicsError
from kinesics.files import RESULTS_LEDGER, not_written
from kinesics.inference.action_events import ONSETS
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import SUFFIX, load_skeletons
from kinesics.timeline import Event
from kinesics.timeline.sheets import read_sheet

_CORRECTED = ("timeline.eaf", "timeline.boris", "timeline.csv", "timeline.json")
_REVIEWED = "reviewed"  # the name of a file that an observer puts beside the results
_PEOPLE = ("recording", "person")


@dataclass(frozen=True, eq=False)
class ReviewedRecording:
    """One person in one recording, with all that happens there.

    Attributes
    ----------
    name : of the recording.
    subject : who it is; recordings of one subject are never on both sides of a comparison.
    skeleton : how the person moves.
    events : (label, start, end) of every gesture, seconds; what is not named here does not happen.
    """

    name: str
    subject: str
    skeleton: SkeletonSequence
    events: tuple[tuple[str, float, float], ...] = ()

    @property
    def seconds(self) -> float:
        """Where the recording ends, or the last event."""
        return max([self.skeleton.start + self.skeleton.duration, *(end for _, _, end in self.events)])


def read_reviewed(
    results: Path,
    *,
    labels: Sequence[Path] = (),
    mapping: Mapping[str, str] | None = None,
    people: Mapping[str, str] | None = None,
) -> tuple[list[ReviewedRecording], tuple[str, ...]]:
    """Read the analyses of a folder that an observer has reviewed.

    Without `labels` an analysis is reviewed where its folder holds a file `reviewed` (.eaf, .boris, .csv …), or where
    one of the timelines that Kinesics wrote there was changed since.

    Parameters
    ----------
    results : a folder of what `kinesics analyze` wrote, or one such folder.
    labels : files or folders of codings of these recordings, matched by name.
    mapping : which class each code is, of `kinesics.timeline.code_mapping.read_mapping`.
    people : who is in a recording, by `recording_key`; a recording that is not named is of somebody of its own.

    Returns
    -------
    The reviewed recordings, each person apart, and a sentence on each that is not used.

    Raises
    ------
    KinesicsError
        for a folder without any reviewed recording, and for codings that cannot be read.
    """
    mapping, people, notes = mapping or {}, people or {}, list[str]()
    tiers = [read_tier(path, mapping) for path in labels]
    found: list[ReviewedRecording] = []
    for folder in analysis_folders(results):
        name = recording_of(folder)
        events = _labelled(name, tiers) if labels else _corrected(folder, mapping)
        if events is None:
            notes.append(f"{folder}: not reviewed, and not used")
            continue
        found += _people(folder, name, events, people.get(name, name))
    if not found:
        where = "the codings" if labels else f"{_REVIEWED}.eaf, or a timeline that was corrected,"
        raise KinesicsError(
            f"{results}: expected analyses that were reviewed, found none of which there are {where}; correct "
            "timeline.eaf or timeline.boris, or name the codings with --labels"
        )
    return found, tuple(notes)


def analysis_folders(results: Path) -> list[Path]:
    """The folders of analyses with their landmarks; raises KinesicsError where there is none."""
    folders = [path.parent for path in (results / KINESICS, *sorted(results.glob(f"*/{KINESICS}"))) if path.is_file()]
    folders = [folder for folder in folders if (folder / f"landmarks{SUFFIX}").is_file()]
    if not folders:
        raise KinesicsError(
            f"{results}: expected a folder of analyses ({KINESICS} and landmarks{SUFFIX}), found none; make them with "
            "`kinesics analyze VIDEO --out DIR`"
        )
    return folders


def recording_of(folder: Path) -> str:
    """The name of an analysis' recording, as `recording_key` makes it."""
    return next(iter(read_tier(folder / KINESICS).recordings))


def _labelled(name: str, tiers: Sequence[CodedTier]) -> list[Event] | None:
    coded = [tier.recordings[name] for tier in tiers if name in tier.recordings]
    return [event for timeline in coded for event in timeline] if coded else None


def _corrected(folder: Path, mapping: Mapping[str, str]) -> list[Event] | None:
    """What an observer made of an analysis, None where nobody did."""
    own = [folder / f"{_REVIEWED}{suffix}" for suffix in READERS]
    path = next((one for one in own if one.is_file()), None)
    if path is None:
        try:
            written = json.loads((folder / RESULTS_LEDGER).read_text(encoding="utf-8"))["files"]
        except (OSError, ValueError, KeyError):
            return None
        path = not_written(folder, _CORRECTED, written)
    if path is None:
        return None
    return [event for timeline in read_tier(path, mapping).recordings.values() for event in timeline]


def _people(folder: Path, name: str, events: Sequence[Event], subject: str) -> Iterator[ReviewedRecording]:
    """Everybody who was analysed; events of nobody in particular are the largest person's."""
    everybody = {one.person: one for one in load_skeletons(folder / f"landmarks{SUFFIX}")}
    analysed = {event.person for timeline in read_tier(folder / KINESICS).recordings.values() for event in timeline}
    first = next(iter(everybody))
    events = [replace(event, person=event.person or first) for event in events]
    # the rules of facial actions find theirs themselves, and learn nothing
    events = [event for event in events if event.label not in ONSETS]
    for person in sorted({first, *analysed, *(event.person for event in events)} & set(everybody)):
        of_person = tuple((event.label, event.start, event.end) for event in events if event.person == person)
        who = subject if person == first else f"{subject}, person {person}"
        yield ReviewedRecording(name, who, everybody[person], of_person)


def read_people(path: Path) -> dict[str, str]:
    """Who is in which recording: a CSV with the columns recording,person; by `recording_key`."""
    sheet = read_sheet(path, [_PEOPLE], f"the columns {','.join(_PEOPLE)}")
    return {recording_key(row["recording"]): row["person"] for row in sheet.rows}
