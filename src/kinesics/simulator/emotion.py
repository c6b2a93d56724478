"""What winning or losing does to a simulated person, read from `emotion.yaml`, which says why of each number."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.reading import read_yaml

LINKS_FILE = Path(str(files("kinesics.simulator"))) / "emotion.yaml"
ASSUMED = "assumed"  # the setting that is used unless another is asked for


@dataclass(frozen=True)
class EmotionLink:
    """The link between an emotion and behaviour.

    likelier: how much likelier the classes of the emotion become.
    lost, won: names of those classes.
    face, bearing: mean tones after a match won, in standard deviations; lost has the negatives.
    expressive: by how much people differ in what they show, the standard deviation of the logarithm.
    """

    likelier: float
    lost: tuple[str, ...]
    won: tuple[str, ...]
    face: float
    bearing: float
    expressive: float

    def odds(self, won: bool) -> NDArray[np.float64]:
        """Give the odds of each class, (32,), 1 for one that the emotion leaves as it is."""
        classes = self.won if won else self.lost
        return np.array([self.likelier if name in classes else 1.0 for name in CLASSES])

    def tones(self, won: bool) -> tuple[float, float]:
        """Give the mean tones of face and bearing."""
        sign = 1.0 if won else -1.0
        return sign * self.face, sign * self.bearing


def emotion_link(name: str = ASSUMED, path: Path = LINKS_FILE) -> EmotionLink:
    """Read a setting of the link.

    Parameters
    ----------
    name : of the setting: assumed, or null, in which nothing tells the emotion.
    path : the file.

    Returns
    -------
    The link.

    Raises
    ------
    KinesicsError : for a setting that the file lacks, or that lacks something.
    """
    settings = read_yaml(path)
    if name not in settings:
        raise KinesicsError(f"{path}: expected one of its settings {', '.join(settings)}, found {name}; choose one")
    values, expected = settings[name], {field.name for field in fields(EmotionLink)}
    unknown = [one for one in (*(values.get("lost") or ()), *(values.get("won") or ())) if one not in CLASSES]
    if set(values) != expected or unknown:
        found = ", ".join(unknown) if unknown else ", ".join(sorted(values))
        raise KinesicsError(
            f"{path}: expected {', '.join(sorted(expected))} in {name}, and gestures of `kinesics simulate --list`, "
            f"found {found}; mend it"
        )
    return EmotionLink(**(values | {"lost": tuple(values["lost"]), "won": tuple(values["won"])}))
