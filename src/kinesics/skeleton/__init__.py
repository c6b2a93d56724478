"""Named joint layouts, conversions between them, and skeletons over time."""

from kinesics.skeleton.convert import to_upper_body
from kinesics.skeleton.layout import SkeletonLayout, make_layout
from kinesics.skeleton.layouts import LAYOUTS, UPPER_BODY
from kinesics.skeleton.sequence import (
    SkeletonSequence,
    load_arrays,
    load_metadata,
    load_skeletons,
    resampled_rows,
    rows_around,
    save_skeletons,
)

__all__ = [
    "LAYOUTS",
    "UPPER_BODY",
    "SkeletonLayout",
    "SkeletonSequence",
    "load_arrays",
    "load_metadata",
    "load_skeletons",
    "make_layout",
    "resampled_rows",
    "rows_around",
    "save_skeletons",
    "to_upper_body",
]
