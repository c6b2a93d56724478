"""All files that an analysis leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.inference.scores import gesture_names
from kinesics.progress import Progress, part_of
from kinesics.report.overlay import write_overlay
from kinesics.report.page import write_report
from kinesics.timeline import files

if TYPE_CHECKING:
    from kinesics.inference.results import Analysis


def write_results(
    analysis: Analysis, out: Path, *, overlay: bool = False, progress: Progress | None = None
) -> list[Path]:
    """Write the timeline in every format, the report and, on wish, the overlay video.

    Parameters
    ----------
    analysis : what was found.
    out : the folder to write into.
    overlay : whether to write the video with skeletons and events as well.
    progress : called with the share done, 0..1.

    Returns
    -------
    The files, in the order of their use to a reader.

    Raises
    ------
    KinesicsError
        for a file that cannot be written, or a video that cannot be read.
    """
    recording, timeline = analysis.recording, analysis.timeline
    media = recording.path if recording.kind == "video" else None
    classes = gesture_names(analysis.scores[0].classes) if analysis.scores else ()
    report, video = out / "report.html", out / "overlay.mp4"
    tables = [out / f"timeline.{suffix}" for suffix in ("json", "csv", "eaf", "boris", "vtt")]
    facts = analysis.to_dict()
    files.write_json(tables[0], timeline, facts.pop("recording"), facts.pop("model"), facts)
    files.write_csv(tables[1], timeline)
    files.write_eaf(tables[2], timeline, classes, media)
    files.write_boris(tables[3], timeline, classes, media, recording.fps)
    files.write_vtt(tables[4], timeline)
    share = 0.3 if overlay else 1.0  # reading the video is the report's work; the overlay writes it as well
    write_report(analysis, report, part_of(progress, 0, share))
    if not overlay:
        return [report, *tables]
    write_overlay(analysis, video, part_of(progress, share, 1))
    return [report, video, *tables]
