"""Video files: facts, frames at their real times or on a steady clock, and writing mp4 and gif."""

from kinesics.video.decode import Frame, Image, VideoInfo, lacks_bytes, probe, read_frames, read_frames_at
from kinesics.video.encode import write_video
from kinesics.video.prefetch import ahead

__all__ = [
    "Frame",
    "Image",
    "VideoInfo",
    "ahead",
    "lacks_bytes",
    "probe",
    "read_frames",
    "read_frames_at",
    "write_video",
]
