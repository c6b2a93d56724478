"""Who the people of a study are: tables of groups, subjects and other facts, joined by the names of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.errors import KinesicsError
from kinesics.reading import MOST_TEXT, reading

if TYPE_CHECKING:
    import pandas as pd

KEY = "recording"
_OTHER_KEYS = ("file", "video", "name")  # what people call that column
_MEND = "mend the table and call again"
_LISTED = 3  # names in a message


def join_people(
    people: pd.DataFrame, names: Mapping[str, set[str]], groups: Path | None, metadata: Path | None
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Join what two tables say of people.

    Parameters
    ----------
    people : a row a recording and person.
    names : by the name of each recording all that it may be called in a table.
    groups : a CSV with the columns recording and group, and perhaps person and subject, or None.
    metadata : a CSV with the column recording, perhaps person, and any others, or None.

    Returns
    -------
    The people with subject, group, cluster and the metadata's columns, the groups in the order of the table, and notes
    on what did not match.

    Raises
    ------
    KinesicsError
        for a table that cannot be read, lacks a column, names no recording of the study or says two things of one
        person.
    """
    notes: list[str] = []
    joined = people.assign(subject="", group="")
    order: tuple[str, ...] = ()
    if groups is not None:
        table = _read(groups, names, notes)
        if "group" not in table:
            raise KinesicsError(
                f"{groups}: expected a column group, found {', '.join(map(str, table.columns))}; {_MEND}"
            )
        wanted = table[[column for column in (KEY, "person", "subject", "group") if column in table]]
        joined = _joined(people, wanted, groups)
        for column in ("subject", "group"):
            joined[column] = joined[column].fillna("").astype(str).str.strip() if column in joined else ""
        order = tuple(name for name in dict.fromkeys(joined["group"]) if name)
        if missing := int((joined["group"] == "").sum()):
            notes.append(f"{missing} of {len(joined)} people have no group in {groups.name}: no comparison has them.")
    joined["cluster"] = joined["subject"].where(joined["subject"] != "", joined[KEY])
    first = [KEY, "file", "person", "subject", "group", "cluster", "duration", "coverage", "seen", "face_seen"]
    joined = joined[first]
    if metadata is not None:
        table = _read(metadata, names, notes)
        taken = [column for column in table if column in first and column not in (KEY, "person")]
        if taken:
            raise KinesicsError(
                f"{metadata}: expected columns of other names than the study's own, found {', '.join(taken)}; rename "
                "them (groups and subjects go into --groups)"
            )
        joined = _joined(joined, table, metadata)
    return joined, order, tuple(notes)


def _read(path: Path, names: Mapping[str, set[str]], notes: list[str]) -> pd.DataFrame:
    """A table whose column `recording` holds the study's names; rows of other recordings are left out."""
    import pandas as pd

    with reading(path, "a CSV with a column recording", _MEND):
        if path.stat().st_size > MOST_TEXT:
            raise ValueError(f"more than {MOST_TEXT / 1e6:,.0f} MB")
        texts = dict.fromkeys((KEY, *_OTHER_KEYS, "subject", "group"), str)
        table = pd.read_csv(path, sep=None, engine="python", encoding="utf-8-sig", dtype=texts)
        table.columns = [str(column).strip() for column in table.columns]
        key = next((name for name in (KEY, *_OTHER_KEYS) if name in table), None)
        if key is None:
            raise ValueError(f"the columns {', '.join(table.columns)}")
        table = table.rename(columns={key: KEY})
        if "person" in table:
            table["person"] = table["person"].astype("int64")
    meant = _meant(path, [str(name).strip() for name in table[KEY]], names)
    strange = [str(name) for name, one in zip(table[KEY], meant, strict=True) if one is None]
    if len(strange) == len(table):
        raise KinesicsError(
            f"{path}: expected names of the study's recordings, such as {', '.join(sorted(names)[:_LISTED])}, found "
            f"{', '.join(strange[:_LISTED]) or 'no row'}; {_MEND}"
        )
    if strange:
        notes.append(f"{len(strange)} rows of {path.name} name no recording of the study, such as {strange[0]}.")
    return table.assign(**{KEY: meant}).dropna(subset=[KEY])


def _meant(path: Path, given: list[str], names: Mapping[str, set[str]]) -> list[str | None]:
    """The recording that each name means, None where there is no such; raises KinesicsError where it means several."""
    known: dict[str, set[str]] = {}
    for recording, calls in names.items():
        for call in calls:
            known.setdefault(call, set()).add(recording)
    found: list[str | None] = []
    for name in given:
        meant = {name} if name in names else known.get(name) or known.get(Path(name).stem) or set()
        if len(meant) > 1:
            raise KinesicsError(
                f"{path}: expected a name of one recording, found {name}, which means "
                f"{', '.join(sorted(meant)[:_LISTED])}; name the folder"
            )
        found.append(next(iter(meant), None))
    return found


def _joined(people: pd.DataFrame, table: pd.DataFrame, path: Path) -> pd.DataFrame:
    on = [KEY, "person"] if "person" in table else [KEY]
    twice = table[table.duplicated(on)]
    if len(twice):
        raise KinesicsError(
            f"{path}: expected one row a {' and '.join(on)}, found two of {twice[KEY].iloc[0]}; {_MEND}"
        )
    return people.merge(table, on=on, how="left")
