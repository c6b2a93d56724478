"""From raw videos and what observers coded in them to a `ClipFolder` with landmarks, ready to train on."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinesics.data.annotations import Annotation, read_annotations
from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.sets.clip_folder import CLASSES, COLUMNS, MANIFEST
from kinesics.data.splits import subject_split, who
from kinesics.errors import KinesicsError
from kinesics.files import write_text
from kinesics.perception import observe
from kinesics.perception.engine import DEFAULT_ENGINE, LandmarkEngine
from kinesics.progress import Progress, part_of
from kinesics.skeleton.sequence import SUFFIX
from kinesics.video import probe

VIDEOS = frozenset((".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".mts", ".wmv", ".gif"))
LABELS = frozenset((".csv", ".tsv", ".txt", ".eaf", ".boris"))
SHARES: tuple[tuple[Split, float], ...] = (("train", 0.7), ("test", 0.2), ("val", 0.1))
_SLACK = 0.5  # seconds by which a coded event may outlast its video


@dataclass(frozen=True)
class Prepared:
    """The clips that were written, their classes, and why some videos are not among them."""

    clips: tuple[ClipInfo, ...]
    classes: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Coded:
    """One annotation with its files."""

    id: str
    video: Path
    skeleton: Path
    said: Annotation


def prepare(
    videos: Path,
    labels: Sequence[Path],
    out: Path,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    engine: LandmarkEngine | str = DEFAULT_ENGINE,
) -> Prepared:
    """Write the clips that `labels` (files, or folders of them) name in `videos` (a folder, or one) as a ClipFolder.

    Landmarks go to `out/skeletons`, one file a video; those that are there already are not made again, so an
    interrupted run goes on where it stopped and changed labels cost nothing. The videos stay where they are. No two
    splits have a subject in common; a video whose subject is not told is a subject of its own. A video that cannot be
    read, or in which nobody is found, is left out and told. Raises KinesicsError for labels that do not fit the videos.
    """
    coded: list[_Coded] = []
    left_out: list[str] = []
    by_video = dict(_readable(_matched(_videos(videos), labels), left_out))
    for done, (name, (video, said)) in enumerate(by_video.items()):
        skeleton = out / "skeletons" / f"{name}{SUFFIX}"
        share = part_of(progress, done / len(by_video), (done + 1) / len(by_video))
        try:
            found = observe(video, cache=skeleton, progress=share, engine=engine)
        except KinesicsError as error:
            left_out.append(str(error))
            continue
        _check_people(video, said, len(found.people))
        coded += [_Coded(f"{name}_{k}", video.resolve(), skeleton, one) for k, one in enumerate(said)]
    if not coded:
        raise KinesicsError(f"{videos}: expected a video with a person in it, found none ({'; '.join(left_out)})")
    classes = tuple(sorted({one.said.label for one in coded}))
    clips = _split([_clip(one, classes) for one in coded], seed)
    write_text(out / CLASSES, "".join(f"{name}\n" for name in classes))
    write_text(out / MANIFEST, _manifest(out, clips, classes, {one.id: one.said.person for one in coded}))
    return Prepared(clips, classes, tuple(left_out))


def _videos(source: Path) -> dict[str, Path]:
    """The videos by a name that is unique: the stem, with the folders before it where that occurs twice."""
    if source.is_file():
        return {source.stem: source}
    found = sorted(path for path in source.rglob("*") if path.suffix.lower() in VIDEOS)
    if not found:
        raise KinesicsError(f"{source}: expected a video, or a folder of videos, found none")
    stems = [path.stem for path in found]
    return {
        path.stem if stems.count(path.stem) == 1 else "_".join(path.relative_to(source).parts): path for path in found
    }


def _matched(videos: dict[str, Path], labels: Iterable[Path]) -> dict[str, tuple[Path, list[Annotation]]]:
    """name: (video, what was coded in it), for the videos in which something was."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, path in videos.items():
        for key in {path.name.lower(), path.stem.lower()}:
            names[key].append(name)
    said: dict[str, list[Annotation]] = defaultdict(list)
    for path in _label_files(labels):
        for one in read_annotations(path):
            fits = names[one.video.lower()] or names[Path(one.video).stem.lower()]
            if len(fits) != 1:
                there = "several videos of that name" if fits else f"only {', '.join(sorted(videos)[:5])}"
                raise KinesicsError(
                    f"{path}: expected the video {one.video!r}, found {there}; name it as the file is named"
                )
            said[fits[0]].append(one)
    return {name: (path, said[name]) for name, path in videos.items() if name in said}


def _label_files(labels: Iterable[Path]) -> list[Path]:
    found = []
    for path in labels:
        inside = sorted(one for one in path.iterdir() if one.suffix.lower() in LABELS) if path.is_dir() else [path]
        if not inside or not inside[0].exists():
            raise KinesicsError(f"{path}: expected annotations ({', '.join(sorted(LABELS))}), found none")
        found += inside
    return found


def _readable(
    matched: dict[str, tuple[Path, list[Annotation]]], left_out: list[str]
) -> Iterator[tuple[str, tuple[Path, list[Annotation]]]]:
    """Those whose videos can be read; raises KinesicsError for events beyond a video's end, before the long work."""
    for name, (video, said) in matched.items():
        try:
            duration = probe(video).duration
        except KinesicsError as error:
            left_out.append(str(error))
            continue
        late = next((one for one in said if one.end > duration + _SLACK), None)
        if late is not None:
            raise KinesicsError(
                f"{video}: expected events within its {duration:.2f} s, found {late.label!r} from {late.start:.2f} to "
                f"{late.end:.2f} s; do the labels belong to another video?"
            )
        yield name, (video, said)


def _check_people(video: Path, said: Sequence[Annotation], count: int) -> None:
    other = next((one.person for one in said if one.person is not None and not 1 <= one.person <= count), None)
    if other is not None:
        raise KinesicsError(f"{video}: expected person {other} of the labels in the video, found {count} people")


def _clip(one: _Coded, classes: tuple[str, ...]) -> ClipInfo:
    name = one.id.rpartition("_")[0]
    subject = one.said.subject or (name if one.said.person is None else f"{name} person {one.said.person}")
    label = classes.index(one.said.label)
    return ClipInfo(one.id, label, "train", subject, one.said.start, one.said.end, one.video, one.skeleton)


def _split(clips: list[ClipInfo], seed: int) -> tuple[ClipInfo, ...]:
    """Fewer than three subjects cannot be in three splits: then test comes before val."""
    people = len({who(clip) for clip in clips})
    return subject_split(clips, dict(SHARES[:people]), seed)


def _manifest(out: Path, clips: Iterable[ClipInfo], classes: tuple[str, ...], people: dict[str, int | None]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for clip in clips:
        assert clip.label is not None
        assert clip.skeleton is not None
        skeleton, person = clip.skeleton.relative_to(out).as_posix(), people[clip.id]
        facts = classes[clip.label], clip.split, clip.subject, clip.video, f"{clip.start:.3f}", f"{clip.end:.3f}"
        rows.writerow([clip.id, *facts, skeleton, "" if person is None else person])
    return text.getvalue()
