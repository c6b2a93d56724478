"""Rendered people with their truth, for judging landmark engines: every skin meets every camera angle.

python benchmarks/landmarks_people.py OUT [--people 12] [--seconds 8]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from seen_vs_truth import FPS, SHOULDERS, SIZE, STEP, TONES, YAWS, aside

from kinesics.simulator.detector.openpose import openpose_points
from kinesics.simulator.motion.programs import interview
from kinesics.simulator.person.appearance import SKINS, random_appearance
from kinesics.simulator.person.body import Body
from kinesics.simulator.rendering.motion_video import portrait_camera, render_motion
from kinesics.simulator.rendering.render import moved_as
from kinesics.skeleton.sequence import FloatArray
from kinesics.video import write_video


@dataclass(frozen=True, eq=False)
class Truth:
    """One rendered person.

    joints: (T, 42, 3) camera metres, `UPPER_BODY`; image: (T, 42, 2) their places in the image, 0..1; points: (T,
    137, 2) those of OpenPose's, 0..1; actions: (T, 52) facial actions; width: (T,) pixels of a shoulder width seen from
    the front; yaw: degrees of the camera aside; tone: of the skin.
    """

    joints: FloatArray
    image: FloatArray
    points: FloatArray
    actions: FloatArray
    width: FloatArray
    yaw: int
    tone: str


def render_person(number: int, seconds: float, folder: Path) -> Path:
    """The video of person `number`, with its truth in an npz beside it; kept when it is there already."""
    tone, yaw = TONES[number // len(YAWS) % len(TONES)], YAWS[number % len(YAWS)]
    path = folder / f"person_{number:02d}.mp4"
    if path.exists() and path.with_suffix(".npz").exists():
        return path
    rng = np.random.default_rng((number, 2000))
    motion = interview(rng, duration=seconds, fps=FPS)
    camera = aside(portrait_camera(motion, rng, SIZE[0] / SIZE[1]), motion, yaw * rng.choice([-1, 1]))
    appearance = replace(random_appearance(rng, motion.shape), skin=SKINS[2 * TONES.index(tone) + number % 2])
    every = slice(None, None, STEP)
    write_video(path, render_motion(motion, camera, appearance, SIZE, rows=every), FPS / STEP, crf=appearance.crf)
    pose, body = motion.pose[every], Body(motion.shape)
    joints, points = body.joints(pose), openpose_points(body, pose)
    cameras = moved_as(camera, appearance, len(joints))
    space = np.stack([one.to_camera(at) for one, at in zip(cameras, joints, strict=True)])
    image, flat = (
        np.stack([one.project(at) for one, at in zip(cameras, places, strict=True)]) for places in (joints, points)
    )
    metres = np.linalg.norm(joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]], axis=-1)
    width = metres * camera.focal * SIZE[1] / space[:, SHOULDERS, 2].mean(1)
    arrays = {"joints": space, "image": image, "points": flat, "actions": pose.face, "width": width}
    np.savez_compressed(
        path.with_suffix(".npz"),
        yaw=np.array(yaw),
        tone=np.array(tone),
        **{name: array.astype(np.float32) for name, array in arrays.items()},
    )
    return path


def load_truth(path: Path) -> Truth:
    with np.load(path) as file:
        arrays = {name: file[name] for name in ("joints", "image", "points", "actions", "width")}
        return Truth(**arrays, yaw=int(file["yaw"]), tone=str(file["tone"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for number in range(options.people):
        print(render_person(number, options.seconds, options.out))


if __name__ == "__main__":
    main()
