"""Draw docs/images/lifter.png: what the lifter is given, what it answers, and the truth.

    python docs/make_lifter.py

Four simulated people whom it has never seen, each through a camera and a detector of chance: the flat joints, then
truth and answer turned by 60°, in one scale.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from kinesics.data.sets.imigue.dataset import CLASSES
from kinesics.models.skeleton.lifter import lift
from kinesics.simulator.camera import random_camera
from kinesics.simulator.detector.model import DetectorModel, detect
from kinesics.simulator.motion.programs import perform
from kinesics.simulator.person.body import Body
from kinesics.skeleton import UPPER_BODY
from kinesics.weights.load import load_lifter
from kinesics.weights.specification import LIFTER

GESTURES = ("touch chin", "fold arms", "illustrative", "touch neck")
COLUMNS = ("x and y", "the truth, turned", "lifted, turned")
SIDE, TURN, METRE = 300, np.radians(60), 260  # pixels; radians; pixels
LEFT, RIGHT, MIDDLE, INK, PAPER = (214, 95, 62), (47, 111, 178), (70, 76, 84), (40, 44, 50), (246, 245, 242)
NECK = UPPER_BODY.index("neck")


def views(label: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Three times (42, 2) metres from the neck, and the scores (42,), of the middle of a gesture."""
    rng = np.random.default_rng((9000, CLASSES.index(label)))
    motion = perform(CLASSES.index(label), rng, duration=4.0, fps=25.0)
    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints)
    seen = detect(joints, camera, rng, fps=25.0, table=motion.table, model=DetectorModel(openpose=1, light_hand=0))
    lifted = lift(seen, load_lifter(LIFTER))
    t = round((motion.onset + motion.offset) / 2 * 25)
    truth = (joints[t] - joints[t, NECK]) @ camera.rotation.T
    answer = lifted.xyz[t] - lifted.xyz[t, NECK]
    return [(seen.xyz[t] - seen.xyz[t, NECK])[:, :2], turned(truth), turned(answer)], seen.score[t]


def turned(xyz: np.ndarray) -> np.ndarray:
    x, y, z = xyz.T
    return np.stack([x * np.cos(TURN) + z * np.sin(TURN), y], -1)


def panel(places: np.ndarray, score: np.ndarray) -> PIL.Image.Image:
    image = PIL.Image.new("RGB", (3 * SIDE, 3 * SIDE), (255, 255, 255))
    pen = PIL.ImageDraw.Draw(image)
    points = (places * METRE + (SIDE / 2, 0.36 * SIDE)) * 3
    for child, parent in UPPER_BODY.links:
        if score[child] > 0 and score[parent] > 0:
            pen.line((*points[parent], *points[child]), fill=colour(child), width=6)
    for joint in np.flatnonzero(score > 0):
        x, y = points[joint]
        pen.ellipse((x - 6, y - 6, x + 6, y + 6), fill=colour(int(joint)))
    return image.resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


def colour(joint: int) -> tuple[int, int, int]:
    name = UPPER_BODY.joints[joint]
    return LEFT if name.startswith("left_") else RIGHT if name.startswith("right_") else MIDDLE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images/lifter.png"))
    out: Path = parser.parse_args().out
    gap, head = 8, 30
    page = PIL.Image.new("RGB", (len(GESTURES) * (SIDE + gap) + gap + 130, 3 * (SIDE + gap) + head + gap), PAPER)
    pen, font = PIL.ImageDraw.Draw(page), PIL.ImageFont.load_default(15)
    for row, name in enumerate(COLUMNS):
        pen.text((10, head + gap + row * (SIDE + gap) + SIDE / 2), name, INK, font)
    for column, label in enumerate(GESTURES):
        left = 130 + gap + column * (SIDE + gap)
        pen.text((left, 8), label, INK, font)
        places, score = views(label)
        for row, one in enumerate(places):
            page.paste(panel(one, score), (left, head + gap + row * (SIDE + gap)))
    page.quantize(64).save(out, optimize=True)


if __name__ == "__main__":
    main()
