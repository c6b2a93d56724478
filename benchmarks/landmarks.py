"""Landmark engines side by side: against MediaPipe's own outputs, the truth of rendered people, and the clock.

    python benchmarks/landmarks_reference.py OUT --samples SAMPLES --task face_landmarker.task   # once, with mediapipe
    python benchmarks/landmarks.py OUT --samples SAMPLES [--engines openvino mediapipe] [--times CLIP ...]

Prints the tables of benchmarks/results/landmarks.md. What an engine makes of the rendered people is kept in OUT/seen.
Times are processor seconds of a fresh process with its start-up, the engines by turns, beside a plain loop of MediaPipe
Holistic over the same frames; the median of three.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from landmarks_people import Truth, load_truth
from landmarks_reference import frames_of
from numpy.typing import NDArray
from seen_vs_truth import FACE, HANDS, SIZE, TrackedPerson, uncovered_face, visible_hand

from kinesics.perception.actions import ACTIONS
from kinesics.perception.engine import LandmarkEngine, follow_all
from kinesics.perception.engines import open_engine
from kinesics.perception.observe import observe
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.layouts import HOLISTIC

FloatArray = NDArray[np.float32]
BODY = HOLISTIC.indices(
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
MESH, LEFT, RIGHT = slice(33, 501), slice(501, 522), slice(522, 543)
VISIBLE = 0.5  # of a joint, by MediaPipe
ANOTHER = 0.3  # shoulder widths between two hands from which they are different ones
TOUCH = 0.03  # metres between a fingertip and the face
NEAR = 0.15  # shoulder widths between a fingertip that was found and the true one


@cache
def opened(name: str) -> LandmarkEngine:
    return open_engine(name)


# ── against MediaPipe ────────────────────────────────────────────────────────────────────────────────────────


def landmarks(path: Path, engine_name: str) -> tuple[FloatArray, NDArray[np.float32]]:
    """(T, 543, 3) points in pixels and (T, 543) scores, as the engine sees one person in the whole image."""
    images = frames_of(path)
    points, score = np.zeros((len(images), len(HOLISTIC), 3), np.float32), np.zeros((len(images), len(HOLISTIC)))
    with opened(engine_name).follower() as follower:
        for i, seen in enumerate(follow_all(follower, images)):
            if seen is not None:
                points[i], score[i] = seen.points, seen.score
    return points, score.astype(np.float32)


def parity(path: Path, reference: Path, engine: str) -> dict[str, FloatArray]:
    """Percent by which points differ: body and hands of the shoulder width, face of its own; and what is missing.

    Compared are joints of the body that both see, wrists only without a hand, which knows them better; hands that are
    in about the same place, the others being counted; and the meshes, also with that of the task whose model ours is.
    """
    points, score = landmarks(path, engine)
    with np.load(reference) as file:
        given = {name: file[name] for name in file.files}
    pose = given["raw_pose_landmarks"]
    shoulders = np.linalg.norm(pose[:, 11, :2] - pose[:, 12, :2], axis=-1)
    width = float(np.nanmedian(shoulders))
    body = np.linalg.norm(points[:, BODY, :2] - pose[:, BODY, :2], axis=-1) / width
    body[(score[:, BODY] == 0) | (pose[:, BODY, 3] < VISIBLE)] = np.nan
    hands, others = [], 0
    for rows, name, wrist in ((LEFT, "left", 9), (RIGHT, "right", 10)):
        theirs = given[f"raw_{name}_hand_landmarks"]
        seen = score[:, rows].all(1)
        off = np.linalg.norm(points[:, rows, :2] - theirs[..., :2], axis=-1) / width
        hands.append(off[seen & (off.mean(1) < ANOTHER)])
        others += int((seen & (off.mean(1) >= ANOTHER)).sum())
        body[seen, wrist] = np.nan  # which is then the hand's
    face = given["raw_face_landmarks"][:, :468]
    across = np.linalg.norm(face[:, 454, :2] - face[:, 234, :2], axis=-1)[:, None]
    mesh = np.linalg.norm(points[:, MESH, :2] - face[..., :2], axis=-1) / across
    task = given.get("face")
    same = mesh if task is None else np.linalg.norm(points[:, MESH, :2] - task[:, :468, :2], axis=-1) / across
    same[same.mean(1) > 1] = np.nan  # another person's face
    found = {"pose": score[:, 11] > 0, "face": score[:, 34] > 0}
    return {
        "body": _seen(body), "hands": _seen(np.concatenate(hands)),
        "face": _seen(mesh[score[:, MESH] > 0]), "face, same model": _seen(same[score[:, MESH] > 0]),
        "lacks": np.array([
            int(np.isfinite(pose[:, 0, 0]).sum()) - int((score > 0).any(1).sum()),
            int(np.isfinite(face[:, 0, 0]).sum()) - int(found["face"].sum()),
            others,
        ], np.float32),
    }  # fmt: skip


def _seen(shares: FloatArray) -> FloatArray:
    values: FloatArray = 100 * shares[np.isfinite(shares)]
    return values


def parity_table(videos: list[Path], references: Path, engine: str) -> None:
    print(
        f"\n| {engine} against MediaPipe | body | hands | face | face, same model "
        "| fewer frames with pose, face; hands elsewhere |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    every: dict[str, list[FloatArray]] = {}
    for video in videos:
        found = parity(video, references / f"{video.stem}.npz", engine)
        cells = [_median_and_tail(found[name]) for name in ("body", "hands", "face", "face, same model")]
        lacks = "{}, {}; {}".format(*(max(0, int(count)) for count in found["lacks"]))
        print(f"| {video.stem} | {' | '.join(cells)} | {lacks} |", flush=True)
        for name, values in found.items():
            every.setdefault(name, []).append(values)
    cells = [_median_and_tail(np.concatenate(every[name])) for name in ("body", "hands", "face", "face, same model")]
    print(f"| all | {' | '.join(cells)} | |")


def _median_and_tail(values: FloatArray) -> str:
    return f"{np.median(values):.2f} / {np.percentile(values, 95):.1f}" if len(values) else "–"


# ── against the truth ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Seen:
    """What an engine saw of one rendered person, beside the truth."""

    truth: Truth
    tracked: TrackedPerson
    actions: FloatArray


def see(video: Path, engine: str, folder: Path) -> Seen:
    """The person of a rendered video; kept in `folder` for the next time."""
    truth = load_truth(video.with_suffix(".npz"))
    kept = folder / f"{engine}_{video.stem}.npz"
    if not kept.exists():
        found = observe(video, engine=opened(engine))
        person = found.people[0]
        actions = found.actions[0] if found.actions else np.zeros((len(person), 0), np.float32)
        folder.mkdir(parents=True, exist_ok=True)
        assert person.image_xy is not None
        np.savez_compressed(kept, xy=person.image_xy, score=person.score, actions=actions)
    with np.load(kept) as file:
        tracked = TrackedPerson(None, truth.yaw, truth.joints, truth.image, file["xy"], file["score"], truth.width)  # type: ignore[arg-type]
        return Seen(truth, tracked, file["actions"])


def touching(one: TrackedPerson, side: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(T,) whether a visible hand's fingertip touches the face, and (T,) the joint of that fingertip."""
    tips = [joint for joint in HANDS[side] if UPPER_BODY.joints[joint].endswith("tip")]
    gaps = np.linalg.norm(one.joints[:, tips, None] - one.joints[:, None, FACE], axis=-1).min(2)
    nearest = np.array(tips)[gaps.argmin(1)]
    return (gaps.min(1) < TOUCH) & visible_hand(one, side), nearest


def counts(seen: Seen) -> dict[str, tuple[int, int]]:
    """How often each thing was found, of how often it was there to be found."""
    one = seen.tracked
    rows = np.arange(len(one.score))
    bare = uncovered_face(one)
    mesh = one.score[:, UPPER_BODY.index("forehead")] > 0
    total = {"face": (int((mesh & bare).sum()), int(bare.sum()))}
    for side in (0, 1):
        found = (one.score[:, HANDS[side]] > 0).any(1)
        visible = visible_hand(one, side)
        outside = ((one.image[:, HANDS[side]] < 0) | (one.image[:, HANDS[side]] > 1)).any(2).all(1)
        touch, tip = touching(one, side)
        off = np.linalg.norm((one.seen[rows, tip] - one.image[rows, tip]) * SIZE, axis=-1) / one.width
        near = found & (one.score[rows, tip] > 0) & (off < NEAR)
        middle = (
            np.linalg.norm((one.seen[:, HANDS[side]].mean(1) - one.image[:, HANDS[side]].mean(1)) * SIZE, axis=-1)
            / one.width
        )
        for name, hits, there in (
            ("visible hand", found, visible), ("visible hand, near", found & (middle < 2 * NEAR), visible),
            ("hand at the face", found, touch), ("its fingertip within 15 %", near, touch),
            ("hand outside the image", found, outside),
        ):  # fmt: skip
            hit, of = total.get(name, (0, 0))
            total[name] = hit + int((hits & there).sum()), of + int(there.sum())
    return total


def truth_table(title: str, groups: dict[str, list[Seen]]) -> None:
    names = list(counts(next(iter(groups.values()))[0]))
    print(f"\n| {title} | {' | '.join(names)} |")
    print("|---|" + "---:|" * len(names))
    for name, people in groups.items():
        sums = np.array([list(counts(one).values()) for one in people]).sum(0)
        cells = [f"{100 * hit / max(1, there):.0f} % of {there}" for hit, there in sums]
        print(f"| {name} | {' | '.join(cells)} |")


def action_table(people: Iterable[Seen], names: tuple[str, ...]) -> None:
    """The correlation over all frames between actions seen and true; only of those that the people show."""
    seen, true = (np.concatenate([getattr(one, part) if part == "actions" else one.truth.actions for one in people])
                  for part in ("actions", "truth"))  # fmt: skip
    print("\n| action | correlation with the simulator's |\n|---|---:|")
    for index, name in enumerate(ACTIONS[1:]):
        if name in names and true[:, names.index(name)].std() > 0.02:
            known = np.isfinite(seen[:, index + 1])
            value = np.corrcoef(seen[known, index + 1], true[known, names.index(name)])[0, 1]
            print(f"| {name} | {value:.2f} |")


# ── in time ──────────────────────────────────────────────────────────────────────────────────────────────────

_HOLISTIC = """
import sys
from pathlib import Path
import mediapipe
from kinesics.perception.observe import MAX_SIDE, analysis_rate
from kinesics.video import probe, read_frames
path = Path(sys.argv[1])
with mediapipe.solutions.holistic.Holistic() as holistic:
    for frame in read_frames(path, fps=analysis_rate(probe(path).fps), max_side=MAX_SIDE):
        holistic.process(frame.image)
"""
_OBSERVE = """
import sys
from pathlib import Path
from kinesics.perception import observe
from kinesics.perception.engines import open_engine
observe(Path(sys.argv[1]), engine=open_engine(sys.argv[2]))
assert "torch" not in sys.modules
"""


def measure(code: str, *arguments: str) -> tuple[float, float, float]:
    """Processor seconds, wall seconds and peak memory (MB) of a fresh Python process."""
    clock = os.times()
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"failed: {' '.join(arguments)}")
    return usage.ru_utime + usage.ru_stime, os.times().elapsed - clock.elapsed, usage.ru_maxrss / 1024


def time_table(clips: list[Path], engines: list[str]) -> None:
    runs: dict[str, Callable[[Path], tuple[float, float, float]]] = {
        engine: lambda clip, engine=engine: measure(_OBSERVE, str(clip), engine) for engine in engines
    }
    runs["plain MediaPipe Holistic loop"] = lambda clip: measure(_HOLISTIC, str(clip))
    print("\n| clip | run | processor s | wall s | peak MB |\n|---|---|---:|---:|---:|")
    for clip in clips:
        taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runs}
        for _ in range(3):
            for name, run in runs.items():
                taken[name].append(run(clip))
        for name, rows in taken.items():
            cells = [statistics.median(column) for column in zip(*rows, strict=True)]
            print(f"| {clip.stem} | {name} | {cells[0]:.1f} | {cells[1]:.1f} | {cells[2]:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--engines", nargs="+", default=["openvino", "mediapipe"])
    parser.add_argument("--times", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    rendered = sorted((options.out / "people").glob("*.mp4"))
    samples = [] if options.samples is None else [
        path for path in sorted(options.samples.iterdir()) if path.suffix in (".mp4", ".gif")
    ]  # fmt: skip
    if samples:
        parity_table([*samples, *rendered], options.out / "mediapipe", options.engines[0])
    for engine in options.engines if rendered else ():
        people = [see(video, engine, options.out / "seen") for video in rendered]
        truth_table(engine, {"all": people})
        truth_table(
            f"{engine}, camera aside by",
            {f"{yaw}°": [p for p in people if p.truth.yaw == yaw] for yaw in sorted({p.truth.yaw for p in people})},
        )
        truth_table(
            f"{engine}, skin", {t: [p for p in people if p.truth.tone == t] for t in ("light", "medium", "dark")}
        )
        if people[0].actions.size:
            from kinesics.simulator.person.body import FACIAL_ACTIONS

            action_table(people, FACIAL_ACTIONS)
    if options.times:
        time_table(options.times, options.engines)


if __name__ == "__main__":
    main()
