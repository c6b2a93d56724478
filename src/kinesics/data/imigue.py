"""iMiGUE (Liu et al., CVPR 2021): the 32 classes of the MiGA challenge, by training index."""

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


def class_index(name: str) -> int:
    """The index of a class by its name, or a part that fits no other; raises KeyError, naming the near ones."""
    wanted = name.strip().lower()
    if wanted in CLASSES:
        return CLASSES.index(wanted)
    fits = [i for i, label in enumerate(CLASSES) if wanted and wanted in label]
    if len(fits) == 1:
        return fits[0]
    raise KeyError(", ".join(CLASSES[i] for i in fits) or "none of the 32 classes")
