"""The single files of iMiGUE, read and written: label csv, light csv, OpenPose xlsx, emotion and subject csv.

As the MiGA challenge distributes them. Points are pixels with a confidence, `(T, points, 3)` float32 of x, y, score;
a point without a detection is zero in all three. Every reader raises KinesicsError that names the file, what was
expected and what was found; every writer writes the same bytes for the same input.
"""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from kinesics.data.dataset import Split
from kinesics.errors import KinesicsError
from kinesics.files import replacing
from kinesics.reading import check_workbook, read_bytes, reading
from kinesics.skeleton.sequence import FloatArray

# where each split's folders lie in the distribution
SKELETON_FOLDERS: Mapping[Split, str] = {
    "train": "imigue_data_phase1/datasets/imigue_skeleton_train",
    "val": "imigue_data_phase1/datasets/imigue_skeleton_validate",
    "test": "imigue_data_phase2/imigue_skeleton_test",
}
VIDEO_FOLDERS: Mapping[Split, str] = {
    "train": "imigue_rgb_phase1/train_data",
    "val": "imigue_rgb_phase1/validation_data",
    "test": "imigue_rgb_phase2",
}
EMOTION_FILES: Mapping[Split, str] = {"train": "train_label.csv", "val": "validation_label.csv"}
SUBJECTS_FILE = "subjects.csv"
SIMULATED_FILE = "kinesics.json"  # marks a simulated set and says how it was made
TRUE_EMOTIONS_FILE = "truth/emotions.csv"  # of all videos of a simulated set
_LEFT_WRIST, _RIGHT_WRIST = 7, 4  # OpenPose counts the person's right arm first
_LEFT_SHOULDER, _RIGHT_SHOULDER = 5, 2
_APART = 0.8  # of the shoulders' width: more than the length of two hands
_TIPS = (slice(25, 30), slice(30, 35))
LIGHT_POINTS, LIGHT_HAND_POINTS, OPENPOSE_POINTS = 25, 35, 137
_COPY = "copy it again from the distribution"
_Value = TypeVar("_Value")


class LabelRow(NamedTuple):
    """One line of a label csv: class id 1..31 or 99, first and last frame, the last one inclusive."""

    class_id: int
    start: int
    end: int


def read_labels(path: Path) -> list[LabelRow]:
    """The rows of `<VID>_label.csv`, which has no header; only that they are integers is checked here."""
    rows = []
    for number, cells in enumerate(_read_csv(path), 1):
        try:
            rows.append(LabelRow(*(_whole_number(cell) for cell in cells)))
        except (ValueError, TypeError):
            found = ",".join(cells)
            header = number == 1 and found[:1].isalpha()
            what = "a header where none belongs" if header else f"line {number} is {found!r}"
            raise KinesicsError(
                f"{path}: expected lines of class_id,start_frame,end_frame without a header, found {what}; {_COPY}"
            ) from None
    return rows


def write_labels(path: Path, rows: Iterable[Sequence[int]]) -> None:
    """Write (class_id, start_frame, end_frame) rows as `<VID>_label.csv`."""
    _write_csv(path, rows)


def has_header(path: Path) -> bool:
    """Whether the first line of a light csv is a header.

    Loaders of iMiGUE disagree about it, which shifts all frames by one. A header may be words, but also the column
    numbers 0, 1, 2 … that pandas writes by itself, and those would pass for a frame.
    """
    first = next(_read_csv(path), [])
    try:
        values = [float(cell) for cell in first]
    except ValueError:
        return True
    numbers = np.asarray(values[1:])
    return len(numbers) > 1 and bool((np.diff(numbers) == 1).all())


def read_light_hand(path: Path) -> FloatArray:
    """(T, 35, 3) of `<VID>_light_hand.csv`: BODY_25, then five fingertips of each hand; pixels and score.

    Column 0 is the frame number; frames that the file leaves out are zero. A header line is passed over.
    """
    return _read_points_csv(path, LIGHT_HAND_POINTS)


def fingertips_swapped(points: FloatArray) -> bool | None:
    """Say whether the points 25–29 belong to the right hand and 30–34 to the left one.

    Nobody documents which is which, so the distances to both wrists decide, over all frames in which they are found and
    far apart (the fingers of clasped hands lie at the other wrist).

    Parameters
    ----------
    points : (T, 35, 3) of a `_light_hand.csv`

    Returns
    -------
    None if the hands are never far apart
    """
    straight = 0.0
    gap, shoulders = (
        np.linalg.norm(points[:, a, :2] - points[:, b, :2], axis=1) * (points[:, [a, b], 2] > 0).all(1)
        for a, b in ((_LEFT_WRIST, _RIGHT_WRIST), (_LEFT_SHOULDER, _RIGHT_SHOULDER))
    )
    apart = gap > _APART * np.median(shoulders[shoulders > 0]) if shoulders.any() else gap > 0
    for tips, own, other in zip(_TIPS, (_LEFT_WRIST, _RIGHT_WRIST), (_RIGHT_WRIST, _LEFT_WRIST), strict=True):
        seen = apart & (points[:, tips, 2] > 0).all(1)
        hand = points[seen, tips, :2].mean(1)
        to_own, to_other = (np.linalg.norm(hand - points[seen, wrist, :2], axis=1) for wrist in (own, other))
        straight += float((to_other - to_own).sum())
    return straight < 0 if straight else None


def read_light(path: Path) -> FloatArray:
    """(T, 25, 3) of `<VID>_light.csv`, which is `<VID>_light_hand.csv` without the fingertips."""
    return _read_points_csv(path, LIGHT_POINTS)


def write_light_hand(path: Path, points: FloatArray) -> None:
    """Write `<VID>_light_hand.csv`, to a thousandth of a pixel.

    Parameters
    ----------
    path : of the file
    points : (T, 35, 3) pixels and score
    """
    _write_points_csv(path, points, LIGHT_HAND_POINTS)


def write_light(path: Path, points: FloatArray) -> None:
    """Write `<VID>_light.csv`, to a thousandth of a pixel.

    Parameters
    ----------
    path : of the file
    points : (T, 25, 3) pixels and score
    """
    _write_points_csv(path, points, LIGHT_POINTS)


def read_openpose_xlsx(path: Path) -> FloatArray:
    """(T, 137, 3) of `<VID>_openpose.xlsx`: BODY_25, face 70, left hand 21, right hand 21; pixels and confidence."""

    with reading(path, "an xlsx file of numbers", _COPY):
        return _clean(_read_sheet(path, 3 * OPENPOSE_POINTS))


def _read_sheet(path: Path, columns: int) -> FloatArray:
    from python_calamine import CalamineWorkbook

    check_workbook(path)
    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    if sheet.end is None or sheet.width != columns:
        raise KinesicsError(
            f"{path}: expected {columns} columns ({columns // 3} points of x, y, confidence), found {sheet.width}; "
            f"{_COPY}"
        )
    values = np.zeros((sheet.end[0] + 1, columns), np.float32)
    for frame, row in enumerate(sheet.iter_rows()):
        numbers: list[Any] = [0.0 if cell == "" else cell for cell in row]
        try:
            values[frame] = numbers
        except (ValueError, TypeError):
            what = "a header where none belongs" if frame == 0 else "a broken row"
            raise KinesicsError(
                f"{path}: expected numbers alone, found words in row {frame + 1} ({what}); {_COPY}"
            ) from None
    return values


def write_openpose_xlsx(path: Path, points: FloatArray) -> None:
    """Write `<VID>_openpose.xlsx`, to a thousandth of a pixel, with a fixed date inside.

    Parameters
    ----------
    path : of the file
    points : (T, 137, 3) pixels and score
    """
    import xlsxwriter

    _check_points(points, OPENPOSE_POINTS)
    with replacing(path) as temporary, xlsxwriter.Workbook(str(temporary), {"constant_memory": True}) as book:
        book.set_properties({"created": datetime.datetime(2021, 1, 1)})
        sheet = book.add_worksheet()
        for frame, row in enumerate(np.round(points.astype(np.float64), 3).reshape(len(points), -1).tolist()):
            sheet.write_row(frame, 0, row)


def read_emotions(path: Path) -> dict[str, int]:
    """{video id: 1 won or 0 lost} of `train_label.csv` or `validation_label.csv`."""
    return _read_table(path, "label", _emotion)


def write_emotions(path: Path, emotions: Mapping[str, int]) -> None:
    """Write {video id: 1 won or 0 lost}."""
    _write_csv(path, [("video_id", "label"), *emotions.items()])


def read_subjects(path: Path) -> dict[str, str]:
    """{video id: subject} of a `subjects.csv`, which the simulator writes and the challenge does not distribute."""
    return _read_table(path, "subject", str)


def write_subjects(path: Path, subjects: Mapping[str, str]) -> None:
    """Write {video id: subject}."""
    _write_csv(path, [("video_id", "subject"), *subjects.items()])


def video_id(text: str) -> str:
    """The four digits of a video, also where a spreadsheet has eaten the zeros; raises ValueError."""
    return f"{_whole_number(text):04d}"


def _whole_number(text: str) -> int:
    number = float(text)
    if not number.is_integer():  # 12.0, as a spreadsheet may write it, is whole
        raise ValueError(text)
    return int(number)


def _emotion(text: str) -> int:
    if text not in ("0", "1"):
        raise ValueError(text)
    return int(text)


def _read_csv(path: Path) -> Iterator[list[str]]:
    """The lines that are not empty, cell by cell."""
    with reading(path, "a csv file", _COPY):
        for cells in csv.reader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline="")):
            if any(cell.strip() for cell in cells):
                yield [cell.strip() for cell in cells]


def _read_table(path: Path, column: str, convert: Callable[[str], _Value]) -> dict[str, _Value]:
    lines = list(_read_csv(path))
    if not lines or lines[0] != ["video_id", column]:
        found = ",".join(lines[0]) if lines else "an empty file"
        raise KinesicsError(f"{path}: expected the header video_id,{column}, found {found!r}; {_COPY}")
    table = {}
    for cells in lines[1:]:
        try:
            video, value = cells
            table[video_id(video)] = convert(value)
        except ValueError:
            raise KinesicsError(
                f"{path}: expected a video's number and its {column}, found {','.join(cells)!r}; {_COPY}"
            ) from None
    return table


def _read_points_csv(path: Path, points: int) -> FloatArray:
    import pandas as pd

    columns = 1 + 3 * points
    with reading(path, f"{columns} numbers a line", _COPY):
        header = int(has_header(path))
        table = pd.read_csv(path, header=None, skiprows=header, dtype=np.float64).to_numpy()
    if table.shape[1] != columns:
        raise KinesicsError(
            f"{path}: expected {columns} columns (frame, then {points} points of x, y, score), "
            f"found {table.shape[1]}; {_COPY}"
        )
    frames = np.nan_to_num(table[:, 0] - table[0, 0], nan=-1).astype(np.int64)
    if (np.diff(frames) < 1).any() or frames[-1] > 2 * len(frames) + 1000:
        raise KinesicsError(f"{path}: expected frame numbers that rise in column 0, found others; {_COPY}")
    values = np.zeros((frames[-1] + 1, columns - 1), np.float32)
    values[frames] = table[:, 1:]
    return _clean(values)


def _clean(values: FloatArray) -> FloatArray:
    """(T, 3 × points) to (T, points, 3), with every point that is not a finite, detected one set to zero."""
    points = values.reshape(len(values), -1, 3)
    points[~(np.isfinite(points).all(-1) & (points[..., 2] > 0))] = 0
    return points


def _check_points(points: FloatArray, count: int) -> None:
    if points.ndim != 3 or points.shape[1:] != (count, 3):
        raise ValueError(f"expected points (T, {count}, 3), found {points.shape}")


def _write_points_csv(path: Path, points: FloatArray, count: int) -> None:
    _check_points(points, count)
    table = np.column_stack([np.arange(len(points)), points.reshape(len(points), -1)])
    with replacing(path) as temporary:
        np.savetxt(temporary, table, fmt=["%d"] + ["%.3f"] * (3 * count), delimiter=",")


def _write_csv(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
