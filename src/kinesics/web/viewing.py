"""The video as the page plays it: as it is, or a copy with faces hidden, or one that a browser can play."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kinesics.inference.results import Analysis
from kinesics.progress import Progress
from kinesics.report.overlay import LONGER_SIDE, OVERLAY_RATE
from kinesics.video import Image, read_frames, write_video
from kinesics.web.project import Project
from kinesics.web.settings import ProjectSettings

VIEW = "view.mp4"
PLAYABLE = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm", ".mkv": "video/webm"}


def shown_video(project: Project, name: str, settings: ProjectSettings) -> Path | None:
    """The file that the page plays.

    Parameters
    ----------
    project : the folder.
    name : of the recording.
    settings : of the project.

    Returns
    -------
    The copy, or the video itself; None where faces are to be hidden and there is no copy in which they are.
    """
    own, copy = project.path_of(name), project.results_of(name) / VIEW
    if copy.is_file() and settings.blur != "skeleton":
        return copy
    return None if settings.blur or not own.is_file() else own


def needs_copy(analysis: Analysis) -> bool:
    """Whether the page plays a copy: of a video whose faces are hidden, and of one that no browser plays."""
    recording = analysis.recording
    if recording.kind != "video" or analysis.skeleton_only:
        return False
    return analysis.hider is not None or recording.path.suffix.lower() not in PLAYABLE


def write_view(analysis: Analysis, out: Path, progress: Progress) -> None:
    """Write the copy.

    Parameters
    ----------
    analysis : of the video, with what hides faces where they are to be hidden.
    out : the file to write.
    progress : called with the share done, 0..1.

    Raises
    ------
    KinesicsError
        for a video that cannot be read, or a file that cannot be written.
    """
    rate = min(analysis.recording.fps, OVERLAY_RATE)
    write_video(out, _frames(analysis, rate, progress), rate)


def _frames(analysis: Analysis, rate: float, progress: Progress) -> Iterator[Image]:
    for frame in read_frames(analysis.recording.path, fps=rate, max_side=LONGER_SIDE):
        yield frame.image if analysis.hider is None else analysis.hider.hide(frame)
        progress(min(1.0, frame.time / max(analysis.recording.duration, 0.1)))
