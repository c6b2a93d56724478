"""Projects of the VGG Image Annotator for video (VIA 3, .json), and the tables that it exports.

The format is that of VIA 3 (https://www.robots.ox.ac.uk/~vgg/software/via): `metadata` holds what was marked, `view`
and `file` say in which video, `attribute` what the values mean.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

from kinesics.reading import read_bytes, reading
from kinesics.timeline.coding import Annotation, CodedFile, Coding, Medium, file_names, tidy
from kinesics.timeline.formats.boris import unused_notes

_MEND = "save the project again in VIA"
_SECTIONS = ("attribute", "file", "metadata", "view")
TABLES = (
    ("file_list", "temporal_coordinates", "metadata"),
    ("file_list", "temporal_segment_start", "temporal_segment_end", "metadata"),  # as of VIA 3.0.0
)


def is_project(path: Path) -> bool:
    """Whether a file is a project of VIA 3; False for one that cannot be read."""
    try:
        content = json.loads(read_bytes(path).decode("utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and all(isinstance(content.get(name), dict) for name in _SECTIONS)


def read_codings(path: Path) -> CodedFile:
    """The temporal segments of a project, a coding a video.

    A segment's label is the first attribute that is filled in; a checkbox gives a label a tick. Regions of single
    frames are left out and counted. Raises KinesicsError for another or a damaged file.
    """
    with reading(path, "a project of the VGG Image Annotator 3 (.json)", _MEND):
        project = json.loads(read_bytes(path).decode("utf-8-sig"))
        unused: Counter[str] = Counter()
        by_view: dict[str, list[Annotation]] = {str(view): [] for view in project["view"]}
        for one in project["metadata"].values():
            labels = list(_labels(one["av"], project["attribute"], unused))
            by_view[str(one["vid"])] += _segments(one["z"], one.get("xy") or [], labels, unused)
        codings = [_coding(project, view, found) for view, found in by_view.items()]
        if len(codings) == 1:
            codings = [replace(codings[0], namesakes=(Medium((path.stem,)),))]
        return CodedFile(tuple(codings), tuple(unused_notes(unused)))


def _coding(project: Mapping[str, Any], view: str, found: list[Annotation]) -> Coding:
    media = []
    for number in project["view"][view]["fid_list"]:
        file = project["file"][str(number)]
        names = [*file_names(str(file["fname"])), *file_names(str(file.get("src") or ""))]
        media.append(Medium(tuple(name for name in dict.fromkeys(names) if name)))
    return Coding(tuple(media), tuple(found))


def _labels(values: Mapping[str, Any], attributes: Mapping[str, Any], unused: Counter[str]) -> Iterator[str]:
    """The words of the first attribute that is filled in."""
    filled = [(number, str(value)) for number, value in values.items() if str(value).strip()]
    unused["attribute beside the label"] += max(0, len(filled) - 1)
    if filled:
        number, value = filled[0]
        options = dict(attributes[number].get("options") or {})
        options.pop("default_option_id", None)
        chosen = value.split(",") if options and value not in options else [value]
        yield from (tidy(str(options.get(one, one))) for one in chosen)


def _segments(times: list[float], region: list[float], labels: list[str], unused: Counter[str]) -> Iterator[Annotation]:
    if len(times) != 2 or region:
        unused["region or moment"] += 1
    elif not isfinite(float(times[0]) + float(times[1])) or not float(times[0]) < float(times[1]):
        unused["segment without a length"] += 1
    elif not any(labels):
        unused["segment without a name"] += 1
    else:
        yield from (Annotation(label, float(times[0]), float(times[1])) for label in labels if label)


def coded_rows(rows: tuple[dict[str, str], ...], unused: Counter[str]) -> Iterator[Coding]:
    """The codings of a table that VIA exported.

    Parameters
    ----------
    rows : a dictionary a line, with the columns of one of `TABLES`
    unused : gets what is left out

    Returns
    -------
    a coding a video

    Raises
    ------
    ValueError : for a row that is none of VIA's
    """
    by_video: dict[tuple[str, ...], list[Annotation]] = {}
    for row in rows:
        names = tuple(name for place in json.loads(row["file_list"]) for name in file_names(str(place)))
        found = by_video.setdefault(names, [])
        if "temporal_coordinates" in row:
            times = json.loads(row["temporal_coordinates"] or "[]")
        else:
            times = [float(row["temporal_segment_start"]), float(row["temporal_segment_end"])]
        values = json.loads(row["metadata"] or "{}")
        region = json.loads(row.get("spatial_coordinates") or "[]")
        labels = list(_labels(values, {number: {} for number in values}, unused))
        found += _segments(times, region, labels, unused)
    return (Coding((Medium(names),), tuple(found)) for names, found in by_video.items())
