"""What can be wrong with the files of iMiGUE, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kinesics.data.dataset import SPLITS
from kinesics.data.problems import Problem, subject_leaks
from kinesics.data.sets.imigue import files
from kinesics.data.sets.imigue.classes import class_index
from kinesics.data.sets.imigue.dataset import IMiGUE, VideoFiles
from kinesics.errors import KinesicsError
from kinesics.progress import Progress
from kinesics.video import lacks_bytes, probe

_KINDS = ("label.csv", "light.csv", "light_hand.csv", "openpose.xlsx")
_READERS = {
    "light.csv": files.read_light,
    "light_hand.csv": files.read_light_hand,
    "openpose.xlsx": files.read_openpose_xlsx,
}


@dataclass
class _Traits:
    """What differs between copies of the data set, and must not differ between the files of one."""

    header: dict[Path, bool] = field(default_factory=dict)
    swapped: dict[Path, bool] = field(default_factory=dict)


def imigue_problems(dataset: IMiGUE, progress: Progress) -> Iterator[Problem]:
    """Every fault of the files; reads all of them once, the videos' headers only."""
    yield from _published(dataset)
    yield from _splits(dataset)
    yield from _emotions(dataset)
    present = {kind for one in dataset.recordings for kind in _KINDS if one.file(kind)}
    traits = _Traits()
    for i, recording in enumerate(dataset.recordings):
        yield from _missing(recording, present)
        counts: dict[Path, int] = {}
        yield from _points(recording, counts, traits)
        yield from _video(recording, counts, dataset.fps)
        yield from _frame_counts(counts)
        if path := recording.file("label.csv"):
            yield from _labels(path, _length(recording, counts), hidden=recording.split == "test")
        progress((i + 1) / len(dataset.recordings))
    for kind in ("light.csv", "light_hand.csv"):
        alike = {path: header for path, header in traits.header.items() if path.name.endswith(f"_{kind}")}
        yield from _odd_ones(alike, "has a header line", "has no header line")
    yield from _odd_ones(
        traits.swapped,
        "fingertips of the hands swapped: 25–29 lie at the right wrist",
        "fingertips of the hands swapped: 25–29 lie at the left wrist",
    )


def _published(dataset: IMiGUE) -> Iterator[Problem]:
    """Splits that are here, but not with the videos and classes that the challenge counts."""
    videos = Counter(one.split for one in dataset.recordings)
    for split, expected in dataset.published_videos.items():
        if videos[split] not in (0, expected):
            yield Problem(dataset.folder, f"{split}: expected {expected} videos, found {videos[split]}")
    try:
        labels = Counter((clip.split, clip.label) for clip in dataset.clips)
    except KinesicsError:
        return  # the label file is named by its own check
    for split, counts in dataset.published_classes.items():
        for label, expected in enumerate(counts):
            found = labels[split, label]
            if videos[split] and found != expected:
                name = dataset.classes[label]
                yield Problem(dataset.folder, f"{split}: expected {expected} clips of {name!r}, found {found}")


def _splits(dataset: IMiGUE) -> Iterator[Problem]:
    """Videos and subjects that are in two splits."""
    first: dict[str, VideoFiles] = {}
    for one in dataset.recordings:
        other = first.setdefault(one.id, one)
        if other is not one:
            yield Problem(one.folder or dataset.folder, f"video {one.id} is in {other.split} and in {one.split}")
    path = dataset.folder / files.SUBJECTS_FILE
    try:
        yield from subject_leaks(path, ((dataset.subjects.get(one.id, ""), one.split) for one in dataset.recordings))
    except KinesicsError as error:
        yield Problem.of(path, error)


def _emotions(dataset: IMiGUE) -> Iterator[Problem]:
    splits = {one.id: one.split for one in dataset.recordings}
    for split in SPLITS[:2]:
        path = dataset.emotion_file(split)
        if path is None:
            continue
        try:
            for video in files.read_emotions(path):
                if splits.get(video) != split:
                    where = f"is in {splits[video]}" if video in splits else "is nowhere"
                    yield Problem(path, f"has the emotion of video {video}, which {where}, not in {split}")
        except KinesicsError as error:
            yield Problem.of(path, error)


def _missing(recording: VideoFiles, present: set[str]) -> Iterator[Problem]:
    """Files that other recordings have."""
    if recording.folder is not None:
        for kind in _KINDS:
            if kind in present and recording.file(kind) is None:
                yield Problem(recording.folder / f"{recording.id}_{kind}", "is missing")
    if recording.video is not None and not recording.video.is_file():
        yield Problem(recording.video, "is missing")


def _points(recording: VideoFiles, counts: dict[Path, int], traits: _Traits) -> Iterator[Problem]:
    for kind, read in _READERS.items():
        path = recording.file(kind)
        if path is None:
            continue
        try:
            points = read(path)
        except KinesicsError as error:
            yield Problem.of(path, error)
            continue
        counts[path] = len(points)
        if path.suffix == ".csv":
            traits.header[path] = files.has_header(path)
        if kind == "light_hand.csv":
            swapped = files.fingertips_swapped(points)
            if swapped is not None:
                traits.swapped[path] = swapped


def _video(recording: VideoFiles, counts: dict[Path, int], fps: float) -> Iterator[Problem]:
    path = recording.video
    if path is None or not path.is_file():
        return
    try:
        info = probe(path)
    except KinesicsError as error:
        yield Problem.of(path, error)
        return
    if lacks_bytes(path):
        yield Problem(path, "is cut off before its last frames; copy it again")
    counts[path] = info.frames
    if abs(info.fps - fps) > 0.01:
        yield Problem(path, f"runs at {info.fps:.3f} frames a second, expected {fps:g}, by which labels are counted")


def _frame_counts(counts: dict[Path, int]) -> Iterator[Problem]:
    """The files of one recording whose number of frames is not that of the most."""
    usual = _usual(list(counts.values()))
    for path, frames in counts.items():
        if frames != usual:
            others = ", ".join(other.name for other, count in counts.items() if count == usual)
            yield Problem(path, f"has {frames} frames, {others} {usual}")


def _length(recording: VideoFiles, counts: dict[Path, int]) -> int | None:
    """Frames of the video, or of the skeletons where there is none that can be read."""
    if recording.video in counts:
        return counts[recording.video]
    return _usual(list(counts.values())) if counts else None


def _usual(values: list[int]) -> int | None:
    """The most frequent value; of several the first."""
    return Counter(values).most_common(1)[0][0] if values else None


def _labels(path: Path, frames: int | None, *, hidden: bool) -> Iterator[Problem]:
    try:
        rows = files.read_labels(path)
    except KinesicsError as error:
        yield Problem.of(path, error)
        return
    lines: dict[files.LabelRow, int] = {}
    for line, row in enumerate(rows, 1):
        if class_index(row.class_id) is None and not hidden:
            yield Problem(path, f"line {line}: class {row.class_id} does not exist, expected 1 to 31 or 99")
        if row.start > row.end:
            yield Problem(path, f"line {line}: boundaries reversed, starts at frame {row.start}, ends at {row.end}")
        if row.start < 0:
            yield Problem(path, f"line {line}: starts at frame {row.start}, before the video")
        if frames is not None and max(row.start, row.end) >= frames:
            yield Problem(path, f"line {line}: ends at frame {row.end}, past the video's {frames} (0 to {frames - 1})")
        if (first := lines.setdefault(row, line)) != line:
            yield Problem(path, f"line {line}: repeats line {first} ({','.join(map(str, row))})")


def _odd_ones(traits: dict[Path, bool], has: str, has_not: str) -> Iterator[Problem]:
    """The files that differ from most; where halves stand against each other, those that have the trait."""
    odd = 2 * sum(traits.values()) <= len(traits)
    for path, value in traits.items():
        if value == odd:
            yield Problem(path, f"{has if value else has_not}, unlike the other files")
