"""`Predictions`: what a network said of every clip, as one small file that metrics and ensembles read."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.timeline.gesture_names import current_name


@dataclass(frozen=True, eq=False)
class Predictions:
    """Logits of N clips (or videos) over C classes.

    ids: (N,) the data set's clip ids. logits: (N, C) float32. labels: (N,) int64, -1 where the truth is hidden.
    subjects: (N,) whom the clip shows, "" where it is not known.
    """

    ids: tuple[str, ...]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    subjects: tuple[str, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.ids)
        if self.logits.shape != (count, len(self.classes)) or self.labels.shape != (count,):
            raise ValueError(
                f"{count} ids and {len(self.classes)} classes: found logits {self.logits.shape}, "
                f"labels {self.labels.shape}"
            )
        if len(self.subjects) != count:
            raise ValueError(f"{count} ids, found {len(self.subjects)} subjects")

    @property
    def probability(self) -> NDArray[np.float32]:
        """(N, C), the softmax of the logits."""
        shifted = np.exp(self.logits - self.logits.max(1, keepdims=True))
        return np.asarray(shifted / shifted.sum(1, keepdims=True), np.float32)

    @property
    def groups(self) -> tuple[str, ...]:
        """(N,) what an interval resamples by: the subject, or the video of an id `0054_3`, or else the clip."""
        known = tuple(who or name.rsplit("_", 1)[0] for who, name in zip(self.subjects, self.ids, strict=True))
        return known if len(set(known)) > 1 else self.ids

    def expecting(self, ratio: NDArray[np.float32]) -> Predictions:
        """Those of a network that expects each class (C,) so many times as often as in its training."""
        return replace(self, logits=self.logits + np.log(np.maximum(ratio, 1e-9)).astype(np.float32))

    @classmethod
    def joined(cls, parts: Sequence[Predictions]) -> Predictions:
        """The rows of all parts, one after the other; raises ValueError where their classes differ."""
        if len({part.classes for part in parts}) != 1:
            raise ValueError("expected parts of the same classes")
        return cls(
            ids=tuple(name for part in parts for name in part.ids),
            logits=np.concatenate([part.logits for part in parts]),
            labels=np.concatenate([part.labels for part in parts]),
            subjects=tuple(who for part in parts for who in part.subjects),
            classes=parts[0].classes,
        )

    def save(self, path: Path) -> None:
        """Write an .npz; raises KinesicsError if it cannot be written."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                ids=np.array(self.ids, np.str_),
                logits=self.logits,
                labels=self.labels,
                subjects=np.array(self.subjects, np.str_),
                classes=np.array(self.classes, np.str_),
            )

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Raises KinesicsError for a missing file and for one that holds something else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                names = {key: tuple(file[key].tolist()) for key in ("ids", "subjects", "classes")}
                names["classes"] = tuple(map(current_name, names["classes"]))
                return cls(logits=file["logits"].astype(np.float32), labels=file["labels"].astype(np.int64), **names)
        except FileNotFoundError as error:
            raise KinesicsError(f"{path}: no such file; `kinesics evaluate` and `kinesics train` write it") from error
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise KinesicsError(f"{path}: expected predictions that Kinesics wrote (.npz), found {error}") from error
