"""The 32 classes of iMiGUE (Liu et al., CVPR 2021): their names, their ids in the label files, and how often each is.

The tables here are in the order of the training index, 0..31. A class id in a label file is 1..31 or 99.
"""

from __future__ import annotations

from collections.abc import Mapping

from kinesics.timeline.labels import match_label

CLASSES: tuple[str, ...] = (
    "turtle neck",
    "bulging face or deep breath",
    "touching hat",
    "touching or scratching head",
    "touching or scratching forehead",
    "covering face",
    "rubbing eyes",
    "touching or scratching facial parts",
    "touching ears",
    "biting nails",
    "touching jaw",
    "touching or scratching neck",
    "playing or adjusting hair",
    "adjusting collar or tie",
    "touching or covering suprasternal notch",
    "scratching back",
    "folding arms",
    "dusting off clothes",
    "putting arms behind body",
    "moving torso",
    "sitting straightly",
    "scratching or touching arms",
    "rubbing or holding hands",
    "crossing fingers",
    "minaret gesture",
    "playing or manipulating objects",
    "hold back arms",
    "head up",
    "pressing lips",
    "arms akimbo",
    "shaking shoulders",
    "illustrative",
)

# as the paper groups them
GROUPS: Mapping[str, tuple[int, ...]] = {
    "body": (19, 20, 30),
    "head": (0, 1, 27, 28),
    "hand": (21, 22, 23, 24, 25, 26, 29),
    "body and hand": (11, 12, 13, 14, 15, 16, 17, 18),
    "head and hand": (2, 3, 4, 5, 6, 7, 8, 9, 10),
    "illustrative": (31,),
}

# clips of each class as the challenge counts them
TRAIN_CLIPS = (
    10, 393, 38, 199, 80, 23, 57, 824, 80, 3, 284, 137, 97, 41, 26, 24,
    304, 82, 1, 887, 157, 360, 656, 690, 11, 280, 84, 60, 1155, 6, 2079, 3765,
)  # fmt: skip
VALIDATION_CLIPS = (
    0, 25, 1, 8, 0, 0, 7, 34, 7, 0, 18, 17, 0, 0, 2, 3, 18, 1, 1, 55, 13, 13, 1, 10, 0, 7, 3, 0, 82, 0, 193, 258,
)  # fmt: skip

_ILLUSTRATIVE_ID = 99  # "illustrative" in the label files
_ID_OF_INDEX: tuple[int, ...] = (*range(1, len(CLASSES)), _ILLUSTRATIVE_ID)
_INDEX_OF_ID = {class_id: index for index, class_id in enumerate(_ID_OF_INDEX)}


def class_id(index: int) -> int:
    """What iMiGUE's label files call the class of this training index."""
    return _ID_OF_INDEX[index]


def class_index(class_id: int) -> int | None:
    """The training index of a class id in the label files; None for an id that does not exist."""
    return _INDEX_OF_ID.get(class_id)


def match_class(name: str) -> int:
    """The index of the class of this name, an earlier or shorter one, or of the one class whose name holds it.

    Raises KinesicsError that lists the classes in question.
    """
    return match_label(name, CLASSES)
