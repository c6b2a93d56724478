"""What a page draws of a recording while it plays: skeletons, facial actions, and how loud it is."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from kinesics.perception.actions import ACTIONS, MAIN_ACTIONS
from kinesics.reading import MOST_SECONDS, read_bytes, reading
from kinesics.report.page_data import drawing_facts, pack_points
from kinesics.skeleton import SkeletonSequence, load_skeletons
from kinesics.skeleton.drawing import Points, fit_to_image, points_at

MOVEMENT_RATE = 25.0  # skeletons a second at most
LONGEST = 120.0  # seconds of movement in one answer
WAVEFORM_RATE, _SOUND_RATE = 20, 8000  # steps and samples a second
_ACTION_BYTES = 400_000_000


def movement(landmarks: Path | None, start: float, end: float) -> dict[str, Any]:
    """The skeletons of everybody in a part of a recording.

    Parameters
    ----------
    landmarks : the file of them, None where there is none.
    start, end : seconds; no more than `LONGEST` are given.

    Returns
    -------
    Plain data: how to draw, the rate, and each person's positions as the report packs them.

    Raises
    ------
    KinesicsError
        for a file that cannot be read.
    """
    people, planes, aspect = _positions(landmarks, landmarks.stat().st_mtime_ns) if landmarks else ([], [], None)
    rate = min(MOVEMENT_RATE, max((person.fps for person in people), default=MOVEMENT_RATE))
    times = start + np.arange(max(0, int((min(end, start + LONGEST) - start) * rate))) / rate
    packed = [
        {"person": person.person, "motion": pack_points(points_at(plane, person.rows_at(times)))}
        for person, plane in zip(people, planes, strict=True)
    ]
    return {**drawing_facts(), "start": start, "motion_rate": rate, "aspect": aspect, "people": packed}


@lru_cache(maxsize=2)
def _positions(landmarks: Path, _: int) -> tuple[list[SkeletonSequence], list[Points], float | None]:
    people = load_skeletons(landmarks)
    planes, aspect = fit_to_image(tuple(people))
    return people, planes, aspect


def facial_curves(path: Path) -> list[dict[str, Any]]:
    """The main facial actions of each person in whole percent, from `actions.json`; [] where there is no such file.

    Raises KinesicsError for a damaged one.
    """
    if not path.exists():
        return []
    with reading(path, "an actions.json written by Kinesics", "analyse the recording again"):
        content = json.loads(read_bytes(path, _ACTION_BYTES))
        columns = {label: [ACTIONS.index(name) for name in names] for label, names in MAIN_ACTIONS.items()}
        return [
            {
                "person": int(one["person"]),
                "start": float(one["start"]),
                "rate": float(one["rate"]),
                "labels": list(columns),
                "percent": [row and [round(sum(row[i] for i in which) / len(which)) for which in columns.values()]
                            for row in one["percent"]],
            }
            for one in content["people"]
        ]  # fmt: skip


def loudness(path: Path) -> bytes:
    """How loud a video is, `WAVEFORM_RATE` bytes a second, 255 for the loudest; b"" for one without sound."""
    steps: list[NDArray[np.floating[Any]]] = []
    size = _SOUND_RATE // WAVEFORM_RATE
    try:
        with av.open(f"file:{path}") as container:
            if not container.streams.audio:
                return b""
            resampler = AudioResampler("flt", "mono", _SOUND_RATE)
            rest = np.zeros(0, np.float32)
            for frame in container.decode(container.streams.audio[0]):
                sound = [rest, *(part.to_ndarray().ravel() for part in resampler.resample(frame))]
                samples = np.concatenate(sound).astype(np.float32)
                whole = len(samples) // size
                steps.append(np.abs(samples[: whole * size]).reshape(whole, size).max(1, initial=0))
                rest = samples[whole * size :]
                if sum(map(len, steps)) > MOST_SECONDS * WAVEFORM_RATE:
                    break
    except (av.FFmpegError, OSError, ValueError):  # what was read until then stands
        pass
    peaks = np.concatenate(steps) if steps else np.zeros(0, np.float32)
    if not len(peaks) or not peaks.max() > 0:
        return b""
    return bytes((255 * np.nan_to_num(np.clip(peaks / peaks.max(), 0, 1))).astype(np.uint8))
