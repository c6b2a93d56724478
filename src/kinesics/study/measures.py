"""What is measured of each person in each recording: events, rates, shares of time, lengths, time bins and faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES, GROUPS
from kinesics.inference.action_events import ONSETS
from kinesics.study.frames import REAL, TEXT, WHO, stacked, typed_frame
from kinesics.study.recordings import Study

if TYPE_CHECKING:
    import pandas as pd

ALL = "all micro-gestures"
FACE, OTHER, ILLUSTRATIVE = "face", "other", "illustrative"  # body parts beside the paper's
_NOT_MICRO = (FACE, ILLUSTRATIVE)  # counted each by itself, not among all micro-gestures
_BODY_PART = {CLASSES[index]: part for part, indices in GROUPS.items() for index in indices}
_PERSON = ["recording", "person"]
_ITEM = ["recording", "person", "level", "label"]


def body_part(label: str) -> str:
    """The group of the iMiGUE paper that a gesture belongs to, "face" for a rule of facial actions, or "other"."""
    return _BODY_PART.get(label, FACE if label in ONSETS else OTHER)


def event_table(study: Study) -> pd.DataFrame:
    """One row an event: recording, person, subject, group, label, body_part, start, end, length, score, source."""
    rows = [
        (one.name, e.person, e.label, body_part(e.label), e.start, e.end, e.end - e.start, e.score, e.source)
        for one in study.recordings
        for e in one.timeline
    ]
    times = dict.fromkeys(("start", "end", "length", "score"), REAL)
    columns = {"label": TEXT, "body_part": TEXT, **times, "source": TEXT}
    events = typed_frame(rows, WHO | columns)
    who = study.people[[*_PERSON, "subject", "group"]]
    joined = events.merge(who, on=_PERSON, how="left")
    return joined[[*_PERSON, "subject", "group", *columns]]


def rate_table(study: Study, events: pd.DataFrame) -> pd.DataFrame:
    """Sum each gesture of each person in each recording, those that never happened included.

    Parameters
    ----------
    study : whose people are counted.
    events : as `event_table` gives them.

    Returns
    -------
    A row a recording, person, level ("class", "body part", "all") and label. `count`, `rate` (a minute), `share` of the
    time, `mean_length`, `median_length` and `latency` of the first (seconds, NaN without any), `duration`, `coverage`,
    and `rate_seen` and `share_seen`, which divide by the time in which the person was seen; then `seconds`, the time
    that events of this label cover, counted once where they overlap.
    """
    sums = _levels(events).groupby(_ITEM, sort=False).agg(
        count=("start", "size"), mean_length=("length", "mean"), median_length=("length", "median"),
        latency=("start", "min"),
    )  # fmt: skip
    sums["seconds"] = _covered(_levels(events))
    people = study.people[[*_PERSON, "subject", "group", "cluster", "duration", "coverage", "seen"]]
    table = people.merge(_labels(study, events), how="cross").merge(sums.reset_index(), on=_ITEM, how="left")
    table[["count", "seconds"]] = table[["count", "seconds"]].fillna(0)
    table["count"] = table["count"].astype("int64")
    for name, time in (("", "duration"), ("_seen", "seen")):
        known = table[time].where(table[time] > 0)
        table[f"rate{name}"] = table["count"] * 60 / known
        table[f"share{name}"] = (table["seconds"] / known).clip(upper=1)
    lengths = ["mean_length", "median_length", "latency", "duration", "coverage", "rate_seen", "share_seen"]
    return table[[*_PERSON, "subject", "group", "cluster", "level", "label", "count", "rate", "share", *lengths,
                  "seen", "seconds"]]  # fmt: skip


def bin_table(study: Study, events: pd.DataFrame, width: float) -> pd.DataFrame:
    """Count events in stretches of time from the start of each recording.

    Parameters
    ----------
    study : whose people are counted.
    events : as `event_table` gives them.
    width : of a stretch, seconds; the last one of a recording is as long as what is left.

    Returns
    -------
    A row a recording, person, level, label and stretch, with its `start` and `length` (seconds), the `count` of events
    that begin in it, and their `rate` a minute; of the classes only those that this person showed in this recording.
    """
    people = study.people[[*_PERSON, "subject", "group", "duration"]]
    numbers = people["duration"].map(lambda duration: range(max(1, int(np.ceil(duration / width - 1e-9)))))
    grid = people.assign(bin=numbers).explode("bin", ignore_index=True).astype({"bin": "int64"})
    levels = _levels(events).assign(bin=lambda table: (table["start"] // width).astype("int64"))
    shown = stacked([
        people[_PERSON].merge(_labels(study, events).query("level != 'class'"), how="cross"),
        levels.loc[levels["level"] == "class", _ITEM].drop_duplicates(),
    ])  # fmt: skip
    table = shown.merge(grid, on=_PERSON)
    counts = levels.groupby([*_ITEM, "bin"]).size().rename("count").reset_index()
    table = table.merge(counts, on=[*_ITEM, "bin"], how="left").fillna({"count": 0}).astype({"count": "int64"})
    table["start"] = table["bin"] * width
    table["length"] = np.minimum(width, table["duration"] - table["start"])
    table["rate"] = table["count"] * 60 / table["length"].where(table["length"] > 0)
    return table[[*_PERSON, "subject", "group", "level", "label", "start", "length", "count", "rate"]]


def face_table(study: Study) -> pd.DataFrame:
    """One row a recording, person and facial action or expression, with its mean and 95th percentile, 0..1."""
    rows = [
        (one.name, face.person, face.level, face.label, face.mean, face.p95, face.readable)
        for one in study.recordings
        for face in one.faces
    ]
    faces = typed_frame(rows, WHO | {"level": TEXT, "label": TEXT, "mean": REAL, "p95": REAL, "readable": REAL})
    people = study.people[[*_PERSON, "subject", "group", "cluster", "duration"]]
    return people.merge(faces, on=_PERSON, how="inner")


def _levels(events: pd.DataFrame) -> pd.DataFrame:
    """Each event up to three times: as its class, as its body part, and among all micro-gestures."""
    parts = events.assign(level="body part", label=events["body_part"])
    everything = events[~events["body_part"].isin(_NOT_MICRO)].assign(level="all", label=ALL)
    return stacked([events.assign(level="class"), parts, everything])


def _labels(study: Study, events: pd.DataFrame) -> pd.DataFrame:
    """Every level and label that there could have been, in the order in which people read them."""
    import pandas as pd

    known = dict.fromkeys(label for one in study.recordings for label in one.classes)
    classes = [*known, *sorted(set(events["label"]) - set(known))]
    parts = [*GROUPS, *(part for part in (FACE, OTHER) if part in set(events["body_part"]))]
    rows = [("all", ALL), *(("body part", part) for part in parts), *(("class", label) for label in classes)]
    return pd.DataFrame(rows, columns=["level", "label"])


def _covered(levels: pd.DataFrame) -> pd.Series:
    """Seconds that the events of each item cover, counted once where some overlap."""
    ordered = levels.sort_values([*_ITEM, "start"])
    before = ordered.groupby(_ITEM, sort=False)["end"].cummax().groupby([ordered[key] for key in _ITEM]).shift()
    start = np.fmax(ordered["start"], before)
    fresh = (ordered["end"] - start).clip(lower=0)
    return fresh.groupby([ordered[key] for key in _ITEM]).sum()


def frequent_labels(events: pd.DataFrame, level: str, least: int) -> Sequence[str]:
    """List what occurs often in a study.

    Parameters
    ----------
    events : as `event_table` gives them.
    level : "class" or "body part".
    least : events of a label.

    Returns
    -------
    The labels of the level that occur so often or more, the most frequent first.
    """
    counts = events["body_part" if level == "body part" else "label"].value_counts()
    return [str(label) for label in counts.index[counts >= least]]
