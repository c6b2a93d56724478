"""MediaPipe's own landmarks of single frames."""

from __future__ import annotations

import numpy as np

from kinesics.perception.openvino.regions import ImagePart
from kinesics.video import read_frames
from support.paths import ROOT, sample


class Reference:
    """What MediaPipe 0.10.21 saw of single frames (`benchmarks/landmarks_reference.py --tests`)."""

    def __init__(self, name: str) -> None:
        with np.load(ROOT / "tests" / "reference" / "landmarks.npz") as file:
            prefix = f"{name}/"
            self.arrays = {key.removeprefix(prefix): file[key] for key in file.files if key.startswith(prefix)}
        numbers = set(self.arrays["frames"].tolist())
        rate = {"folding_arms.gif": 10.0}.get(name)
        frames = read_frames(sample(name), fps=rate)
        self.views = [ImagePart(frame.image) for i, frame in enumerate(frames) if i in numbers]
        self.shoulders = float(np.linalg.norm(self["pose_landmarks"][0, 11, :2] - self["pose_landmarks"][0, 12, :2]))

    def __getitem__(self, part: str) -> np.ndarray:
        return self.arrays[part].astype(np.float32)
