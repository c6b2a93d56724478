"""How a frame is turned and mirrored before it is shown: the display matrix of a video, eight cases."""

from __future__ import annotations

import struct
from typing import NamedTuple

from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame

from kinesics.video.image import Image


class Orientation(NamedTuple):
    """What to do with a stored image, in this order: exchange x and y, then mirror left-right, then upside down."""

    transposed: bool = False
    mirrored: bool = False
    upside_down: bool = False

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) as shown of those stored, and the other way round."""
        return (height, width) if self.transposed else (width, height)

    def apply(self, image: Image) -> Image:
        """A view of the image (H, W, 3) as it is shown."""
        if self.transposed:
            image = image.transpose(1, 0, 2)
        return image[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]


UPRIGHT = Orientation()


def orientation_of(frame: VideoFrame) -> Orientation:
    """By the frame's display matrix, which shows a stored (x, y) at (a x + c y, b x + d y), to the nearest quarter.

    For one frame of a video only: asking for it ties the frame into a circle, which Python frees late.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return UPRIGHT
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    if max(abs(a), abs(d)) >= max(abs(b), abs(c)):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)
