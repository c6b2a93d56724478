"""What `kinesics adapt` gains on people who gesture in another way: `python adapt.py DIR` simulates, adapts and judges.

Twelve people, two interviews of 100 s each, simulated detections. Their way of gesturing is shifted: of every class
only its rarest way is made, hands stop five centimetres before the place that they would touch, a third of the classes
are six times as frequent as the others, and a class that Kinesics does not know, a raised hand, takes the place of
arms akimbo. The recordings of six people are taken for reviewed by an observer (the simulator's truth), and those of
the other six are judged. Recordings are kept in DIR.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.errors import KinesicsError
from kinesics.inference.events import EventRule
from kinesics.metrics.detection import DetectionScore, detection_score
from kinesics.metrics.intervals import Interval, bootstrap
from kinesics.models.optimised import best_dtype
from kinesics.models.skeleton.agcn_inference import InferenceAGCN
from kinesics.simulator.camera import random_camera
from kinesics.simulator.detector.model import detect
from kinesics.simulator.motion import programs
from kinesics.simulator.motion.scene import Scene
from kinesics.simulator.motion.ways import Touch, Ways
from kinesics.simulator.person.body import Body, random_shape
from kinesics.skeleton.sequence import load_skeletons, save_skeletons
from kinesics.training.adapt.adaptation import adapt_layer
from kinesics.training.adapt.last_layer import LastLayer, RecordingTokens, examples, first_layer, recording_tokens
from kinesics.training.adapt.reviewed import ReviewedRecording
from kinesics.training.shipped.event_thresholds import ScoredRecording, found_instances
from kinesics.weights.load import load_weights

SEED, SECONDS, FPS = 20, 100.0, 25.0
PEOPLE, INTERVIEWS = 12, 2
OWN, IN_PLACE_OF = "raising a hand", "arms akimbo"
BEFORE = (0.02, -0.05, 0.02)  # metres outwards, backwards and up that hands stop before the place
OWN_EXAMPLES = 10
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


def look(folder: Path) -> list[RecordingTokens]:
    """What the frozen network makes of every recording; kept, for this takes longest."""
    network, specification, _ = load_weights()
    quick = InferenceAGCN(network, best_dtype())
    found = []
    for person in range(PEOPLE):
        for interview in range(INTERVIEWS):
            name = f"{person}-{interview}"
            (skeleton,) = load_skeletons(folder / f"{name}.skeleton.npz")
            truth = tuple(map(tuple, json.loads((folder / f"{name}.json").read_text())))
            recording, path = (
                ReviewedRecording(name, f"person {person}", skeleton, truth),
                folder / f"{name}.tokens.npz",
            )
            if not path.exists():
                one = recording_tokens(quick, specification, recording)
                np.savez(path, times=one.times, tokens=one.tokens, present=one.present)
                print(f"looked at {name}", flush=True)
            arrays = np.load(path)
            found.append(RecordingTokens(recording, arrays["times"], arrays["tokens"], arrays["present"]))
    return found


def with_few(recordings: list[RecordingTokens], most: int) -> list[RecordingTokens]:
    """As many of the recordings, in their order, as hold no more than `most` events of one's own class."""
    kept: list[RecordingTokens] = []
    for one in recordings:
        if examples([each.recording for each in (*kept, one)])[OWN] <= most:
            kept.append(one)
    return kept


def at_random(reviewed: list[RecordingTokens]) -> list[RecordingTokens]:
    """As many events of the same classes and lengths, anywhere."""
    rng = np.random.default_rng(SEED)
    found = []
    for one in reviewed:
        labels = [label for label, _, _ in one.recording.events]
        rng.shuffle(labels)
        lengths = [end - start for _, start, end in one.recording.events]
        starts = rng.uniform(0, SECONDS - np.array(lengths)).tolist()
        events = [(label, at, at + length) for label, at, length in zip(labels, starts, lengths, strict=True)]
        events.sort(key=lambda event: event[1])
        found.append(replace(one, recording=replace(one.recording, events=tuple(events))))
    return found


def judge(layer: LastLayer, judged: list[RecordingTokens], own: bool) -> tuple[Interval, DetectionScore]:
    """F1 of the events of known classes or of one's own, with its interval by people."""
    classes = layer.specification.classes
    rule, rows = EventRule(by_class=layer.specification.thresholds), []
    for one in judged:
        truth = [(classes.index(label), start, end) for label, start, end in one.recording.events]
        scored = ScoredRecording(layer.scores(one), truth, one.recording.seconds)
        parts = ([event for event in events if (classes[event[0]] == OWN) == own]
                 for events in (found_instances(scored, rule), truth))  # fmt: skip
        score = detection_score(*({"": part} for part in parts))
        rows.append((score.matched, score.predicted, score.true))
    counts = np.array(rows, float)

    def f1(rows: np.ndarray) -> float:
        matched, predicted, true = counts[rows].sum(0)
        return float(2 * matched / max(predicted + true, 1))

    groups = [one.recording.subject for one in judged]
    return bootstrap(f1, groups), DetectionScore(*counts.sum(0).astype(int).tolist())


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    make(folder)
    looked = look(folder)
    half = PEOPLE // 2 * INTERVIEWS
    reviewed, judged = with_few(looked[:half], OWN_EXAMPLES), looked[half:]
    counts = examples([one.recording for one in reviewed])
    print(
        f"reviewed: {len(reviewed)} recordings, {sum(counts.values())} events, {counts[OWN]} of them {OWN}", flush=True
    )
    network, specification, _ = load_weights()
    before = first_layer(network, specification, [OWN])
    begin = time.monotonic()
    adapted = adapt_layer(before, reviewed)
    took = time.monotonic() - begin
    print(f"adapted in {took:.0f} s on tokens; over people left out: before {shown(adapted.before)}, after "
          f"{shown(adapted.after)}, gain {shown(adapted.gain)}; {adapted.own}", flush=True)  # fmt: skip
    for title, layer in (("shipped", before), ("adapted", adapted.layer)):
        known, _ = judge(layer, judged, own=False)
        _, own = judge(layer, judged, own=True)
        print(f"{title}, on six others: known classes {shown(known)}; {OWN}: {own.matched} of {own.true} found, "
              f"{own.predicted - own.matched} false", flush=True)  # fmt: skip
    try:
        adapt_layer(before, at_random(reviewed))
        print("random corrections: NOT refused")
    except KinesicsError as error:
        print(f"random corrections: {error}")


def shown(one: Interval) -> str:
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
