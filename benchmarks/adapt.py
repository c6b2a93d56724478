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
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.inference.analyze import event_rule
from kinesics.inference.events import find_events
from kinesics.inference.scorer import open_scorer
from kinesics.inference.scores import gesture_names
from kinesics.metrics.detection import DetectionScore, detection_score
from kinesics.metrics.intervals import Interval, bootstrap
from kinesics.perception import Observation
from kinesics.simulator.camera import random_camera
from kinesics.simulator.detector.model import detect
from kinesics.simulator.motion import programs
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Touch, Ways
from kinesics.simulator.person.body import Body, random_shape
from kinesics.skeleton.sequence import load_skeletons, save_skeletons
from kinesics.training.adapt.adaptation import adapt
from kinesics.training.adapt.last_layer import examples
from kinesics.training.adapt.reviewed import ReviewedRecording
from kinesics.weights.specification import DEFAULT

SEED, SECONDS, FPS = 20, 100.0, 25.0
PEOPLE, INTERVIEWS = 12, 3
OWN, IN_PLACE_OF = "raising a hand", "arms akimbo"
BEFORE = (0.02, -0.05, 0.02)  # metres outwards, backwards and up that hands stop before the place
FREQUENT, OWN_ODDS = 6.0, {True: 2.4, False: 6.0}  # of people who are reviewed, and of those who are judged


def raise_hand(scene: Scene, start: float, end: float) -> None:
    """The open hand up beside the head, the palm forwards, as somebody does who asks for the word."""
    place = (scene.between(0.18, 0.28), -scene.between(0.08, 0.18), scene.between(0.08, 0.2))
    scene.reach(
        scene.hand(), start, end, anchor="head", point=place, fingers=(0.1, -0.1, 1), palm=(0, -1, 0), shape="flat"
    )


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


def load(folder: Path, people: range) -> list[ReviewedRecording]:
    found = []
    for person in people:
        for interview in range(INTERVIEWS):
            (skeleton,) = load_skeletons(folder / f"{person}-{interview}.skeleton.npz")
            truth = json.loads((folder / f"{person}-{interview}.json").read_text())
            found.append(
                ReviewedRecording(f"{person}-{interview}", f"person {person}", skeleton, tuple(map(tuple, truth)))
            )
    return found


def at_random(reviewed: list[ReviewedRecording]) -> list[ReviewedRecording]:
    """As many events of the same classes and lengths, anywhere."""
    rng = np.random.default_rng(SEED)
    found = []
    for one in reviewed:
        labels = [label for label, _, _ in one.events]
        rng.shuffle(labels)
        lengths = [end - start for _, start, end in one.events]
        starts = rng.uniform(0, SECONDS - np.array(lengths)).tolist()
        events = [(label, at, at + length) for label, at, length in zip(labels, starts, lengths, strict=True)]
        found.append(replace(one, events=tuple(sorted(events, key=lambda event: event[1]))))
    return found


def judge(
    weights: Path, recordings: list[ReviewedRecording], chosen: Callable[[str], bool]
) -> tuple[Interval, DetectionScore]:
    """F1 of the events of some classes, with its interval by people, as `analyze` finds events by these weights."""
    scorer = open_scorer(weights)
    names = [*gesture_names(scorer.specification.classes), OWN]
    rule, rows, groups = event_rule(scorer.specification), [], []
    for one in recordings:
        observation = Observation((one.skeleton,), None)
        (scores,) = scorer.score((one.skeleton,), observation, lambda _: None)
        events = find_events(scores, rule, start=0.0, end=SECONDS, source="")
        found = [(names.index(event.label), event.start, event.end) for event in events if chosen(event.label)]
        truth = [(names.index(label), start, end) for label, start, end in one.events if chosen(label)]
        score = detection_score({"": found}, {"": truth})
        rows.append((score.matched, score.predicted, score.true))
        groups.append(one.subject)
    counts = np.array(rows, float)

    def f1(rows: np.ndarray) -> float:
        matched, predicted, true = counts[rows].sum(0)
        return float(2 * matched / max(predicted + true, 1))

    return bootstrap(f1, groups), DetectionScore(*counts.sum(0).astype(int).tolist())


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    make(folder)
    reviewed, judged = load(folder, range(PEOPLE // 2)), load(folder, range(PEOPLE // 2, PEOPLE))
    counts = examples(reviewed)
    print(f"reviewed: {sum(counts.values())} events, {counts[OWN]} of them {OWN}", flush=True)
    begin = time.monotonic()
    adapted = adapt(reviewed)
    adapted.save(folder / "adapted.safetensors")
    print(f"adapted in {time.monotonic() - begin:.0f} s; cross-validated over people: before {shown(adapted.before)}, "
          f"after {shown(adapted.after)}, gain {shown(adapted.gain)}; {adapted.own}", flush=True)  # fmt: skip
    for title, weights in (("shipped", DEFAULT), ("adapted", folder / "adapted.safetensors")):
        known, _ = judge(weights, judged, lambda label: label != OWN)
        _, own = judge(weights, judged, lambda label: label == OWN)
        print(f"{title}, on six others: known classes {shown(known)}; {OWN}: {own.matched} of {own.true} found, "
              f"{own.predicted - own.matched} false", flush=True)  # fmt: skip
    try:
        adapt(at_random(reviewed))
        print("random corrections: NOT refused")
    except KinesicsError as error:
        print(f"random corrections: {error}")


def shown(one: Interval) -> str:
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
