"""iMiGUE (Liu et al., CVPR 2021), as the MiGA challenge distributes it: press conferences of tennis players."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from kinesics.data.dataset import SPLITS, ClipInfo, DatasetNotFoundError, GestureDataset, LabelledVideo, Split
from kinesics.data.sets.imigue import files
from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS, VALIDATION_CLIPS, class_index
from kinesics.errors import KinesicsError
from kinesics.perception.openpose import metres_per_pixel
from kinesics.skeleton import SkeletonLayout, SkeletonSequence, to_upper_body
from kinesics.skeleton.layouts import BODY_25, LIGHT_HAND, OPENPOSE_137
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import probe

Protocol = Literal["challenge", "cvpr2021"]

_CHALLENGE_VIDEOS: Mapping[Split, int] = {"train": 241, "val": 10, "test": 104}
_CHALLENGE_CLIPS: Mapping[Split, int] = {"train": 12_893, "val": 777, "test": 4_562}
_CVPR_CLIPS: Mapping[Split, int] = {"train": 13_936, "test": 4_563}

CVPR_SUBJECTS = frozenset((
    2, 4, 5, 6, 9, 10, 12, 13, 14, 15, 17, 18, 20, 21, 22, 23, 25, 28, 29, 30, 31, 35, 36, 38, 39, 41, 42, 43, 44, 46,
    47, 48, 52, 53, 59, 61, 62,
))  # fmt: skip


def _ids(text: str) -> frozenset[str]:
    """The videos of "1,7,102-106"."""
    spans = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return frozenset(f"{number:04d}" for span in spans for number in range(span[0], span[-1] + 1))


CVPR_EMOTIONS: Mapping[Split, frozenset[str]] = {
    "train": _ids(
        "1,7,8,11,26,27,46,47,48,53,55,57,63,66,67,74,77,84,85,86,91,96,102-106,108,109,112,114,117,124,132,134,140,148,"
        "157,161-164,167,169,170,172,176,186,196,216,233,236,237,239-243,249,252,266,290,297,300,306,310,314,318-320,324,"
        "334,339,359,360,365,369,377,381,385,392,402,407,410,411,413-415,420,429,433,435,436,440,441,445,448-453"
    ),
    "test": _ids(
        "9,10,12,16,28,35,43,49-52,54,56,60,71,72,83,89,95,100,107,110,111,121,131,136,144,145,165,166,168,171,174,179,"
        "185,191,193,212,220,223,230-232,234,235,238,244,246,254,258,262,263,268,270,276,280,282,303,304,311-313,315-317,"
        "322,323,325,327-329,333,337,341,343,344,363,374,400,401,403-406,408,416,417,419,421,428,430,431,437-439,442-444,"
        "446,447"
    ),
}


@dataclass(frozen=True)
class VideoFiles:
    """One video of the challenge: its four digits, its split, the folder of its skeleton files, its mp4.

    `folder` and `video` are named where a folder of that split is there at all, whether the files are or not.
    """

    id: str
    split: Split
    folder: Path | None
    video: Path | None

    def file(self, ending: str) -> Path | None:
        """`<VID>_<ending>` where it exists."""
        path = None if self.folder is None else self.folder / f"{self.id}_{ending}"
        return path if path is not None and path.is_file() else None

    @property
    def skeleton(self) -> Path | None:
        """The file that says the most of those that are there."""
        endings = ("openpose.xlsx", "light_hand.csv", "light.csv")
        return next((path for ending in endings if (path := self.file(ending))), None)


class IMiGUE(GestureDataset):
    """32 classes in 359 videos of 72 players: 31 micro-gestures and "illustrative", long-tailed.

    protocol: "challenge" has the split of the MiGA challenge, where no subjects are told and the labels of the test
    clips are hidden (None); "cvpr2021" the paper's, 37 subjects against 35 without a validation split, for which a
    `subjects.csv` (video_id,subject) must lie in the folder. Frames of the label files are counted from 0 at `fps`.
    Clips are `<VID>_<k>` by the row of the label file. Opening looks at names; `clips` reads the label files.
    """

    name: ClassVar[str] = "iMiGUE"
    access: ClassVar[str] = "https://github.com/linuxsino/iMiGUE"
    fps: ClassVar[float] = 25.0

    def __init__(self, folder: Path, protocol: Protocol = "challenge") -> None:
        super().__init__(folder)
        self.protocol = protocol
        self.recordings = _recordings(folder)
        if not self.recordings:
            raise DatasetNotFoundError(
                f"{folder}: expected iMiGUE's folders ({_names(files.SKELETON_FOLDERS)}, or videos in "
                f"{_names(files.VIDEO_FOLDERS)}), found none; ask for the data at {self.access}"
            )
        self._last: tuple[Path | None, SkeletonSequence | None] = (None, None)

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return any(_find(folder, Path(path).name) for path in files.SKELETON_FOLDERS.values())

    @property
    def simulated(self) -> bool:
        """Whether the simulator made it, so that the published counts do not hold."""
        return (self.folder / files.SIMULATED_FILE).is_file()

    @property
    def published(self) -> Mapping[Split, int]:
        """Count the clips of each split as the challenge or the paper does; empty for a simulated set."""
        return {} if self.simulated else _CHALLENGE_CLIPS if self.protocol == "challenge" else _CVPR_CLIPS

    @property
    def published_videos(self) -> Mapping[Split, int]:
        """How many videos each split of the challenge has; empty like `published`."""
        return {} if self.simulated else _CHALLENGE_VIDEOS

    @property
    def published_classes(self) -> Mapping[Split, tuple[int, ...]]:
        """How many clips of each class the challenge counts where it tells them; empty like `published`."""
        if self.simulated or self.protocol != "challenge":
            return {}
        return {"train": TRAIN_CLIPS, "val": VALIDATION_CLIPS}

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return CLASSES

    @cached_property
    def subjects(self) -> dict[str, str]:
        """{video id: subject} where `subjects.csv` is there."""
        path = self.folder / files.SUBJECTS_FILE
        return files.read_subjects(path) if path.is_file() else {}

    @cached_property
    def clips(self) -> tuple[ClipInfo, ...]:
        """All clips in the order of the videos; raises KinesicsError for a broken label file."""
        return tuple(clip for recording in self.recordings for clip in self._clips(recording))

    @cached_property
    def emotions(self) -> tuple[LabelledVideo, ...]:
        """Whole videos, won or lost: all that have an mp4 for the challenge, the paper's 202 for "cvpr2021".

        Those of the challenge's test videos are hidden; a simulated set tells them.
        """
        truth = self.folder / files.TRUE_EMOTIONS_FILE
        paths = [path for split in files.EMOTION_FILES if (path := self.emotion_file(split))]
        paths += [truth] if self.simulated and truth.is_file() else []
        known = {video: label for path in paths for video, label in files.read_emotions(path).items()}
        return tuple(
            LabelledVideo(one.id, known.get(one.id), split, self.subjects.get(one.id, ""), one.video, one.skeleton)
            for one in self.recordings
            if known and (split := self._emotion_split(one)) and one.video is not None and one.video.is_file()
        )

    def emotion_file(self, split: Split) -> Path | None:
        """The csv with the emotions of train or val, where it is there."""
        return _find(self.folder, files.EMOTION_FILES[split])

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """2D, in roughly metres by the body's own size; `image_xy` only where an mp4 tells the frames' size.

        The parsed files of the last video are kept, so that its clips are read at once; a cache does the rest.
        """
        if clip.skeleton is None:
            raise KinesicsError(
                f"{self.folder}: no skeleton file of clip {clip.id}; unpack imigue_data_phase1 and imigue_data_phase2"
            )
        whole = self._whole(clip.skeleton)
        first, last = round(clip.start * self.fps), round(clip.end * self.fps)
        if last > len(whole):
            raise KinesicsError(
                f"{clip.skeleton}: expected {last} frames (clip {clip.id}), found {len(whole)}; copy it again"
            )
        return whole.slice(first, last)

    def recording_of(self, clip: ClipInfo) -> str:
        """Name the video: what stands before the clip's own number."""
        return clip.id.rsplit("_", 1)[0]

    def read_whole(self, clip: ClipInfo) -> SkeletonSequence:
        """As `read_skeleton`, all frames."""
        assert clip.skeleton is not None
        return self._whole(clip.skeleton)

    def read_recording(self, video: LabelledVideo) -> SkeletonSequence:
        """As `read_skeleton`, all frames."""
        assert video.skeleton is not None
        return self._whole(video.skeleton)

    def _whole(self, skeleton: Path) -> SkeletonSequence:
        if self._last[0] != skeleton:
            recording = next(one for one in self.recordings if one.skeleton == skeleton)
            self._last = skeleton, _read_recording(recording, self.fps)
        whole = self._last[1]
        assert whole is not None
        return whole

    @cached_property
    def _hidden(self) -> bool:
        """Whether the test clips all have one dummy class, as the challenge distributes them."""
        paths = [path for one in self.recordings if one.split == "test" and (path := one.file("label.csv"))]
        return not self.simulated and len({row.class_id for path in paths for row in files.read_labels(path)}) < 2

    def _clips(self, recording: VideoFiles) -> Iterator[ClipInfo]:
        path = recording.file("label.csv")
        split, subject = self._split(recording), self.subjects.get(recording.id, "")
        video = recording.video if recording.video is not None and recording.video.is_file() else None
        for k, row in enumerate(files.read_labels(path) if path else ()):
            label = None if recording.split == "test" and self._hidden else class_index(row.class_id)
            known = label is not None or recording.split == "test"
            if not known or not 0 <= row.start <= row.end:
                raise KinesicsError(
                    f"{path}: expected class 1 to 31 or 99 and 0 <= start <= end, found {','.join(map(str, row))!r} in "
                    f"line {k + 1}; see `kinesics data doctor`"
                )
            start, end = row.start / self.fps, (row.end + 1) / self.fps
            yield ClipInfo(f"{recording.id}_{k}", label, split, subject, start, end, video, recording.skeleton)

    def _split(self, recording: VideoFiles) -> Split:
        if self.protocol == "challenge":
            return recording.split
        subject = self.subjects.get(recording.id)
        if subject is None or not subject.isdigit():
            raise KinesicsError(
                f"{self.folder / files.SUBJECTS_FILE}: expected a line video_id,subject (1 to 72) for {recording.id}, "
                f"found {subject or 'none'}: the CVPR-2021 protocol splits by subject, which the challenge does not "
                f"say; ask for the list at {self.access}"
            )
        return "train" if int(subject) in CVPR_SUBJECTS else "test"

    def _emotion_split(self, recording: VideoFiles) -> Split | None:
        if self.protocol == "challenge":
            return recording.split
        return next((split for split, ids in CVPR_EMOTIONS.items() if recording.id in ids), None)


def _names(paths: Mapping[Split, str]) -> str:
    return ", ".join(Path(path).name for path in paths.values())


def _find(folder: Path, name: str) -> Path | None:
    """The file or folder of this name in `folder`, or up to two levels down, as the archives unpack."""
    return next((path for depth in ("", "*/", "*/*/") for path in sorted(folder.glob(f"{depth}{name}"))), None)


def _recordings(folder: Path) -> tuple[VideoFiles, ...]:
    found = []
    for split in SPLITS:
        skeletons, videos = (
            _find(folder, Path(paths[split]).name) for paths in (files.SKELETON_FOLDERS, files.VIDEO_FOLDERS)
        )
        names = {path.name for parent in (skeletons, videos) if parent for path in parent.iterdir() if path.is_dir()}
        for name in sorted(name for name in names if re.fullmatch(r"\d{4}", name)):
            video = videos / name / f"{name}.mp4" if videos else None
            found.append(VideoFiles(name, split, skeletons / name if skeletons else None, video))
    return tuple(found)


def _read_recording(recording: VideoFiles, fps: float) -> SkeletonSequence:
    """A whole video in `UPPER_BODY`: OpenPose's 137 points, and what they lack from the light file."""
    parts: list[tuple[FloatArray, SkeletonLayout]] = []
    if path := recording.file("openpose.xlsx"):
        parts.append((files.read_openpose_xlsx(path), OPENPOSE_137))
    if path := recording.file("light_hand.csv"):
        points = files.read_light_hand(path)
        if files.fingertips_swapped(points):
            points = np.concatenate([points[:, :25], points[:, 30:], points[:, 25:30]], axis=1)
        parts.append((points, LIGHT_HAND))
    elif path := recording.file("light.csv"):
        parts.append((files.read_light(path), BODY_25))
    size = _frame_size(recording.video)
    scale = metres_per_pixel(parts[0][0])
    whole, *others = (_sequence(points, layout, fps, scale, size) for points, layout in parts)
    for other in others:
        whole = _filled(whole, other)
    return whole


def _frame_size(video: Path | None) -> tuple[int, int] | None:
    """Width and height in pixels; None where no video can tell."""
    try:
        info = probe(video) if video is not None else None
    except KinesicsError:
        return None
    return None if info is None else (info.width, info.height)


def _sequence(
    points: FloatArray, layout: SkeletonLayout, fps: float, scale: float, size: tuple[int, int] | None
) -> SkeletonSequence:
    xyz = points * np.array([scale, scale, 0], np.float32)
    score = np.clip(points[..., 2], 0, 1)
    image_xy: FloatArray | None = None if size is None else (points[..., :2] / size).astype(np.float32)
    return to_upper_body(SkeletonSequence(xyz, score, fps, layout, image_xy, is_3d=False))


def _filled(base: SkeletonSequence, other: SkeletonSequence) -> SkeletonSequence:
    """`base`, where it lacks a joint with that of `other`; frames beyond the shorter one stay as they are."""
    frames = min(len(base), len(other))
    score, xyz = base.score.copy(), base.xyz.copy()
    take = (score[:frames] == 0) & (other.score[:frames] > 0)
    score[:frames][take], xyz[:frames][take] = other.score[:frames][take], other.xyz[:frames][take]
    image_xy = base.image_xy
    if image_xy is not None and other.image_xy is not None:
        image_xy = image_xy.copy()
        image_xy[:frames][take] = other.image_xy[:frames][take]
    return replace(base, xyz=xyz, score=score, image_xy=image_xy)
