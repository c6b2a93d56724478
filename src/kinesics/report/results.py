"""All files that an analysis leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.inference.action_files import ACTION_FORMATS, ActionFormat
from kinesics.progress import Progress, part_of
from kinesics.report.overlay import write_overlay
from kinesics.report.page import write_report
from kinesics.report.page_data import provenance_of
from kinesics.timeline.formats import FORMATS

if TYPE_CHECKING:
    from kinesics.inference.results import Analysis


def result_names(*, overlay: bool = False, parquet: bool = False) -> tuple[str, ...]:
    """The files that `write_results` writes, in the order of their use to a reader."""
    tables = (f"timeline{one.suffix}" for one in FORMATS.values())
    return ("report.html", *(("overlay.mp4",) if overlay else ()), *tables, *_action_files(parquet))


def _action_files(parquet: bool) -> dict[str, ActionFormat]:
    """The files of facial actions by name."""
    chosen = (one for one in ACTION_FORMATS.values() if parquet or not one.needs)
    return {f"actions{one.suffix}": one for one in chosen}


def write_results(
    analysis: Analysis, out: Path, *, overlay: bool = False, parquet: bool = False, progress: Progress | None = None
) -> list[Path]:
    """Write the timeline in every format, facial actions if there are any, the report and, on wish, the overlay video.

    Parameters
    ----------
    analysis : what was found.
    out : the folder to write into.
    overlay : whether to write the video with skeletons and events as well.
    parquet : whether to write facial actions as Parquet as well.
    progress : called with the share done, 0..1.

    Returns
    -------
    The files, in the order of their use to a reader.

    Raises
    ------
    KinesicsError
        for a file that cannot be written, or a video that cannot be read.
    """
    provenance = provenance_of(analysis)
    report, video = out / "report.html", out / "overlay.mp4"
    tables = [out / f"timeline{one.suffix}" for one in FORMATS.values()]
    for path, one in zip(tables, FORMATS.values(), strict=True):
        one.write(path, analysis.timeline, provenance)
    for name, kind in _action_files(parquet).items():
        if analysis.actions:
            kind.write(out / name, analysis)
        else:
            (out / name).unlink(missing_ok=True)  # that of an earlier run, which read some
    share = 0.3 if overlay else 1.0  # reading the video is the report's work; the overlay writes it as well
    write_report(analysis, report, part_of(progress, 0, share))
    if overlay:
        write_overlay(analysis, video, part_of(progress, share, 1))
    return [out / name for name in result_names(overlay=overlay, parquet=parquet) if (out / name).exists()]
