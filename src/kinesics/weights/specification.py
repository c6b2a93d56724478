"""What weights say of themselves; no torch is loaded, so that exported networks can be read without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kinesics.errors import KinesicsError
from kinesics.reading import reading
from kinesics.skeleton import LAYOUTS, SkeletonLayout
from kinesics.timeline.gesture_names import current_name

SHIPPED = Path(__file__).parent / "shipped"
DEFAULT = SHIPPED / "gesture-skeleton.safetensors"
EXPRESSION = SHIPPED / "expression-fer.safetensors"
EMOTION = SHIPPED / "emotion-face-gestures.safetensors"
LIFTER = SHIPPED / "lifter.safetensors"
WEIGHTS, MEND_WEIGHTS = "safetensors weights with a Kinesics specification", "see `kinesics weights list`"
NONE = "none"  # the class of windows in which no micro-gesture happens
EVEN, INTERVIEW, RECORDING = "even", "interview", "recording"  # how often gestures are expected


# How a network's input is made, by the names that specifications use. A change of the arithmetic is a new name.
NORMALISATIONS = {
    "joints-v1": "kinesics.preprocessing.normalise: shoulder widths around the window's neck, and the score",
    "image-plane-v1": "kinesics.models.skeleton.lifter.image_plane: x and y around each frame's neck, and the score",
    "bones-v1": "kinesics.training.spotting.data: each recording in units of its mean bone, and the score",
    "emotion-streams-v1": "kinesics.training.emotion.streams: tokens of faces, of windows, and detected micro-gestures",
}
_EARLIER_NORMALISATIONS = {  # the module paths that stood in files before, which every move made untrue
    "kinesics.skeleton.normalise": "joints-v1",
    "kinesics.preprocessing.normalise": "joints-v1",
    "kinesics.models.lifter.plane": "image-plane-v1",
    "kinesics.models.skeleton.lifter.plane": "image-plane-v1",
    "kinesics.tasks.emotion_tokens": "emotion-streams-v1",
    "kinesics.training.emotion.streams": "emotion-streams-v1",
}


_MOST_FRAMES = 10_000
_RANGES = {  # of what a specification says in numbers
    "fps": (0.0, 1000.0),
    "temperature": (1e-6, 1e6),
    "stride": (0.0, 3600.0),
    "face_rate": (0.0, 1000.0),
    "stretch": (0.0, 86_400.0),
}


class Serving(NamedTuple):
    """How a recording is read for a network; 0 for what does not apply.

    stride: seconds between windows.
    face_rate: faces a second.
    stretch: seconds that are read at a time.
    """

    stride: float = 0.0
    face_rate: float = 0.0
    stretch: float = 0.0


def _usual_serving(network: str, fps: float) -> Serving:
    """How it was done before specifications said."""
    usual = {
        "two_stream_agcn": Serving(stride=4 / fps if fps else 0.0),
        "skeleton_spotter": Serving(stride=4 / fps if fps else 0.0),
        "gesture_net": Serving(stride=1.0),
        "emotion_net": Serving(face_rate=2.5, stretch=60.0),
    }
    return usual.get(network, Serving())


@dataclass(frozen=True)
class Specification:
    """What weights are and how to use them.

    name: of the weights.
    network: a name in the table that loads it, `kinesics.weights.load.BUILDERS`, or of an encoder.
    config: the sizes with which it is built.
    classes: in the order of the logits; a last class "none" stands for no micro-gesture.
    normalisation: how the input is made: a name in `NORMALISATIONS`, or words.
    training_data: in words.
    licence: of the weights.
    limits: what they must not be used for, in words.
    layout: the name of the skeleton layout; "" without a skeleton.
    fps: of the clip that one decision sees; 0 for networks of single images.
    frames: of that clip, which is frames / fps seconds long.
    temperature: divides the logits.
    thresholds: by class, the score at which an event begins.
    metrics: what was measured, by name.
    source_sha256: of the published checkpoint that was converted; "" for Kinesics' own weights.
    own_layout: a layout that Kinesics does not know; `layout_fields` fills both.
    prior: how often each gesture is expected where nothing else is said, by name, see `kinesics.inference.prior`.
    stride: seconds between the windows of a recording, for networks that score windows.
    face_rate: faces a second, for networks of emotion.
    stretch: seconds of a recording that are read at a time, for networks of emotion.

    The last three are 0 where they do not apply, and in weights that were made before they stood here: see `serving`.
    """

    name: str
    network: str
    config: Mapping[str, Any]
    classes: tuple[str, ...]
    normalisation: str
    training_data: str
    licence: str
    limits: str
    layout: str = ""
    fps: float = 0.0
    frames: int = 0
    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    source_sha256: str = ""
    own_layout: Mapping[str, Any] = field(default_factory=dict)
    prior: str = EVEN
    stride: float = 0.0
    face_rate: float = 0.0
    stretch: float = 0.0

    @property
    def serving(self) -> Serving:
        """How recordings are read for the network: as it says, or as they were before it could say."""
        usual = _usual_serving(self.network, self.fps)
        own = (self.stride, self.face_rate, self.stretch)
        return Serving(*(value or before for value, before in zip(own, usual, strict=True)))

    @property
    def stride_frames(self) -> int:
        """The stride in frames of the network, one at least."""
        return max(1, round(self.serving.stride * self.fps))

    @property
    def skeleton(self) -> SkeletonLayout:
        """The layout of the skeletons; raises KeyError where Kinesics knows none of this name, and the file neither."""
        own = self.own_layout
        if not own:
            return LAYOUTS[self.layout]
        pairs = tuple((left, right) for left, right in own["pairs"])
        return SkeletonLayout(self.layout, tuple(own["joints"]), tuple(own["parents"]), pairs)


def read_specification(text: str) -> Specification:
    """Read the JSON in a weights file; raises ValueError, TypeError, KeyError or AttributeError for anything else."""
    described = json.loads(text)
    if not isinstance(described, dict):
        raise ValueError("no specification")
    described.pop("source", None)  # this and the next: what the first expression weights said in other words
    normalisation = described.pop("input", described.get("normalisation"))
    described["normalisation"] = _EARLIER_NORMALISATIONS.get(normalisation, normalisation)
    # figures of tracked clips began with another word before
    figures = described.get("metrics", {})
    described["metrics"] = {name.replace("watched/", "tracked/"): value for name, value in figures.items()}
    described["classes"] = tuple(map(current_name, described["classes"]))
    described["thresholds"] = _renamed(described.get("thresholds", {}))
    described["metrics"] = _renamed(described["metrics"])
    given: dict[str, Any] = {"config": {}} | described
    found = Specification(**given)
    _check(found)
    return found


def _renamed(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures by class, whose names may be those of an earlier version, perhaps after other words and a slash."""
    parted = ((*name.rpartition("/"), value) for name, value in figures.items())
    return {f"{before}{slash}{current_name(name)}": value for before, slash, name, value in parted}


def _check(found: Specification) -> None:
    """Raises ValueError for what no weights can say of themselves."""
    texts = (found.name, found.network, found.normalisation, found.training_data, found.licence, found.limits)
    if not all(isinstance(text, str) for text in (*texts, found.layout, found.source_sha256, *found.classes)):
        raise ValueError("no text where one belongs")
    if not all(isinstance(one, Mapping) for one in (found.config, found.thresholds, found.metrics, found.own_layout)):
        raise ValueError("no table where one belongs")
    if found.prior not in (EVEN, INTERVIEW, RECORDING):  # never a file: weights name no place on this machine
        raise ValueError(f"the prior {found.prior!r}")
    if type(found.frames) is not int or not 0 <= found.frames <= _MOST_FRAMES:
        raise ValueError(f"windows of {found.frames!r} frames")
    for name, (least, most) in _RANGES.items():
        if not isinstance(value := getattr(found, name), int | float) or not least <= value <= most:
            raise ValueError(f"{name} {value!r}")
    for label, onset in found.thresholds.items():
        if not isinstance(onset, int | float) or not 0 <= onset <= 1:
            raise ValueError(f"the threshold {onset!r} for {label!r}")


def specification_of(path: Path) -> Specification:
    """The specification in a weights file; none of its values is read.

    Raises KinesicsError for a missing file and for one that Kinesics did not write.
    """
    from safetensors import safe_open

    if not path.is_file():
        raise KinesicsError(f"{path}: no such weights file; leave --weights away to use the ones that are shipped")
    with reading(path, WEIGHTS, MEND_WEIGHTS), safe_open(path, "np") as file:
        return read_specification((file.metadata() or {})["specification"])


def layout_fields(layout: SkeletonLayout) -> dict[str, Any]:
    """Give what a `Specification` says of a layout: its name, and the whole of it where Kinesics does not know it."""
    if LAYOUTS.get(layout.name) == layout:
        return {"layout": layout.name}
    return {
        "layout": layout.name,
        "own_layout": {"joints": layout.joints, "parents": layout.parents, "pairs": layout.pairs},
    }
