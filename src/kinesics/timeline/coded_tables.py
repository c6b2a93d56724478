"""Codings in tables: plain ones with a line an annotation, and what BORIS, VIA and Datavyu export."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from kinesics.errors import KinesicsError
from kinesics.reading import reading
from kinesics.timeline.coding import Annotation, CodedFile, Coding, Medium, file_names, seconds, tidy, whole_number
from kinesics.timeline.formats import datavyu, via
from kinesics.timeline.formats.boris import NOBODY, Playlists, unused_notes
from kinesics.timeline.sheets import SPREADSHEETS, Sheet, read_sheet

_PLAIN = ("video", "label", "start", "end")
_AGGREGATED = ("behavior", "start (s)", "stop (s)")
_TABULAR = ("behavior", "time")
_MEDIA = ("source", "media file name", "media file path", "media file")
_LENGTHS = ("media duration (s)", "total length")
_MEND = "mend it, or export it again"
_Row = Mapping[str, str]


def read_codings(path: Path) -> CodedFile:
    """The codings of a table: a CSV or TSV in any locale, or a workbook.

    Either with the columns video, label, start, end (subject, person), in seconds or as hh:mm:ss, or with the
    aggregated or the tabular events that BORIS exports, or as VIA or Datavyu export them. Events without a length are
    left out and counted. Raises KinesicsError that names the file, and the cells of a row that is no event.
    """
    if path.suffix.lower() not in SPREADSHEETS and datavyu.is_table(path):
        return datavyu.read_table(path)
    kinds = {_PLAIN: _plain, _AGGREGATED: _aggregated, _TABULAR: _tabular, **dict.fromkeys(via.TABLES, _via)}
    expected = f"the columns {','.join(_PLAIN)} (subject, person), or an export from BORIS, VIA or Datavyu"
    with reading(path, "a table of coded events", _MEND):
        sheet = read_sheet(path, tuple(kinds), expected)
        unused: Counter[str] = Counter()
        notes: list[str] = []
        try:
            codings = tuple(kinds[sheet.columns](sheet, unused, notes))
        except ValueError as error:
            found = str(error) if str(error).startswith("expected") else f"expected whole events, found {error}"
            raise KinesicsError(f"{path}: {found}; {_MEND}") from error
    return CodedFile(codings, (*sheet.notes, *unused_notes(unused), *notes))


def _plain(sheet: Sheet, unused: Counter[str], notes: list[str]) -> Iterator[Coding]:
    by_video: dict[tuple[str, ...], list[Annotation]] = {}
    for row in sheet.rows:
        cells = ",".join(row.values())
        try:
            start, end = seconds(row["start"]), seconds(row["end"])
            person = whole_number(row["person"]) if row.get("person") else None
        except ValueError as error:
            raise ValueError(f"expected video,label,start,end (seconds), found {cells!r} ({error})") from error
        names, label = file_names(row["video"]), tidy(row["label"])
        if not names[0] or not label or not 0 <= start <= end:
            raise ValueError(f"expected a video, a label and 0 ≤ start < end, found {cells!r}")
        rows = by_video.setdefault(names, [])
        if start == end:
            unused["event without a length"] += 1
        else:
            rows.append(Annotation(label, start, end, _subject(row.get("subject", "")), person))
    return (Coding((Medium(names),), tuple(rows)) for names, rows in by_video.items())


def _via(sheet: Sheet, unused: Counter[str], notes: list[str]) -> Iterator[Coding]:
    return via.coded_rows(sheet.rows, unused)


def _subject(name: str) -> str:
    """A name; a number as pandas writes it in a column with gaps (1.0) is that number."""
    return re.sub(r"^(\d+)[.,]0$", r"\1", tidy(name))


def _aggregated(sheet: Sheet, unused: Counter[str], notes: list[str]) -> Iterator[Coding]:
    """A line an event of BORIS, with its start and its stop."""

    def events(rows: Sequence[_Row]) -> Iterator[Annotation]:
        for row in rows:
            if _status(row) == "POINT" or row["start (s)"] == row["stop (s)"]:
                unused["point event"] += 1
            else:
                unused["modifier"] += bool(_modifiers(row))
                yield from _event(row, row["start (s)"], row["stop (s)"], unused)

    return _by_observation(sheet, events, notes)


def _tabular(sheet: Sheet, unused: Counter[str], notes: list[str]) -> Iterator[Coding]:
    """A line a start, a stop or a point event of BORIS; they are paired by subject, behaviour and modifiers."""

    def events(rows: Sequence[_Row]) -> Iterator[Annotation]:
        begun: dict[tuple[str, ...], str] = {}
        for row in rows:
            status = _status(row)
            key = (row.get("subject", ""), *_modifiers(row), row["behavior"])
            if status == "POINT":
                unused["point event"] += 1
            elif status == "START" and key not in begun:
                unused["modifier"] += bool(_modifiers(row))
                begun[key] = row["time"]
            elif status == "STOP" and key in begun:
                yield from _event(row, begun.pop(key), row["time"], unused)
            else:
                raise ValueError(f"expected START, STOP or POINT, found {status or 'nothing'!r} at {row['time']} s")
        for key, time in begun.items():
            raise ValueError(f"a start of {key[-1]!r} at {time} s without a stop")

    return _by_observation(sheet, events, notes)


def _status(row: _Row) -> str:
    return (row.get("status") or row.get("behavior type") or "").upper()


def _modifiers(row: _Row) -> tuple[str, ...]:
    return tuple(f"{name}:{cell}" for name, cell in row.items() if name.startswith("modifier") and cell)


def _event(row: _Row, start: str, stop: str, unused: Counter[str]) -> Iterator[Annotation]:
    label, subject = tidy(row["behavior"]), tidy(row.get("subject", ""))
    try:
        begin, end = seconds(start), seconds(stop)
    except ValueError as error:
        raise ValueError(f"expected seconds, found {start!r} and {stop!r} for {label!r}") from error
    if not label or end < begin:
        raise ValueError(f"expected a behaviour that stops after it starts, found {label!r} from {start} to {stop} s")
    if end == begin:
        unused["event without a length"] += 1
    else:
        yield Annotation(label, begin, end, "" if subject in NOBODY else subject)


def _by_observation(
    sheet: Sheet, events: Callable[[Sequence[_Row]], Iterator[Annotation]], notes: list[str]
) -> Iterator[Coding]:
    observations: dict[tuple[str, str], list[_Row]] = {}
    above = {cells[0].strip().casefold(): cells[1].strip() for cells in sheet.above if len(cells) > 1}
    for row in sheet.rows:
        whole = {**above, **row}
        media = whole.get("source") or next((whole[name] for name in _MEDIA if whole.get(name)), "")
        observations.setdefault((whole.get("observation id", ""), media), []).append(whole)
    for (name, media), rows in observations.items():
        yield from _playlists(name, media, rows[0]).codings(list(events(rows)), notes)


def _playlists(name: str, media: str, row: _Row) -> Playlists:
    """What an observation was coded from, as BORIS writes it: `player #1:a.mp4;b.mp4|player #2:c.mp4`."""
    groups = [group for group in re.split(r"\|?\s*player #\d+:\s*", media, flags=re.IGNORECASE) if group.strip("; ")]
    players = tuple(tuple(file.strip() for file in group.split(";") if file.strip()) for group in groups)
    lengths = next((row[column] for column in _LENGTHS if row.get(column)), "").split("|")[0].split(";")
    known: dict[str, float] = {}
    for file, length in zip_longest(players[0] if players else (), lengths, fillvalue=""):
        if file and re.match(r"\d", length) and len(lengths) == len(players[0]):
            known[file] = seconds(length)
    offset = next((row[column] for column in ("time offset (s)", "time offset") if row.get(column)), "0")
    return Playlists(name, players, known, seconds(offset))
