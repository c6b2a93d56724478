"""How simulated skeletons differ from those of real people, quantity by quantity.

    python benchmarks/real_vs_simulated.py VIDEO [VIDEO ...] [--clips 200] [--seen 0] [--keep FOLDER]

Real: what the landmark engine sees in the videos, in pieces of four seconds. Kinematic: `--clips` simulated clips, of
gestures and of background, as the detector model sees them. Seen: `--seen` rendered interviews of four seconds, as
the landmark engine sees them (some ten seconds each). A real median outside the middle nine tenths of a simulated
world is marked: there the simulator is to be mended.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import kinesics
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.simulator.clips import simulate_clip
from kinesics.simulator.examples import simulate_interview
from kinesics.skeleton import UPPER_BODY, SkeletonSequence

PIECE = 4.0  # seconds
Track = np.ndarray  # (T, 3) with NaN where it is not seen


def track(one: SkeletonSequence, *joints: str) -> Track:
    """The mean of some joints in shoulder widths, NaN where one of them is missing."""
    rows = UPPER_BODY.indices(*joints)
    places = np.where((one.score[:, rows] > 0)[..., None], one.xyz[:, rows], np.nan).mean(1)
    return places / width(one)


def width(one: SkeletonSequence) -> float:
    left, right = UPPER_BODY.indices("left_shoulder", "right_shoulder")
    both = (one.score[:, [left, right]] > 0).all(1)
    return (
        float(np.median(np.linalg.norm(one.xyz[both, left] - one.xyz[both, right], axis=-1))) if both.any() else np.nan
    )


def length(one: SkeletonSequence, first: str, second: str) -> float:
    return float(np.nanmedian(np.linalg.norm(track(one, first) - track(one, second), axis=-1)))


def speed(one: SkeletonSequence, joint: str, share: float) -> float:
    return float(np.nanquantile(np.linalg.norm(np.diff(track(one, joint)[:, :2], axis=0), axis=-1) * one.fps, share))


def jitter(one: SkeletonSequence, joint: str) -> float:
    """The standard deviation of white noise that would give the second differences of the stiller half."""
    second = np.linalg.norm(np.diff(track(one, joint)[:, :2], 2, axis=0), axis=-1)
    return float(np.nanquantile(second, 0.3) / np.sqrt(6))


def seen(one: SkeletonSequence, joint: str) -> float:
    return float((one.score[:, UPPER_BODY.index(joint)] > 0).mean())


def gaps(one: SkeletonSequence, joint: str) -> float:
    """The median length in seconds of the stretches in which a joint is lost and comes back."""
    there = np.flatnonzero(one.score[:, UPPER_BODY.index(joint)] > 0)
    lost = np.diff(there) - 1
    return float(np.median(lost[lost > 0])) / one.fps if (lost > 0).any() else np.nan


def hand_to_face(one: SkeletonSequence) -> float:
    """How near a fingertip comes to the nose."""
    nose = track(one, "nose")
    away = [np.linalg.norm(track(one, f"{side}_index_tip") - nose, axis=-1) for side in ("left", "right")]
    return float(np.nanmin(away))


def yaw(one: SkeletonSequence) -> float:
    across = track(one, "left_shoulder") - track(one, "right_shoulder")
    return float(np.nanmedian(np.degrees(np.abs(np.arctan2(across[:, 2], np.abs(across[:, 0]))))))


def crop(one: SkeletonSequence) -> float:
    """The shoulders' width as a share of the picture's."""
    assert one.image_xy is not None
    left, right = UPPER_BODY.indices("left_shoulder", "right_shoulder")
    both = (one.score[:, [left, right]] > 0).all(1)
    return (
        float(np.median(np.abs(one.image_xy[both, left, 0] - one.image_xy[both, right, 0]))) if both.any() else np.nan
    )


QUANTITIES: dict[str, Callable[[SkeletonSequence], float]] = {
    "upper arm, of the shoulder width": lambda one: length(one, "left_shoulder", "left_elbow"),
    "forearm": lambda one: length(one, "left_elbow", "left_wrist"),
    "neck to head": lambda one: length(one, "neck", "head"),
    "ear to ear": lambda one: length(one, "left_ear", "right_ear"),
    "neck to pelvis": lambda one: length(one, "neck", "pelvis"),
    "wrist to middle fingertip": lambda one: length(one, "left_wrist", "left_middle_tip"),
    "wrist speed, median, widths a second": lambda one: speed(one, "left_wrist", 0.5),
    "wrist speed, 95 %": lambda one: speed(one, "left_wrist", 0.95),
    "nose speed, median": lambda one: speed(one, "nose", 0.5),
    "nose speed, 95 %": lambda one: speed(one, "nose", 0.95),
    "jitter of the nose, widths": lambda one: jitter(one, "nose"),
    "jitter of a shoulder": lambda one: jitter(one, "left_shoulder"),
    "jitter of a wrist": lambda one: jitter(one, "left_wrist"),
    "jitter of a fingertip": lambda one: jitter(one, "left_index_tip"),
    "face mesh seen, share": lambda one: seen(one, "left_cheek"),
    "left hand seen": lambda one: seen(one, "left_index_tip"),
    "right hand seen": lambda one: seen(one, "right_index_tip"),
    "left elbow seen": lambda one: seen(one, "left_elbow"),
    "hips seen": lambda one: seen(one, "left_hip"),
    "a hand is lost for, seconds": lambda one: gaps(one, "right_index_tip"),
    "nearest fingertip to nose, widths": hand_to_face,
    "shoulders turned, degrees": yaw,
    "shoulders in the picture, of its width": crop,
}


def pieces(one: SkeletonSequence) -> Iterator[SkeletonSequence]:
    count = max(1, round(one.duration / PIECE))
    for n in range(count):
        yield one.slice(len(one) * n // count, len(one) * (n + 1) // count)


def real(videos: list[Path], keep: Path) -> Iterator[SkeletonSequence]:
    for video in videos:
        people = kinesics.analyze(
            video, cache=keep / f"{video.stem}.skeleton.npz", person="all", expressions=False
        ).people
        for person in people:
            yield from pieces(person)


def kinematic(count: int) -> Iterator[SkeletonSequence]:
    for n in range(count):
        label = n % (len(CLASSES) + 8)
        one = simulate_clip(label if label < len(CLASSES) else None, (77, n)).detected
        if one.is_3d:
            yield one


def rendered(count: int, keep: Path) -> Iterator[SkeletonSequence]:
    for n in range(count):
        video = keep / f"rendered{n}.mp4"
        if not video.exists():
            simulate_interview(video, PIECE, 7000 + n)
        yield from real([video], keep)


def table(worlds: dict[str, list[SkeletonSequence]]) -> str:
    lines = [f"| | {' | '.join(f'{name} ({len(found)})' for name, found in worlds.items())} |"]
    lines.append("|---|" + "---|" * len(worlds))
    for quantity, measure in QUANTITIES.items():
        values = {name: np.array([measure(one) for one in found]) for name, found in worlds.items()}
        middle = np.nanmedian(values["real"])
        cells = []
        for name, found in values.items():
            low, mid, high = np.nanquantile(found, (0.05, 0.5, 0.95))
            away = name != "real" and not low <= middle <= high
            cells.append(f"{mid:.3g} ({low:.2g}–{high:.2g}){' **!**' if away else ''}")
        lines.append(f"| {quantity} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--seen", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="where landmarks and videos are kept, for a second run")
    options = parser.parse_args()
    np.seterr(all="ignore")
    with tempfile.TemporaryDirectory() as temporary:
        keep = options.keep or Path(temporary)
        worlds = {"real": list(real(options.videos, keep)), "kinematic": list(kinematic(options.clips))}
        if options.seen:
            worlds["seen"] = list(rendered(options.seen, keep))
        print(table(worlds))


if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore", "(All-NaN|Mean of empty)")
    main()
