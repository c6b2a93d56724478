"""iMiGUE (Liu et al., CVPR 2021): the 32 classes of the MiGA challenge, by training index."""

from kinesics.errors import KinesicsError

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


def match_class(name: str) -> int:
    """The index of the class of this name, or of the one class whose name holds it.

    Raises KinesicsError that lists the classes in question.
    """
    wanted = name.strip().lower()
    if wanted in CLASSES:
        return CLASSES.index(wanted)
    fits = [index for index, label in enumerate(CLASSES) if wanted and wanted in label]
    if len(fits) == 1:
        return fits[0]
    expected = ", ".join(CLASSES[index] for index in fits) or "one of those that `kinesics simulate --list` prints"
    raise KinesicsError(f"{'several classes hold' if fits else 'unknown class'} {name!r}; expected {expected}")
