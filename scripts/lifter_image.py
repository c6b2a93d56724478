"""Draw docs/images/lifter.png: what the lifter is given, what it answers, and the truth.

    python scripts/lifter_image.py

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

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.models.skeleton.lifter import Lifter, lift
from kinesics.simulator.camera import random_camera
from kinesics.simulator.detector.model import DetectorModel, detect
from kinesics.simulator.motion.programs import perform
from kinesics.simulator.person.body import Body
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.drawing import draw_skeleton, with_gaps
from kinesics.weights.load import load_as
from kinesics.weights.specification import LIFTER

GESTURES = ("touching jaw", "folding arms", "illustrative", "touching or scratching neck")
COLUMNS = ("x and y", "the truth, turned", "lifted, turned")
SIDE, TURN, METRE = 300, np.radians(60), 260  # pixels; radians; pixels
INK, PAPER = (40, 44, 50), (246, 245, 242)
NECK = UPPER_BODY.index("neck")


def views(label: str) -> tuple[list[np.ndarray], np.ndarray]:
    """Three times (42, 2) metres from the neck, and the scores (42,), of the middle of a gesture."""
    rng = np.random.default_rng((9000, CLASSES.index(label)))
    motion = perform(CLASSES.index(label), rng, duration=4.0, fps=25.0)
    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints)
    seen = detect(joints, camera, rng, fps=25.0, table=motion.table, model=DetectorModel(openpose=1, light_hand=0))
    lifted = lift(seen, load_as(Lifter, LIFTER)[0])
    t = round((motion.onset + motion.offset) / 2 * 25)
    truth = (joints[t] - joints[t, NECK]) @ camera.rotation.T
    answer = lifted.xyz[t] - lifted.xyz[t, NECK]
    return [(seen.xyz[t] - seen.xyz[t, NECK])[:, :2], turned(truth), turned(answer)], seen.score[t]


def turned(xyz: np.ndarray) -> np.ndarray:
    x, y, z = xyz.T
    return np.stack([x * np.cos(TURN) + z * np.sin(TURN), y], -1)


def panel(places: np.ndarray, score: np.ndarray) -> PIL.Image.Image:
    image = PIL.Image.new("RGB", (3 * SIDE, 3 * SIDE), (255, 255, 255))
    points = (places * METRE + (SIDE / 2, 0.36 * SIDE)) * 3
    draw_skeleton(PIL.ImageDraw.Draw(image), with_gaps(points, score), width=7)
    return image.resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


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
