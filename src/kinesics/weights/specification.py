"""What weights say of themselves; no torch is loaded, so that exported networks can be read without it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kinesics.errors import KinesicsError
from kinesics.skeleton import LAYOUTS, SkeletonLayout

SHIPPED = Path(__file__).parent / "shipped"
DEFAULT = SHIPPED / "gesture-skeleton.safetensors"
EXPRESSION = SHIPPED / "expression-fer.safetensors"
EMOTION = SHIPPED / "emotion-face-gestures.safetensors"
LIFTER = SHIPPED / "lifter.safetensors"
NONE = "none"  # the class of windows in which no micro-gesture happens


@dataclass(frozen=True)
class Specification:
    """What weights are and how to use them.

    classes: in the order of the logits; a last class "none" stands for no micro-gesture. `fps` and `frames`
    give the clip that one decision sees (frames / fps seconds; 0 for networks of single pictures). `layout` names the
    skeleton layout ("" without a skeleton); `own_layout` holds one that Kinesics does not know:
    `layout_fields` fills both. `temperature` divides the logits. `thresholds` holds, by class, the score
    at which an event begins. `normalisation` names the function that made the input, or tells it. `source_sha256` is
    that of the published checkpoint that was converted ("" for Kinesics' own weights).
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

    @property
    def skeleton(self) -> SkeletonLayout:
        """The layout of the skeletons; raises KeyError where Kinesics knows none of this name, and the file neither."""
        own = self.own_layout
        if not own:
            return LAYOUTS[self.layout]
        pairs = tuple((left, right) for left, right in own["pairs"])
        return SkeletonLayout(self.layout, tuple(own["joints"]), tuple(own["parents"]), pairs)


def read_specification(text: str) -> Specification:
    """From the JSON in a weights file; raises ValueError, TypeError or KeyError for anything else."""
    described = json.loads(text)
    described.pop("source", None)  # this and the next: what the first expression weights said in other words
    described["normalisation"] = described.pop("input", described.get("normalisation"))
    return Specification(**({"config": {}} | described | {"classes": tuple(described["classes"])}))


def specification_of(path: Path) -> Specification:
    """The specification in a weights file; none of its values is read.

    Raises KinesicsError for a missing file and for one that Kinesics did not write.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise KinesicsError(f"{path}: no such weights file; leave --weights away to use the ones that are shipped")
    try:
        with safe_open(path, "np") as file:
            return read_specification((file.metadata() or {})["specification"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise KinesicsError(
            f"{path}: expected safetensors weights with a Kinesics specification, found something else ({error})"
        ) from error


def layout_fields(layout: SkeletonLayout) -> dict[str, Any]:
    """What a `Specification` says of a layout: its name, and the whole of it where Kinesics does not know it."""
    if LAYOUTS.get(layout.name) == layout:
        return {"layout": layout.name}
    return {
        "layout": layout.name,
        "own_layout": {"joints": layout.joints, "parents": layout.parents, "pairs": layout.pairs},
    }
