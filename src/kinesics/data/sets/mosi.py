"""CMU-MOSI (Zadeh et al., 2016) as arrays: what people say in a video, utterance by utterance, positive or negative."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.data.dataset import ClipInfo, Split
from kinesics.data.sets.archive import read_arrays
from kinesics.errors import KinesicsError
from kinesics.skeleton.sequence import FloatArray

# Kinesics' streams, by the array's name: audio of openSMILE, video of a 3D network, text of a convolutional one
FEATURES = {"context": "video", "audio": "audio", "text": "text"}
_FARTHEST = 5.0  # standard deviations of a feature


@dataclass(frozen=True, eq=False)
class Utterances:
    """Utterances in order, those of a recording one after the other.

    name: of the data set.
    features: (n, C) float32 by stream, standardised on the training split.
    clips: each utterance; its times are its number in the recording, its subject is the recording.
    recording: (n,).
    """

    name: str
    features: dict[str, FloatArray]
    clips: tuple[ClipInfo, ...]
    recording: NDArray[np.int64]

    def neighbours(self, row: int, reach: int) -> NDArray[np.int64]:
        """Rows of an utterance and of those up to `reach` before and after it in the same recording."""
        rows = np.arange(max(0, row - reach), min(len(self.recording), row + reach + 1))
        found: NDArray[np.int64] = rows[self.recording[rows] == self.recording[row]]
        return found


def read_mosi(path: Path) -> Utterances:
    """Read `mosi.npz`: features of audio, video and text, labels, splits, recordings, and places in them.

    Parameters
    ----------
    path : the file.

    Returns
    -------
    All utterances.

    Raises
    ------
    KinesicsError : for another file, or a broken one.
    """
    names = (*FEATURES.values(), "label", "split", "recording", "utterance")
    arrays = dict(zip(names, read_arrays(path, *names), strict=True))
    count = len(arrays["label"])
    if any(len(array) != count for array in arrays.values()) or not count:
        found = ", ".join(f"{name} {len(array)}" for name, array in arrays.items())
        raise KinesicsError(f"{path}: expected arrays of one length, found {found}; copy it again")
    train = arrays["split"] == "train"
    splits: dict[str, Split] = {"train": "train", "test": "test"}
    unknown = set(arrays["split"].tolist()) - set(splits)
    if unknown or not train.any():
        raise KinesicsError(
            f"{path}: expected splits train and test, found {', '.join(sorted(set(arrays['split'].tolist())))}; "
            "copy it again"
        )
    clips = tuple(
        ClipInfo(f"{recording:03d}_{number:03d}", int(label), splits[split], f"{recording:03d}", number - 1.0, number)
        for recording, number, label, split in zip(
            *(arrays[name].tolist() for name in ("recording", "utterance", "label", "split")), strict=True
        )
    )
    features = {stream: _standardised(arrays[name], train) for stream, name in FEATURES.items()}
    return Utterances("CMU-MOSI", features, clips, arrays["recording"].astype(np.int64))


def _standardised(values: NDArray[np.float32], train: NDArray[np.bool_]) -> FloatArray:
    """Of mean 0 and deviation 1 on train, cut off at `_FARTHEST`: a few audio features are far out."""
    mean, deviation = values[train].mean(0), values[train].std(0)
    deviation = np.where(deviation > 1e-6, deviation, 1)
    standardised: FloatArray = np.clip((values - mean) / deviation, -_FARTHEST, _FARTHEST).astype(np.float32)
    return standardised
