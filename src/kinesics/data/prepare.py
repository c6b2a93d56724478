"""From raw videos and what observers coded in them to a `ClipFolder` with landmarks, ready to train on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinesics.data.annotations import match_codings
from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.sets.clip_folder import CLASSES, COLUMNS, MANIFEST
from kinesics.data.splits import subject_split, who
from kinesics.errors import KinesicsError
from kinesics.files import not_written, sha256_of, visible, write_text
from kinesics.perception import observe
from kinesics.perception.engine import LandmarkEngine
from kinesics.perception.engines import DEFAULT_ENGINE
from kinesics.progress import Progress, part_of
from kinesics.skeleton.sequence import SUFFIX
from kinesics.timeline.coding import Annotation
from kinesics.video import SUFFIXES, probe

LEDGER = ".kinesics.json"  # the sha256 of the files that were written; null while one is being written
SHARES: tuple[tuple[Split, float], ...] = (("train", 0.7), ("test", 0.2), ("val", 0.1))
_SLACK = 0.5  # seconds by which a coded event may outlast its video


@dataclass(frozen=True)
class Prepared:
    """What was written.

    Parameters
    ----------
    clips, classes : as the folder holds them
    left_out : why some videos are not among them
    notes : what of the codings is not used, and what was taken for granted
    """

    clips: tuple[ClipInfo, ...]
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Coded:
    """One annotation with its files."""

    id: str
    video: Path
    skeleton: Path
    annotation: Annotation


def prepare(
    videos: Path,
    labels: Sequence[Path],
    out: Path,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    engine: LandmarkEngine | str = DEFAULT_ENGINE,
    mapping: Mapping[str, str] | None = None,
) -> Prepared:
    """Write the clips that observers have coded in videos as a ClipFolder with landmarks.

    Landmarks go to `out/skeletons`, one file a video; those that are there already are not made again, so an
    interrupted run resumes and changed labels cost nothing. The videos stay where they are. No two splits have a
    subject in common; a video whose subject is not named is a subject of its own. A video that cannot be read, or in
    which nobody is found, is left out, and `left_out` says so.

    Parameters
    ----------
    videos : a folder, or one video
    labels : files of codings, or folders of them
    out : the folder to write
    seed : another seed is another split of the subjects
    progress : called with the share that is done, 0..1
    engine : that finds the landmarks, itself or its name
    mapping : which class each code of the observers is, of `kinesics.timeline.code_mapping.read_mapping`

    Returns
    -------
    what was written, and what of the codings is not in it

    Raises
    ------
    KinesicsError : for labels that do not fit the videos, before any video is looked at, and where nobody is found
    """
    written = _written(out)
    if (other := not_written(out, (CLASSES, MANIFEST), written)) is not None:
        raise KinesicsError(
            f"{other}: expected a file as `kinesics data prepare` wrote it, found one that somebody else wrote or "
            "changed; give another folder with --out, or move the file away"
        )
    sources = _videos(videos)
    matched, unused = match_codings(sources, labels, mapping)
    coded: list[_Coded] = []
    left_out: list[str] = []
    notes = list(unused)
    names = list(_readable(sources, matched, left_out))
    for done, name in enumerate(names):
        video, annotations, skeleton = sources[name], matched[name], out / "skeletons" / f"{name}{SUFFIX}"
        share = part_of(progress, done / len(names), (done + 1) / len(names))
        try:
            found = observe(video, cache=skeleton, progress=share, engine=engine)
        except KinesicsError as error:
            left_out.append(str(error))
            continue
        _check_people(video, annotations, len(found.people), notes)
        notes += [f"{video}: {note}" for note in found.notes]
        place = video.parent.resolve() / video.name  # a link keeps its own name
        coded += [_Coded(f"{name}_{k}", place, skeleton, one) for k, one in enumerate(annotations)]
    if not coded:
        raise KinesicsError(f"{videos}: expected a video with a person in it, found none ({'; '.join(left_out)})")
    classes = tuple(sorted({one.annotation.label for one in coded}))
    clips = _split([_clip(one, classes) for one in coded], seed)
    manifest = _manifest(out, clips, classes, {one.id: one.annotation.person for one in coded})
    _write(out, {CLASSES: "".join(f"{name}\n" for name in classes), MANIFEST: manifest})
    return Prepared(clips, classes, tuple(left_out), tuple(notes))


def _written(out: Path) -> dict[str, object]:
    """The sha256 of each file that an earlier call wrote, by its name."""
    try:
        return dict(json.loads((out / LEDGER).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or a damaged one
        return {}


def _write(out: Path, texts: Mapping[str, str]) -> None:
    """Write the files, and remember that they are Kinesics' own, before and after."""
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / LEDGER, json.dumps({"files": dict.fromkeys(texts)}))
    for name, text in texts.items():
        write_text(out / name, text)
    write_text(out / LEDGER, json.dumps({"files": {name: sha256_of(out / name) for name in texts}}))


def _videos(source: Path) -> dict[str, Path]:
    """The videos by a name that is unique: the stem, with the folders before it where that occurs twice."""
    if source.is_file():
        return {source.stem: source}
    found = [path for path in visible(source) if path.suffix.lower() in SUFFIXES]
    if not found:
        raise KinesicsError(f"{source}: expected a video, or a folder of videos, found none")
    stems = [path.stem for path in found]
    return {
        path.stem if stems.count(path.stem) == 1 else "_".join(path.relative_to(source).parts): path for path in found
    }


def _readable(
    sources: Mapping[str, Path], matched: Mapping[str, Sequence[Annotation]], left_out: list[str]
) -> Iterator[str]:
    """Those whose videos can be read; raises KinesicsError for events beyond a video's end, before the long work."""
    for name, coded in matched.items():
        try:
            duration = probe(sources[name]).duration
        except KinesicsError as error:
            left_out.append(str(error))
            continue
        late = next((one for one in coded if one.end > duration + _SLACK), None)
        if late is not None:
            raise KinesicsError(
                f"{sources[name]}: expected events within its {duration:.2f} s, found {late.label!r} from "
                f"{late.start:.2f} to {late.end:.2f} s; do the labels belong to another video?"
            )
        yield name


def _check_people(video: Path, annotations: Sequence[Annotation], count: int, notes: list[str]) -> None:
    other = next((one.person for one in annotations if one.person is not None and not 1 <= one.person <= count), None)
    if other is not None:
        raise KinesicsError(f"{video}: expected person {other} of the labels in the video, found {count} people")
    subjects = sorted({one.subject for one in annotations if one.subject and one.person is None})
    if len(subjects) > 1 and count > 1:
        notes.append(
            f"{video}: {', '.join(subjects)} are all looked for in the largest of {count} people; a CSV with the "
            "column person tells who is who"
        )


def _clip(one: _Coded, classes: tuple[str, ...]) -> ClipInfo:
    name, person = one.id.rpartition("_")[0], one.annotation.person
    # who is not named is the largest, and so is person 1
    subject = one.annotation.subject or (name if person in (None, 1) else f"{name} person {person}")
    label = classes.index(one.annotation.label)
    return ClipInfo(one.id, label, "train", subject, one.annotation.start, one.annotation.end, one.video, one.skeleton)


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
