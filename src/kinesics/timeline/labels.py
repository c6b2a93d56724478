"""The names of classes, as people type them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from kinesics.errors import KinesicsError
from kinesics.timeline.gesture_names import current_name

_NEAR = 5  # names that are listed at most
_ALIKE = 0.5  # of 1


def match_label(name: str, labels: Sequence[str]) -> int:
    """Find a class by its name, an earlier or shorter one of iMiGUE's, or a part that no other name holds.

    Upper and lower case are one.

    Parameters
    ----------
    name : as somebody typed it.
    labels : the names of all classes.

    Returns
    -------
    The index of the class.

    Raises
    ------
    KinesicsError
        that lists the names in question, or those nearest to it.
    """
    wanted, known = name.strip().lower(), [label.lower() for label in labels]
    if name in labels:
        return labels.index(name)
    if wanted in known:
        return known.index(wanted)
    if (current := current_name(name)) in labels:
        return labels.index(current)
    holding = [index for index, label in enumerate(known) if wanted and wanted in label]
    if len(holding) == 1:
        return holding[0]
    if holding:
        raise KinesicsError(f"several classes hold {name!r}; expected one of {', '.join(labels[i] for i in holding)}")
    near = ", ".join(near_labels(name, labels))
    raise KinesicsError(f"unknown class {name!r}; expected one of {len(labels)} classes, such as {near}")


def near_labels(name: str, labels: Sequence[str]) -> list[str]:
    """The few of `labels` that are spelled most like `name`; the first ones where none is."""
    known = {label.lower(): label for label in labels}
    return [known[one] for one in get_close_matches(name.lower(), known, _NEAR, _ALIKE)] or list(labels[:_NEAR])
