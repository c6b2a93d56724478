"""What the facial actions and their rules are worth: on rendered faces against the truth, and on the samples.

    python benchmarks/facial_actions.py OUT [--people 8] [--presses 24] [--samples SAMPLES]

Prints the tables of benchmarks/results/facial_actions.md. Every video is rendered, compressed and tracked like any
other, and kept in OUT. First each person shows one action after the other, alone and in full, left and right together;
then people press their lips or bite them once amid background movement, and others do without.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.action_events import ONSETS, RULES, find_action_events
from kinesics.inference.events import EventRule
from kinesics.inference.facial_actions import FacialActions, facial_actions
from kinesics.perception import observe
from kinesics.perception.actions import ACTIONS, MAIN_ACTIONS
from kinesics.simulator.camera import look_at
from kinesics.simulator.motion.programs import perform
from kinesics.simulator.person.appearance import random_appearance
from kinesics.simulator.person.body import FACIAL_ACTIONS, Body, Pose, random_shape, rest_pose
from kinesics.simulator.rendering.motion_video import dressed_for, portrait_camera, render_motion
from kinesics.simulator.rendering.render import render
from kinesics.skeleton import UPPER_BODY
from kinesics.video import write_video

SIZE = (640, 360)
FPS = 12.5
PRESSING = CLASSES.index(next(rule.gesture for rule in RULES if rule.gesture is not None))
SECONDS = 6.0  # of a video with one gesture
SHOWN, PAUSE = 10, 4  # frames of an action, and of rest after it
# what both know, left and right as one
PAIRS = [name for name, _ in groupby(name.removesuffix("Left").removesuffix("Right") for name in FACIAL_ACTIONS)]
SIDEWAYS = ("jaw", "mouth")  # of which left and right at once are none
KNOWN = [name for name in PAIRS if any(one in ACTIONS for one in (name, f"{name}Left")) and "Look" not in name]


def columns(name: str, names: tuple[str, ...]) -> list[int]:
    """Those of an action, or of its left and right."""
    return [i for i, one in enumerate(names) if one in (name, f"{name}Left", f"{name}Right")]


def read(path: Path) -> FacialActions:
    """The actions of the one person in a video."""
    cache = path.with_suffix(".skeleton.npz")
    observation = observe(path, least=FPS, engine="openvino", cache=cache)
    (one,) = facial_actions(observation, observation.people[:1])
    return one


def show_all(number: int, folder: Path) -> tuple[FacialActions, NDArray[np.float32]]:
    """One person who shows each of `KNOWN`, and the truth (T, 52) in the simulator's order."""
    rng = np.random.default_rng((number, 77))
    body = Body(shape := random_shape(rng))
    pose = rest_pose(PAUSE + len(KNOWN) * (SHOWN + PAUSE))
    rise = np.sin(np.pi * (np.arange(SHOWN) + 0.5) / SHOWN).astype(np.float32)
    for i, name in enumerate(KNOWN):
        first = PAUSE + i * (SHOWN + PAUSE)
        pose.face[first : first + SHOWN, columns(name, FACIAL_ACTIONS)] = rise[:, None]
    path = folder / f"shows_{number:02d}.mp4"
    if not path.exists():
        appearance = replace(random_appearance(rng, shape), shake=0.0)
        write_video(path, _portrait(body, pose, rng, appearance), FPS, crf=appearance.crf)
    return read(path), pose.face


def _portrait(body: Body, pose: Pose, rng: np.random.Generator, appearance) -> Iterator[NDArray[np.uint8]]:
    nose = body.joints(pose)[0, UPPER_BODY.index("nose")]
    yaw, pitch = np.radians(rng.uniform(-20, 20)), np.radians(4)
    camera = look_at(nose - [0, 0, 0.12], distance=2.4, height=0.7, yaw=yaw, pitch=pitch, aspect=SIZE[0] / SIZE[1])
    return render(body, pose, camera, appearance=appearance, width=SIZE[0], height=SIZE[1])


def correlations(people: list[tuple[FacialActions, NDArray[np.float32]]]) -> Iterator[str]:
    """A row an action: read against true over all frames, and what is read at rest and in full."""
    yield "| action | correlation | at rest | in full |"
    yield "|---|---:|---:|---:|"
    rows = []
    for name in KNOWN:
        if name in SIDEWAYS:
            continue
        seen = np.concatenate([one.strength[:, columns(name, ACTIONS)].mean(1) for one, _ in people])
        true = np.concatenate([face[: len(one.times), columns(name, FACIAL_ACTIONS)].mean(1) for one, face in people])
        known = np.isfinite(seen)
        seen, true = seen[known], true[known]
        rest, full = seen[true < 0.01].mean(), seen[true > 0.95].mean()
        # an output that never moves tells nothing
        r = np.corrcoef(seen, true)[0, 1] if seen.std() > 1e-3 else 0.0
        rows.append((r, f"| {name} | {r:.2f} | {rest:.2f} | {full:.2f} |"))
    yield from (row for _, row in sorted(rows, reverse=True))


def one_gesture(number: int, label: int | None, folder: Path) -> tuple[FacialActions, tuple[float, float]]:
    """A person amid background movement, who makes this gesture once, and when."""
    rng = np.random.default_rng((number, 78 if label is None else 79))
    motion = perform(label, rng, duration=SECONDS, fps=FPS)
    path = folder / f"{'background' if label is None else 'presses'}_{number:02d}.mp4"
    if not path.exists():
        appearance = random_appearance(rng, motion.shape)
        appearance = appearance if label is None else dressed_for(label, appearance)
        camera = portrait_camera(replace(motion, label=PRESSING), rng, SIZE[0] / SIZE[1])
        write_video(path, render_motion(motion, camera, appearance, SIZE), FPS, crf=appearance.crf)
    return read(path), (motion.onset, motion.offset)


def presses(count: int, folder: Path) -> Iterator[str]:
    rule = EventRule(by_class=ONSETS)
    found, false, seconds, peaks = 0, 0, 0.0, []
    for number in range(count):
        one, (onset, offset) = one_gesture(number, PRESSING, folder)
        events = _pressed(one, rule)
        hit = [event for event in events if event[0] < offset and event[1] > onset]
        found += bool(hit)
        false += len(events) - len(hit)
        other, _ = one_gesture(number, None, folder)
        false += len(_pressed(other, rule))
        seconds += 2 * SECONDS
        during = (one.times >= onset) & (one.times <= offset)
        values = one.strength[during][:, ACTIONS.index("mouthRollLower")]
        peaks.append(float(np.nanmax(values)) if np.isfinite(values).any() else np.nan)
    yield f"Found {found} of {count} ({found / count:.0%}); {false * 60 / seconds:.1f} false events a minute."
    yield f"The strongest lower lip roll during them: median {np.nanmedian(peaks):.2f}."


def _pressed(one: FacialActions, rule: EventRule) -> list[tuple[float, float]]:
    found = find_action_events(one, rule, CLASSES, start=0.0, end=SECONDS)
    return [(event.start, event.end) for event in found if event.index == PRESSING]


def samples(folder: Path, out: Path) -> Iterator[str]:
    """A row a sample: the 95th percentile of each main action, and the rules' events."""
    yield f"| sample | readable | {' | '.join(MAIN_ACTIONS)} | events by rules |"
    yield f"|---|---:|{'---:|' * len(MAIN_ACTIONS)}---|"
    for path in sorted(folder.glob("*.*")):
        if path.suffix not in (".mp4", ".gif"):
            continue
        observation = observe(path, least=FPS, engine="openvino", cache=out / f"{path.name}.skeleton.npz")
        for one in facial_actions(observation, observation.people[:1]):
            known = np.isfinite(one.strength[:, 0])
            strong = [f"{np.percentile(v[known], 95):.2f}" if known.any() else "–" for v in one.main().values()]
            rule = EventRule(by_class=ONSETS)
            events = [
                f"{event.label} {event.start:.1f}–{event.end:.1f} s"
                for event in find_action_events(one, rule, CLASSES, start=0.0, end=float(one.times[-1]))
            ]
            yield f"| {path.stem} | {known.mean():.0%} | {' | '.join(strong)} | {', '.join(events)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--presses", type=int, default=24)
    parser.add_argument("--samples", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print(*correlations([show_all(number, options.out) for number in range(options.people)]), sep="\n")
    print(*presses(options.presses, options.out), sep="\n")
    if options.samples:
        print(*samples(options.samples, options.out), sep="\n")


if __name__ == "__main__":
    main()
