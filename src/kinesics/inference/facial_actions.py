"""Facial actions over time: what one network measures of brows, eyes, lips and jaw, and never what somebody feels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kinesics.perception import Observation
from kinesics.perception.actions import ACTIONS, MAIN_ACTIONS
from kinesics.preprocessing.face_crop import hand_before_face
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray

if TYPE_CHECKING:
    import pandas as pd

NETWORK: Mapping[str, Any] = {
    "name": "face blendshapes of MediaPipe's face landmarker",
    "licence": "Apache-2.0",
    "limits": "It measures movement of the face, not feelings. Puffed cheeks, a jaw pushed forward and a sneer hardly "
    "ever show in its numbers. What is at rest differs from face to face.",
}


@dataclass(frozen=True, eq=False)
class FacialActions:
    """How strongly one person shows each facial action over time.

    Attributes
    ----------
    times : (N,) float64, seconds, at a steady rate.
    strength : (N, 52) float32 in 0..1, column c belongs to `ACTIONS[c]`; NaN where the face is not seen closely, or a
        hand is before it.
    person : the person's number, from 1.
    """

    times: NDArray[np.float64]
    strength: FloatArray
    person: int

    @property
    def rate(self) -> float:
        """Moments a second."""
        return 1 / float(self.times[1] - self.times[0]) if len(self.times) > 1 else 1.0

    @property
    def readable(self) -> float:
        """The share of the time, 0..1, in which the face could be read."""
        return float(np.isfinite(self.strength[:, 0]).mean()) if len(self.times) else 0.0

    def mean_of(self, *names: str) -> FloatArray:
        """(N,) the mean of some of `ACTIONS`, left and right for one."""
        mean: FloatArray = self.strength[:, [ACTIONS.index(name) for name in names]].mean(1)
        return mean

    def main(self) -> dict[str, FloatArray]:
        """(N,) each of the ten or so that people read, by its name in `MAIN_ACTIONS`."""
        return {label: self.mean_of(*names) for label, names in MAIN_ACTIONS.items()}

    def to_dataframe(self) -> pd.DataFrame:
        """One row a moment; columns person, time, then `ACTIONS`; NaN where the face could not be read."""
        import pandas as pd  # heavy, and only wanted here

        frame = pd.DataFrame(self.strength, columns=list(ACTIONS))
        frame.insert(0, "time", self.times)
        frame.insert(0, "person", self.person)
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Plain data in sum, for JSON: of each main action the mean and the 95th percentile."""
        known = np.isfinite(self.strength[:, 0])
        main = {label: values[known] for label, values in self.main().items()} if known.any() else {}
        sums = {label: [round(float(x), 3) for x in (v.mean(), np.percentile(v, 95))] for label, v in main.items()}
        return {"person": self.person, "seen": round(self.readable, 3), "mean_and_p95": sums}


def facial_actions(observation: Observation, people: Sequence[SkeletonSequence]) -> tuple[FacialActions, ...]:
    """Give the facial actions of some people in a recording.

    Parameters
    ----------
    observation : everybody in it.
    people : whose actions are wanted, a choice from `observation.people`.

    Returns
    -------
    Those of each of `people`, in their order; none for landmarks without a video, and for engines that read no actions.
    """
    return tuple(_of_people(observation, {person.person for person in people}))


def _of_people(observation: Observation, chosen: set[int]) -> Iterator[FacialActions]:
    info = observation.video
    if info is None:
        return
    for person, actions in zip(observation.people, observation.actions, strict=False):
        if person.person in chosen:
            strength = actions.copy()
            strength[hand_before_face(person, (info.width, info.height))] = np.nan
            yield FacialActions(person.times(), strength, person.person)
