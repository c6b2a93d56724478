"""Draw docs/images/augmentation_skeleton.png and augmentation_video.png: what training does to a clip.

    python scripts/augmentation_images.py

A simulated person touches the neck; each panel shows one change alone, beside the original (grey in the first image,
the first row in the second).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.clips import simulate_clip
from kinesics.simulator.motion.programs import perform
from kinesics.simulator.person.appearance import random_appearance
from kinesics.simulator.person.body import Body
from kinesics.simulator.rendering.motion_video import dressed_for, portrait_camera, render_motion
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.drawing import ON_DARK, ON_LIGHT, Palette, draw_skeleton, with_gaps
from kinesics.training.inputs.augment import Augmentation, augment, warp
from kinesics.training.inputs.video_augment import ClipTransform

IMAGES = Path(__file__).parents[1] / "docs" / "images"
LABEL = CLASSES.index("touching or scratching neck")
GHOST, INK = (205, 207, 210), (40, 44, 52)
PANEL, TITLE = 300, 44  # pixels; everything is drawn twice as large and scaled down
FONT = PIL.ImageFont.load_default(size=24)

STILL = Augmentation((0, 0, 0), stretch=0, mirror=0, flatten=0, hand=0, face=0, hips=0, joints=0)
CHANGES = {
    "turned": replace(STILL, turn=(20, 10, 5)),
    "stretched": replace(STILL, stretch=0.1),
    "sheared": replace(STILL, shear=0.15),
    "mirrored": replace(STILL, mirror=1),
    "shaken": replace(STILL, jitter=0.03),
    "a hand lost": replace(STILL, hand=1),
    "an arm lost": replace(STILL, arm=1),
    "face lost": replace(STILL, face=1),
    "joints lost": replace(STILL, joints=1),
}
TRANSFORMS = {
    "as it was": ClipTransform((0, 0, 1), False, (1, 1, 1), 0, None),
    "cropped": ClipTransform((0.14, 0.05, 0.75), False, (1, 1, 1), 0, None),
    "mirrored": ClipTransform((0, 0, 1), True, (1, 1, 1), 0, None),
    "recoloured": ClipTransform((0, 0, 1), False, (0.75, 1.25, 1.3), 0.03, None),
    "covered": ClipTransform((0, 0, 1), False, (1, 1, 1), 0, (0.42, 0.36, 0.3, 0.34)),
}


def skeletons() -> PIL.Image.Image:
    row = 37
    every = (simulate_clip(LABEL, seed).detected for seed in range(100))
    seen = next(seen for seen in every if (seen.score[row] > 0).all())
    xyz, score = seen.xyz, seen.score
    middle = (xyz[row].min(0) + xyz[row].max(0)) / 2
    scale = 0.82 * PANEL / np.ptp(xyz[row], axis=0)[:2].max()
    xyz = xyz - middle

    def draw(canvas: PIL.ImageDraw.ImageDraw, points: np.ndarray, score: np.ndarray, colours: Palette) -> None:
        pixels = with_gaps(points[:, :2] * scale + PANEL / 2, score)
        draw_skeleton(canvas, pixels, width=3, colours=colours)

    panels = []
    for title, how in CHANGES.items():
        panel, canvas = blank(title)
        draw(canvas, xyz[row], score[row], dict.fromkeys(ON_LIGHT, GHOST))
        for seed in range(100):  # the first draw that changes this very frame
            changed, left = augment(xyz, score, np.random.default_rng(seed), UPPER_BODY, how)
            if how.hand + how.arm + how.face + how.joints == 0 or (left[row] < score[row]).any():
                break
        draw(canvas, changed[row], left[row], ON_LIGHT)
        panels.append(panel)
    panels.append(tempo(xyz[:, UPPER_BODY.index("right_wrist"), 1], xyz[:, UPPER_BODY.index("left_wrist"), 1]))
    return sheet(panels, 5)


def tempo(*heights: np.ndarray) -> PIL.Image.Image:
    """The height of the wrist that moves more, over time: as it was, and with its tempo changed."""
    height = max(heights, key=np.std)
    panel, canvas = blank("tempo changed")
    places = np.round(warp(len(height), np.random.default_rng(3), 0.5)).astype(int)
    x = np.linspace(20, PANEL - 20, len(height))
    for row, colour in ((height, GHOST), (height[places], ON_LIGHT["right"])):
        y = 30 + (row - height.min()) / np.ptp(height) * (PANEL - 60)
        canvas.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=colour, width=5)
    return panel


def videos() -> PIL.Image.Image:
    rng = np.random.default_rng((3, LABEL))
    motion = perform(LABEL, rng, duration=3.0, fps=25.0)
    camera, appearance = portrait_camera(motion, rng, 1.0), dressed_for(motion, random_appearance(rng))
    rows = slice(10, None, 16)
    frames = np.stack(list(render_motion(motion, camera, appearance, (PANEL, PANEL), rows=rows)))
    joints = Body(motion.shape).joints(motion.pose)[rows]
    ones = np.ones(joints.shape[:2], np.float32)
    skeleton = SkeletonSequence(joints.astype(np.float32), ones, 25.0, UPPER_BODY, camera.project(joints))
    panels = []
    for title, view in TRANSFORMS.items():
        for t, (frame, places) in enumerate(
            zip(view.frames(frames), view.skeleton(skeleton).image_xy * PANEL, strict=True)
        ):
            panel, _ = blank(title if t == 0 else "")
            image = PIL.Image.fromarray(frame)
            draw_skeleton(PIL.ImageDraw.Draw(image), places, width=3, colours=ON_DARK)
            panel.paste(image, (0, 0))
            panels.append(panel)
    return sheet(panels, len(frames))


def blank(title: str) -> tuple[PIL.Image.Image, PIL.ImageDraw.ImageDraw]:
    panel = PIL.Image.new("RGB", (PANEL, PANEL + TITLE), "white")
    canvas = PIL.ImageDraw.Draw(panel)
    canvas.text((8, PANEL + 6), title, fill=INK, font=FONT)
    return panel, canvas


def sheet(panels: list[PIL.Image.Image], columns: int) -> PIL.Image.Image:
    rows = -(-len(panels) // columns)
    whole = PIL.Image.new("RGB", (columns * PANEL, rows * (PANEL + TITLE)), "white")
    for number, panel in enumerate(panels):
        whole.paste(panel, (number % columns * PANEL, number // columns * (PANEL + TITLE)))
    return whole.resize((whole.width // 2, whole.height // 2), PIL.Image.Resampling.LANCZOS).quantize(96)


def main() -> None:
    skeletons().save(IMAGES / "augmentation_skeleton.png", optimize=True)
    videos().save(IMAGES / "augmentation_video.png", optimize=True)


if __name__ == "__main__":
    main()
