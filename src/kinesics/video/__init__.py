"""Video files: facts, frames at their real times or on a steady clock, and writing mp4 and gif."""

from kinesics.video.container import SUFFIXES
from kinesics.video.decode import Frame, read_frames, read_frames_at
from kinesics.video.encode import write_video
from kinesics.video.gaps import Gaps
from kinesics.video.image import Image
from kinesics.video.prefetch import prefetch
from kinesics.video.probe import VideoInfo, lacks_bytes, probe

__all__ = [
    "SUFFIXES",
    "Frame",
    "Gaps",
    "Image",
    "VideoInfo",
    "lacks_bytes",
    "prefetch",
    "probe",
    "read_frames",
    "read_frames_at",
    "write_video",
]
