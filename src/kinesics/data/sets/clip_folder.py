"""`ClipFolder`: anybody's own clips, in a folder with a manifest. The format is described in docs/clip_folder.md."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from kinesics.data.dataset import SPLITS, ClipInfo, DatasetNotFoundError, GestureDataset, Split
from kinesics.data.problems import Problem, clip_problems
from kinesics.errors import KinesicsError
from kinesics.progress import Progress
from kinesics.reading import MOST_FPS, check_arrays, read_bytes, reading
from kinesics.skeleton import (
    LAYOUTS,
    UPPER_BODY,
    SkeletonLayout,
    SkeletonSequence,
    load_skeletons,
    make_layout,
    to_upper_body,
)
from kinesics.skeleton.convert import RECIPES
from kinesics.skeleton.sequence import SUFFIX, FloatArray

MANIFEST, CLASSES, LAYOUT = "manifest.csv", "classes.txt", "layout.json"
COLUMNS = ("clip", "label", "split", "subject", "video", "start", "end", "skeleton", "person")
_NEEDED = COLUMNS[:3]
Number = TypeVar("Number", int, float)
_CHANNELS = ("xy", "xyc", "xyz", "xyzc")


@dataclass(frozen=True)
class Declared:
    """What layout.json says: the joints, and how .npy and .csv files of this folder hold them."""

    layout: SkeletonLayout = UPPER_BODY
    channels: str = ""
    fps: float = 0.0


class ClipFolder(GestureDataset):
    """Clips listed in `manifest.csv`, with `classes.txt` and, for joints that Kinesics does not know, `layout.json`.

    A clip whose manifest line leaves `end` open lasts to the end of its recording, and its `end` is infinite. `faults`
    says what is wrong with the manifest, a line each.
    """

    name: ClassVar[str] = "ClipFolder"
    access: ClassVar[str] = "your own: see docs/clip_folder.md, or make one with `kinesics data prepare`"

    def __init__(self, folder: Path) -> None:
        """Raises DatasetNotFoundError without a manifest; for what is wrong in it, `clips` raises."""
        super().__init__(folder)
        if not self.recognises(folder):
            raise DatasetNotFoundError(
                f"{folder}: expected {MANIFEST} and {CLASSES}, found no such files; {self.access}"
            )
        self._classes = read_classes(folder / CLASSES)
        self._declared = read_layout(folder / LAYOUT) if (folder / LAYOUT).exists() else Declared()
        self.layout = self._declared.layout
        self._clips, self._person, self.faults = _read_manifest(folder, self._classes)
        self._last: tuple[Path | None, list[SkeletonSequence]] = (None, [])

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return (folder / MANIFEST).is_file() and (folder / CLASSES).is_file()

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return self._classes

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """Raises KinesicsError for a manifest with faults, naming the first one's line."""
        if self.faults:
            more = f" (and {len(self.faults) - 1} more faults)" if len(self.faults) > 1 else ""
            raise KinesicsError(f"{self.folder / MANIFEST}: {self.faults[0]}{more}; mend it, see docs/clip_folder.md")
        return self._clips

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Read the skeleton of a clip in `layout`; raises KinesicsError for a broken file."""
        if clip.skeleton is None:
            raise KinesicsError(
                f"{self.folder / MANIFEST}: clip {clip.id} has no skeleton file; make one with `kinesics data prepare`"
            )
        if self._last[0] != clip.skeleton:  # clips of one recording mostly follow one another
            self._last = clip.skeleton, [self._converted(clip.skeleton, one) for one in self._load(clip.skeleton)]
        people, wanted = self._last[1], self._person[clip.id]
        chosen = people[:1] if wanted is None else [one for one in people if one.person == wanted]
        if not chosen:
            raise KinesicsError(f"{clip.skeleton}: expected person {wanted or 1} (clip {clip.id}), found {len(people)}")
        return _cut(chosen[0], clip)

    def _load(self, path: Path) -> list[SkeletonSequence]:
        if path.name.endswith(SUFFIX):
            return load_skeletons(path)
        return [_read_array(path, self._declared)]

    def _converted(self, path: Path, skeleton: SkeletonSequence) -> SkeletonSequence:
        if skeleton.layout == self.layout:
            return skeleton
        if self.layout == UPPER_BODY and skeleton.layout.name in RECIPES:
            return to_upper_body(skeleton)
        raise KinesicsError(
            f"{path}: expected the layout {self.layout.name}, found {skeleton.layout.name}; describe it in {LAYOUT}"
        )


def manifest_problems(dataset: ClipFolder, progress: Progress) -> Iterator[Problem]:
    """Find every faulty line of the manifest; if there is none, whatever is wrong with the files that it names."""
    yield from (Problem(dataset.folder / MANIFEST, fault) for fault in dataset.faults)
    if not dataset.faults:
        yield from clip_problems(dataset, progress)


def read_classes(path: Path) -> tuple[str, ...]:
    """One class a line; raises KinesicsError for an empty list or a name that comes twice."""
    with reading(path, "the name of one class a line", "mend the list"):
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    names = tuple(line.strip() for line in lines if line.strip())
    if not names or len(set(names)) < len(names):
        twice = next((name for name in names if names.count(name) > 1), None)
        found = f"{twice!r} twice" if twice else "none"
        raise KinesicsError(f"{path}: expected the name of one class a line, found {found}; mend the list")
    return names


def read_layout(path: Path) -> Declared:
    """A layout.json; raises KinesicsError that says what does not fit."""
    with reading(path, "a layout as in docs/clip_folder.md", "mend it"):
        content = json.loads(read_bytes(path).decode("utf-8-sig"))
        channels, fps = str(content.get("channels", "")), float(content.get("fps", 0))
        if channels and channels not in _CHANNELS:
            raise ValueError(f"channels {channels!r}, not one of {', '.join(_CHANNELS)}")
        if not 0 <= fps <= MOST_FPS:
            raise ValueError(f"{fps:g} frames a second")
        return Declared(_layout(content), channels, fps)


def _layout(content: dict[str, Any]) -> SkeletonLayout:
    name = str(content["name"])
    if "joints" not in content:
        if name not in LAYOUTS:
            raise ValueError(f"no joints for {name!r}; known without them: {', '.join(LAYOUTS)}")
        return LAYOUTS[name]
    tree: dict[str, str | None] = dict(content["joints"])
    unknown = [parent for parent in tree.values() if parent is not None and parent not in tree]
    if unknown:
        raise ValueError(f"the parent {unknown[0]!r}, which is no joint")
    layout = make_layout(name, tree)
    if "pairs" not in content:
        return layout
    index = {joint: i for i, joint in enumerate(layout.joints)}
    pairs = tuple((index[left], index[right]) for left, right in content["pairs"])
    return SkeletonLayout(name, layout.joints, layout.parents, pairs)


def _read_manifest(
    folder: Path, classes: tuple[str, ...]
) -> tuple[tuple[ClipInfo, ...], dict[str, int | None], list[str]]:
    """The clips, the number of the person in each, and everything that is wrong."""
    clips: dict[str, ClipInfo] = {}
    people: dict[str, int | None] = {}
    faults = []
    with reading(folder / MANIFEST, "a manifest", "mend it, see docs/clip_folder.md"):
        rows = csv.DictReader(io.StringIO(read_bytes(folder / MANIFEST).decode("utf-8-sig"), newline=""))
        missing = [column for column in _NEEDED if column not in (rows.fieldnames or ())]
        if missing:
            return (), {}, [f"expected the columns {', '.join(COLUMNS)}, found no {', '.join(missing)}"]
        for row in rows:
            try:
                clip = _clip(folder, {key: (value or "").strip() for key, value in row.items() if key}, classes)
                if clip.id in clips:
                    raise ValueError(f"expected every clip once, found {clip.id!r} for the second time")
                people[clip.id] = _number(row["person"], "person", int) if row.get("person") else None
                clips[clip.id] = clip
            except ValueError as error:
                faults.append(f"line {rows.line_num}: {error}")
    if not clips and not faults:
        faults = ["expected a clip a line, found none"]
    return tuple(clips.values()), people, faults


def _clip(folder: Path, row: dict[str, str], classes: tuple[str, ...]) -> ClipInfo:
    if not row["clip"]:
        raise ValueError("expected a name in the column clip, found none")
    label = row["label"]
    if label and label not in classes:
        raise ValueError(f"expected a class of {CLASSES} or nothing, found {label!r}")
    start = _number(row.get("start") or "0", "start", float)
    end = _number(row.get("end") or "inf", "end", float)
    if not 0 <= start < end:
        raise ValueError(f"expected 0 ≤ start < end (seconds), found {start}..{end}")
    video, skeleton = (_path(folder, row.get(column, ""), column) for column in ("video", "skeleton"))
    if video is None and skeleton is None:
        raise ValueError("expected a video, a skeleton file, or both, found neither")
    index = classes.index(label) if label else None
    return ClipInfo(row["clip"], index, _split(row["split"]), row.get("subject", ""), start, end, video, skeleton)


def _number(text: str, column: str, kind: Callable[[str], Number]) -> Number:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"expected a number in the column {column}, found {text!r}") from None


def _split(name: str) -> Split:
    for split in SPLITS:
        if name == split:
            return split
    raise ValueError(f"expected the split {', '.join(SPLITS)}, found {name!r}")


def _path(folder: Path, text: str, column: str) -> Path | None:
    """A file inside the folder; only a video may also be named by its absolute path, since videos are large.

    A relative path that leads out of the folder is refused: a manifest from elsewhere shall not make us read there.
    """
    if not text:
        return None
    path = Path(text)
    if "\0" in text:
        raise ValueError(f"expected the name of a {column} file, found {text!r}")
    if path.is_absolute():
        if column == "video":
            return path
        raise ValueError(f"expected a {column} file inside the folder, found the absolute path {text!r}")
    inside = folder.resolve()
    if not (inside / path).resolve().is_relative_to(inside):
        raise ValueError(f"expected a {column} file inside the folder, found {text!r}, which leads out of it")
    return folder / path


def _read_array(path: Path, declared: Declared) -> SkeletonSequence:
    """A `.npy` (T, V, C) or a `.csv` of T rows and V·C columns without header; C as `channels` say."""
    if not declared.channels or declared.fps <= 0:
        raise KinesicsError(f"{path}: to read it, {LAYOUT} must say its channels ({', '.join(_CHANNELS)}) and its fps")
    joints, channels = len(declared.layout), len(declared.channels)
    expected = f"frames of {joints} joints × {channels} ({declared.channels})"
    with reading(path, expected, f"mend the file or {LAYOUT}"):
        if path.suffix == ".csv":
            values = np.loadtxt(path, np.float32, delimiter=",", ndmin=2)
        else:
            check_arrays(path)
            values = np.asarray(np.load(path, allow_pickle=False), np.float32)
        values = values.reshape(len(values), joints, channels)
    return _from_channels(values, declared)


def _from_channels(values: FloatArray, declared: Declared) -> SkeletonSequence:
    is_3d = "z" in declared.channels
    coordinates = values[..., : 3 if is_3d else 2]
    seen = np.isfinite(coordinates).all(-1) & (coordinates != 0).any(-1)
    score = seen.astype(np.float32)
    if declared.channels.endswith("c"):
        score *= np.clip(np.nan_to_num(values[..., -1]), 0, 1)
    xyz = np.zeros((*score.shape, 3), np.float32)
    xyz[..., : coordinates.shape[-1]] = np.where((score > 0)[..., None], coordinates, 0)
    return SkeletonSequence(xyz, score, declared.fps, declared.layout, is_3d=is_3d)


def _cut(skeleton: SkeletonSequence, clip: ClipInfo) -> SkeletonSequence:
    try:
        return skeleton.between(clip.start, clip.end)
    except ValueError:
        raise KinesicsError(
            f"{clip.skeleton}: clip {clip.id} begins at {clip.start:.2f} s, found {skeleton.duration:.2f} s of skeleton"
        ) from None
