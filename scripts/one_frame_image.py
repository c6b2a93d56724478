"""Draw docs/images/one_frame.png: body, hands and face of one video frame in one frame of reference.

    python scripts/one_frame_image.py

renders a simulated person who touches the chin, tracks the video with the landmark engine, and draws one frame with
its landmarks beside the fused skeleton from the front (x, y) and from the side (z, y), in metres.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from kinesics.perception.engine import Landmarks, follow_all
from kinesics.perception.engines import open_engine
from kinesics.simulator.examples import simulate_class
from kinesics.skeleton.drawing import EDGE, ON_DARK, ON_LIGHT, draw_skeleton, with_gaps
from kinesics.skeleton.layouts import HOLISTIC
from kinesics.video import Image, read_frames

SIZE = (720, 540)
PANEL, METRE = 2 * 400, 2 * 620  # pixels; everything is drawn twice as large and scaled down
RULE, INK = (170, 176, 184), (40, 44, 52)


def track(video: Path, time: float) -> tuple[Image, Landmarks]:
    """The frame at `time` seconds, and what the engine finds in it after all those before."""
    images = [frame.image for frame in read_frames(video, end=time + 1e-3)]
    with open_engine().follower() as follower:
        seen = list(follow_all(follower, images))[-1]
    if seen is None:
        raise SystemExit("nobody is found in this frame")
    return images[-1], seen


def compose(image: Image, seen: Landmarks) -> PIL.Image.Image:
    metres = np.nanmean(seen.metres_per_pixel)
    xyz = seen.points * [metres, metres, 1]
    chin = HOLISTIC.index("mesh_152")
    xyz -= xyz[chin]
    height = 2 * image.shape[0]
    enlarged = PIL.Image.fromarray(image).resize((2 * image.shape[1], height))
    points = with_gaps(seen.points[:, :2] * 2, seen.score)
    draw_skeleton(PIL.ImageDraw.Draw(enlarged), points, HOLISTIC, width=5, colours=ON_DARK, edge=EDGE)
    sheet = PIL.Image.new("RGB", (enlarged.width + 2 * PANEL, height), "white")
    sheet.paste(enlarged, (0, 0))
    canvas = PIL.ImageDraw.Draw(sheet)
    font = PIL.ImageFont.load_default(size=30)
    for number, (axes, title) in enumerate((([0, 1], "from the front: x, y"), ([2, 1], "from the side: z, y"))):
        left = enlarged.width + number * PANEL
        panel = PIL.Image.new("RGB", (PANEL, height), "white")
        points = with_gaps(xyz[:, axes] * METRE + [PANEL / 2, height * 0.42], seen.score)
        draw_skeleton(PIL.ImageDraw.Draw(panel), points, HOLISTIC, width=6, colours=ON_LIGHT)
        sheet.paste(panel, (left, 0))
        canvas.line((left, 0, left, height), fill=RULE, width=2)
        canvas.text((left + 30, 24), title, fill=INK, font=font)
        canvas.line((left + 30, height - 40, left + 30 + METRE * 0.1, height - 40), fill=INK, width=4)
        canvas.text((left + 30, height - 84), "10 cm", fill=INK, font=font)
    return sheet.resize((sheet.width // 2, sheet.height // 2), PIL.Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--class", dest="name", default="touching jaw")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--time", type=float, default=2.0, help="seconds into the video")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "images" / "one_frame.png")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        simulate_class(given.name, video, given.seed, size=SIZE)
        compose(*track(video, given.time)).save(given.out, optimize=True)


if __name__ == "__main__":
    main()
