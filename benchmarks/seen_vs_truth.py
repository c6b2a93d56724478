"""How well the real landmark engine sees simulated people: what it finds of the truth, and how far off.

    python benchmarks/seen_vs_truth.py [--people 12] [--seconds 8] [--first 0]

Each person answers questions before a camera, is rendered, compressed, and tracked by the default engine like any
other video. Prints the tables of docs/simulator.md: shares of frames, and the median distance between a joint seen and
the true one projected into the picture, in percent of the person's shoulder width. In brackets what is left of it
without the offset that a joint keeps throughout a video: engine and mesh do not mean the same point by a shoulder.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.perception import observe
from kinesics.progress import progress_bar
from kinesics.simulator.camera import Camera, look_at
from kinesics.simulator.motion.programs import Motion, interview
from kinesics.simulator.person.appearance import SKINS, Appearance, Colour, random_appearance
from kinesics.simulator.person.body import Body
from kinesics.simulator.rendering.motion_video import portrait_camera, render_motion
from kinesics.simulator.rendering.render import moved_as
from kinesics.skeleton import UPPER_BODY
from kinesics.video import write_video

SIZE = (480, 270)
STEP, FPS = 2, 25.0  # every second of the motion's frames
YAWS = (0, 15, 30, 45)  # degrees, by turns
TONES = ("light", "medium", "dark")
PARTS = {"nose": "nose", "shoulder": "shoulder", "elbow": "elbow", "wrist": "wrist", "index_tip": "index finger's tip"}
FACE = UPPER_BODY.indices("nose", "forehead", "chin", "left_cheek", "right_cheek", "upper_lip", "lower_lip")
HANDS = [
    [i for i, name in enumerate(UPPER_BODY.joints) if name.startswith(side) and name.endswith(("tip", "knuckle"))]
    for side in ("left", "right")
]
SHOULDERS = UPPER_BODY.indices("left_shoulder", "right_shoulder")


@dataclass(frozen=True, eq=False)
class TrackedPerson:
    """One person: the truth in camera metres `joints` (T, 42, 3) and in the picture `image` (T, 42, 2) 0..1; what the
    engine saw, `seen` (T, 42, 2), with `score` (T, 42); `width` (T,) pixels of a shoulder width seen from the front.
    """

    appearance: Appearance
    yaw: int
    joints: NDArray[np.float32]
    image: NDArray[np.float32]
    seen: NDArray[np.float32]
    score: NDArray[np.float32]
    width: NDArray[np.float32]


def track_person(seed: int, yaw: int, skin: Colour, seconds: float, folder: Path) -> TrackedPerson:
    rng = np.random.default_rng((seed, 2000))
    motion = interview(rng, duration=seconds, fps=FPS)
    camera = aside(portrait_camera(motion, rng, SIZE[0] / SIZE[1]), motion, yaw * rng.choice([-1, 1]))
    appearance = replace(random_appearance(rng, motion.shape), skin=skin)
    every = slice(None, None, STEP)
    path = folder / f"{seed}.mp4"
    write_video(path, render_motion(motion, camera, appearance, SIZE, rows=every), FPS / STEP, crf=appearance.crf)
    pose = motion.pose[every]
    truth = Body(motion.shape).joints(pose)
    cameras = moved_as(camera, appearance, len(truth))
    space, image = (
        np.stack([getattr(one, way)(points) for one, points in zip(cameras, truth, strict=True)])
        for way in ("to_camera", "project")
    )
    person = observe(path).people[0]
    assert person.image_xy is not None
    assert len(person) == len(truth)
    metres = np.linalg.norm(truth[:, SHOULDERS[0]] - truth[:, SHOULDERS[1]], axis=-1)
    width = metres * camera.focal * SIZE[1] / space[:, SHOULDERS, 2].mean(1)
    return TrackedPerson(appearance, yaw, space, image, person.image_xy, person.score, width)


def aside(camera: Camera, motion: Motion, degrees: float) -> Camera:
    """The same framing from so many degrees more to one side."""
    forward = camera.rotation[2]
    distance = 2.4
    target = camera.position + distance * forward
    yaw = np.arctan2(-forward[0], forward[1]) + np.radians(degrees)
    return look_at(target, distance=distance, height=distance / camera.focal, yaw=yaw, pitch=np.radians(4),
                   aspect=camera.aspect)  # fmt: skip


def found(one: TrackedPerson) -> dict[str, tuple[int, int]]:
    """Frames in which each part was found, and frames in which it was there to be found."""
    pose = (one.score[:, SHOULDERS] > 0).all(1)
    bare = uncovered_face(one)
    mesh = (one.score[:, UPPER_BODY.index("forehead")] > 0) & bare
    hands = visible = 0
    for side in range(2):
        there = visible_hand(one, side)
        visible += int(there.sum())
        hands += int((one.score[there][:, HANDS[side]] > 0).any(1).sum())
    return {"pose": (int(pose.sum()), len(pose)), "face": (int(mesh.sum()), int(bare.sum())), "hand": (hands, visible)}


def uncovered_face(one: TrackedPerson) -> NDArray[np.bool_]:
    """(T,) no hand's point lies on more than a few of the face's, in the picture and before it."""
    hands = one.joints[:, HANDS[0] + HANDS[1]]
    away = hands[:, :, None] - one.joints[:, None, FACE]
    covers = (np.linalg.norm(away[..., :2], axis=-1) < 0.03) & (away[..., 2] < 0.02)
    bare: NDArray[np.bool_] = covers.any(1).mean(1) < 0.3
    return bare


def visible_hand(one: TrackedPerson, side: int) -> NDArray[np.bool_]:
    """(T,) the hand is in the picture, and neither the other arm nor the trunk nor the head lies before it."""
    hand, image = one.joints[:, HANDS[side]].mean(1), one.image[:, HANDS[side]]
    inside: NDArray[np.bool_] = ((image > 0.01) & (image < 0.99)).all((1, 2))
    other = ("right", "left")[side]
    for a, b, radius in (
        (f"{other}_elbow", f"{other}_wrist", 0.04),
        (f"{other}_wrist", f"{other}_index_tip", 0.05),
        ("chin", "forehead", 0.08),
        ("neck", "pelvis", 0.15),
    ):
        start, end = one.joints[:, UPPER_BODY.index(a)], one.joints[:, UPPER_BODY.index(b)]
        flat = (end - start)[:, :2]
        share = np.clip(((hand - start)[:, :2] * flat).sum(-1) / np.maximum((flat**2).sum(-1), 1e-6), 0, 1)
        gap = hand - (start + share[:, None] * (end - start))
        inside &= ~((np.linalg.norm(gap[:, :2], axis=-1) < radius) & (gap[:, 2] > 0.02))
    return inside


def errors(one: TrackedPerson, *, steady: bool) -> dict[str, NDArray[np.float64]]:
    """Percent of the shoulder width, of every joint in every frame in which it is seen; `steady` leaves out each
    joint's median offset.
    """
    off = (one.seen - one.image) * SIZE / one.width[:, None, None] * 100
    off[one.score == 0] = np.nan
    if steady:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a joint that was never seen
            off -= np.nanmedian(off, axis=0)
    distance = np.linalg.norm(off, axis=-1)
    columns = {part: [i for i, name in enumerate(UPPER_BODY.joints) if name.endswith(part)] for part in PARTS}
    return {part: distance[:, rows][one.score[:, rows] > 0] for part, rows in columns.items()}


def table(title: str, groups: dict[str, list[TrackedPerson]]) -> None:
    print(f"\n| {title} | people | pose | face | hands | {' | '.join(PARTS.values())} |")
    print("|---|" + "---:|" * (4 + len(PARTS)))
    for name, people in groups.items():
        counts = np.array([list(found(one).values()) for one in people]).sum(0)
        cells = [f"{100 * hit / max(1, there):.0f} %" for hit, there in counts]
        raw, steady = ([errors(one, steady=way) for one in people] for way in (False, True))
        for part in PARTS:
            whole, left = (np.median(np.concatenate([each[part] for each in all_])) for all_ in (raw, steady))
            cells.append(f"{whole:.1f} ({left:.1f})")
        print(f"| {name} | {len(people)} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--first", type=int, default=0, help="seed of the first person")
    arguments = parser.parse_args()
    people = []
    with tempfile.TemporaryDirectory() as folder, progress_bar("Watching") as progress:
        for n in range(arguments.people):
            # every skin meets every angle
            tone, yaw = TONES[n // len(YAWS) % len(TONES)], YAWS[n % len(YAWS)]
            skin = SKINS[2 * TONES.index(tone) + n % 2]
            people.append(track_person(arguments.first + n, yaw, skin, arguments.seconds, Path(folder)))
            progress((n + 1) / arguments.people)
    table("", {"all": people})
    table("camera aside by", {f"{yaw}°": group for yaw in YAWS if (group := [p for p in people if p.yaw == yaw])})
    by_tone = {
        tone: group
        for i, tone in enumerate(TONES)
        if (group := [person for person in people if person.appearance.skin in SKINS[2 * i : 2 * i + 2]])
    }
    table("skin", by_tone)


if __name__ == "__main__":
    main()
