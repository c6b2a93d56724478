"""What `kinesics adapt` gains on people who gesture in another way: `python adapt.py DIR` simulates, adapts and judges.

Twelve people, three interviews of 100 s each, simulated detections. Their way of gesturing is shifted: of every class
only its rarest way is made, hands stop five centimetres before the place that they would touch, a third of the classes
are six times as frequent as the others, and a class that Kinesics does not know, a raised hand, takes the place of
arms akimbo. The recordings of six people are taken for reviewed by an observer (the simulator's truth), and those of
the other six are judged. Recordings are kept in DIR.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.camera import random_camera
from kinesics.simulator.detector.model import detect
from kinesics.simulator.motion import programs
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Touch, Ways
from kinesics.simulator.person.body import Body, random_shape
from kinesics.skeleton.sequence import load_skeletons, save_skeletons

SEED, SECONDS, FPS = 20, 100.0, 25.0
PEOPLE, INTERVIEWS = 12, 3
OWN, IN_PLACE_OF = "raising a hand", "arms akimbo"
BEFORE = (0.02, -0.05, 0.02)  # metres outwards, backwards and up that hands stop before the place
FREQUENT, OWN_ODDS = 6.0, {True: 1.6, False: 6.0}  # of people who are reviewed, and of those who are judged


def raise_hand(scene: Scene, start: float, end: float) -> None:
    """The open hand up beside the head, the palm forwards, as somebody does who asks for the word."""
    place = (scene.between(0.18, 0.28), -scene.between(0.08, 0.18), scene.between(0.08, 0.2))
    scene.reach(scene.hand(), start, end, anchor="head", point=place, fingers=(0.1, -0.1, 1), palm=(0, -1, 0), shape="flat")


def shifted(ways: Ways) -> Ways:
    words, (_, program) = min(ways.items(), key=lambda item: item[1][0])
    if isinstance(program, Touch):
        program = replace(program, shift=tuple(a + b for a, b in zip(program.shift, BEFORE, strict=True)))
    return {words: (1.0, program)}


def odds(reviewed: bool) -> np.ndarray:
    chances = np.ones(len(CLASSES))
    chances[np.random.default_rng(SEED).permutation(len(CLASSES))[: len(CLASSES) // 3]] = FREQUENT
    chances[CLASSES.index(IN_PLACE_OF)] = OWN_ODDS[reviewed]
    return chances / chances.sum()


def simulate(folder: Path, person: int, interview: int) -> None:
    """Write one recording and its truth, unless it is there."""
    path = folder / f"{person}-{interview}"
    if path.with_suffix(".json").exists():
        return
    rng = np.random.default_rng((SEED, person, interview))
    shape = random_shape(np.random.default_rng((SEED, person)))
    motion = programs.interview(rng, duration=SECONDS, fps=FPS, shape=shape, odds=odds(person < PEOPLE // 2))
    joints = Body(motion.shape).joints(motion.pose)
    camera = random_camera(rng, joints, motion.turned, table=motion.table is not None)
    save_skeletons(folder / f"{path.name}.skeleton.npz", [detect(joints, camera, rng, fps=FPS, table=motion.table)])
    names = [OWN if name == IN_PLACE_OF else name for name in CLASSES]
    truth = [(names[label], round(start, 3), round(end, 3)) for label, start, end in motion.events]
    path.with_suffix(".json").write_text(json.dumps(truth))


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ways = {name: shifted(one) for name, one in programs.WAYS.items()}
    programs.WAYS = MappingProxyType(ways | {IN_PLACE_OF: {"the open hand beside the head": (1.0, raise_hand)}})
    for person in range(PEOPLE):
        for interview in range(INTERVIEWS):
            simulate(folder, person, interview)
            print(f"person {person}, interview {interview}", flush=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
