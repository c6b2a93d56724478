"""The 32 classes of iMiGUE (Liu et al., CVPR 2021): their names, their ids in the label files, and how often each is.

The tables here are in the order of the training index, 0..31. A class id in a label file is 1..31 or 99.
"""

from __future__ import annotations

from kinesics.timeline.labels import match_label

CLASSES: tuple[str, ...] = (
    "turtle neck",
    "deep breath (puff cheeks)",
    "touch hat",
    "touch face",
    "touch forehead",
    "cover face",
    "rub eyes",
    "touch other face part",
    "touch ears",
    "bite nails",
    "touch chin",
    "touch neck",
    "play with hair",
    "adjust tie",
    "touch chest",
    "scratch back",
    "fold arms",
    "tidy sleeve",
    "put arms back",
    "move torso",
    "sit straight",
    "scratch arm",
    "rub hands",
    "cross fingers",
    "minaret (steeple) hands",
    "play with things",
    "withdraw arms",
    "head up",
    "bite lip",
    "arms akimbo",
    "shake shoulders",
    "illustrative",
)

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
    """The index of the class of this name, or of the one class whose name holds it.

    Raises KinesicsError that lists the classes in question.
    """
    return match_label(name, CLASSES)
