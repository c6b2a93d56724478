"""MA-52, Micro-Action-52 (Guo et al., TCSVT 2024): 22,422 short videos of 205 people in interviews; no skeletons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from kinesics.data.dataset import SPLITS, ClipInfo, DatasetNotFoundError, GestureDataset, Split
from kinesics.errors import KinesicsError
from kinesics.reading import read_bytes, reading
from kinesics.skeleton import SkeletonSequence

BODY_PARTS: dict[str, tuple[str, ...]] = {
    "body": ("shaking body", "sitting straightly", "shrugging", "turning around", "rising up"),
    "head": ("bowing head", "head up", "tilting head", "turning head", "nodding", "shaking head"),
    "upper limb": (
        "scratching arms", "playing objects", "putting hands together", "rubbing hands", "pointing oneself",
        "clenching fist", "stretching arms", "retracting arms", "waving", "spreading hands", "hands touching fingers",
        "other finger movements", "illustrative gestures",
    ),
    "lower limb": (
        "shaking legs", "curling legs", "spread legs", "closing legs", "crossing legs", "stretching feet",
        "retracting feet", "tiptoe",
    ),
    "body-hand": (
        "scratching or touching neck", "scratching or touching chest", "scratching or touching back",
        "scratching or touching shoulder", "arms akimbo", "crossing arms",
    ),
    "head-hand": (
        "playing or tidying hair", "scratching or touching hindbrain", "scratching or touching forehead",
        "scratching or touching face", "rubbing eyes", "touching nose", "touching ears", "covering face",
        "covering mouth", "pushing glasses",
    ),
    "leg-hand": ("patting legs", "touching legs", "scratching legs", "scratching feet"),
}  # fmt: skip
CLASSES: tuple[str, ...] = tuple(name for names in BODY_PARTS.values() for name in names)
BODY_PART: tuple[int, ...] = tuple(part for part, names in enumerate(BODY_PARTS.values()) for _ in names)


class MA52(GestureDataset):
    """Clips of 52 actions in 7 body parts (`BODY_PART` gives each action's), one whole video each.

    `{train,val,test}_list_videos.txt` say `<clip>.mp4 <index>` a line, the videos lie in `videos_{train,val,test}/`.
    A clip lasts to the end of its video, which is not opened here: `end` is infinite. The first number of a clip's
    name is its subject. There are no skeletons: `read_skeleton` raises KinesicsError.
    """

    name: ClassVar[str] = "MA-52"
    access: ClassVar[str] = "https://github.com/VUT-HFUT/Micro-Action"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        lists = {split: path for split in SPLITS if (path := _list(folder, split)).is_file()}
        if not lists:
            raise DatasetNotFoundError(
                f"{folder}: expected MA-52's train_list_videos.txt and videos_train/, found no such list; ask for the "
                f"data at {self.access}"
            )
        self._clips = tuple(clip for split, path in lists.items() for clip in _clips(folder, split, path))

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Say whether this looks like the data set's folder; cheap, and never raises."""
        return any(_list(folder, split).is_file() for split in SPLITS)

    @property
    def classes(self) -> tuple[str, ...]:
        """List the names of the classes, in the order of their indices."""
        return CLASSES

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """List all clips in a steady order."""
        return self._clips

    @property
    def published(self) -> Mapping[Split, int]:
        """Count the clips of each split as its authors do."""
        return {"train": 11_250, "val": 5_586, "test": 5_586}

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Raise KinesicsError: there are no skeletons."""
        raise KinesicsError(f"{clip.video}: MA-52 has no skeletons; train on its videos, or take another data set")


def _list(folder: Path, split: Split) -> Path:
    return folder / f"{split}_list_videos.txt"


def _clips(folder: Path, split: Split, path: Path) -> list[ClipInfo]:
    clips = []
    with reading(path, "NAME.mp4 and an index a line", "copy it again"):
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, _, index = line.strip().rpartition(" ")
        if not name:  # a test list without answers
            name, index = index, "-1"
        if not name.endswith(".mp4") or Path(name).name != name or index not in _INDICES:
            raise KinesicsError(
                f"{path}: expected NAME.mp4 and an index 0..51 in line {number}, found {line!r}; mend it"
            )
        label = int(index) if int(index) >= 0 else None
        subject = name.split("_")[0] if "_" in name else ""
        video = folder / f"videos_{split}" / name
        clips.append(ClipInfo(name.removesuffix(".mp4"), label, split, subject, 0.0, math.inf, video))
    return clips


_INDICES = frozenset(str(index) for index in range(-1, len(CLASSES)))
