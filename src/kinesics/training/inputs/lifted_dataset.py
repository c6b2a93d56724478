"""`Lifted`: a data set's flat skeletons in three dimensions, as the lifter guesses them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.errors import KinesicsError
from kinesics.models.skeleton.lifter import Lifter, lift
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.training.inputs.video_tokens import weights_digest
from kinesics.weights.load import load_as
from kinesics.weights.specification import LIFTER


class Lifted(GestureDataset):
    """A data set's clips, with the shipped lifter's third dimension where they have none.

    Raises KinesicsError for a data set whose skeletons are not in `UPPER_BODY`.
    """

    name: ClassVar[str] = "lifted"
    access: ClassVar[str] = ""

    def __init__(self, dataset: GestureDataset, weights: Path = LIFTER) -> None:
        if dataset.layout != UPPER_BODY:
            raise KinesicsError(
                f"{dataset.folder}: expected skeletons in {UPPER_BODY.name} to lift, found {dataset.layout.name}; "
                "set data.lift to false"
            )
        super().__init__(dataset.folder)
        self.dataset, self.layout, self._network = dataset, dataset.layout, load_as(Lifter, weights)[0]
        self._digest = weights_digest(self._network)

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        """Recognise nothing: it is made of another data set."""
        return False

    @property
    def source(self) -> str:
        """What the skeletons come from, for the cache: the data set, and the lifter's weights."""
        return f"{self.dataset.name}, lifted by {self._digest[:16]}"

    @property
    def classes(self) -> tuple[str, ...]:
        """Those of the data set."""
        return self.dataset.classes

    @property
    def clips(self) -> tuple[ClipInfo, ...]:
        """Those of the data set."""
        return self.dataset.clips

    def read_skeleton(self, clip: ClipInfo) -> SkeletonSequence:
        """Read a clip's skeleton and lift it, unless it is three-dimensional already."""
        return lift(self.dataset.read_skeleton(clip), self._network)
