"""What the weights say of real people whose gestures are known: clips to choose by, never to train on.

    python benchmarks/real_clips.py FOLDER --keep DIR [--engine NAME] [--weights FILE] [--prior NAME] [--strips DIR]

FOLDER holds the clips and `clips.json`: for each `file`, `kind` (gesture or ordinary), `style`, `labels` (every class
that counts as right), `start` and `end` of the gesture, `ambiguous`; for ordinary ones `present` and `disputed`, what
does occur in them. Prints the tables of benchmarks/results/real_clips.md. DIR keeps what the engine found.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

import kinesics
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.scorer import Scorer, open_scorer, spotter_of
from kinesics.inference.spotter import SpotterScorer
from kinesics.metrics.intervals import wilson
from kinesics.perception import Observation
from kinesics.perception.engines import DEFAULT_ENGINE
from kinesics.skeleton import SkeletonSequence
from kinesics.timeline import Event
from kinesics.video import read_frames
from kinesics.weights.specification import DEFAULT

NEVER_FALSE = (22, 23, 31)  # hands held, fingers crossed, and illustrative: several ordinary clips show them
FACTORS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)  # of what thresholds lack of 1
LOST = 0.5  # share of a gesture's frames without any hand from which the landmarks have failed


@dataclass(frozen=True)
class Judged:
    """One clip with what was said of it; `ranked` are class indices, the most probable first."""

    clip: dict[str, Any]
    analysis: kinesics.Analysis | None
    ranked: tuple[int, ...] = ()
    spotter: SpotterScorer | None = None

    @property
    def right(self) -> set[int]:
        return set(self.clip["labels"])

    @property
    def first(self) -> bool:
        return bool(self.right & set(self.ranked[:1]))

    @property
    def five(self) -> bool:
        return bool(self.right & set(self.ranked[:5]))

    def events(self, factor: float = 1.0) -> list[Event]:
        if self.analysis is None:
            return []
        if factor == 1.0:
            return list(self.analysis.timeline)
        rule = EventRule(**self.analysis.model["rule"])
        moved = {name: max(0.02, 1 - factor * (1 - onset)) for name, onset in (rule.by_class or {}).items()}
        shifted = replace(rule, by_class=moved)
        if self.spotter is not None:
            people = self.analysis.people
            return [event for person in people for event in self.spotter.find(person, shifted, "")]
        return [
            event
            for scores in self.analysis.scores
            for event in find_events(scores, shifted, start=0, end=self.analysis.recording.duration, source="")
        ]

    def found(self, factor: float = 1.0) -> bool:
        return any(
            event.index in self.right and event.start < self.clip["end"] and event.end > self.clip["start"]
            for event in self.events(factor)
        )

    def alarms(self, factor: float = 1.0) -> list[Event]:
        """Events of an ordinary clip that are none of those that occur in it."""
        excused = [*self.clip["present"], *self.clip["disputed"]]
        return [
            event
            for event in self.events(factor)
            if event.index not in NEVER_FALSE
            and not any(
                event.index == index and event.start < end and event.end > start for index, start, end in excused
            )
        ]

    @property
    def hands(self) -> float:
        """The share of the gesture's frames in which a hand was found."""
        if self.analysis is None:
            return 0.0
        return float(
            (_cut(self.analysis.people[0], self.clip).score[:, _tips(self.analysis.people[0])] > 0).any(1).mean()
        )


def _tips(person: SkeletonSequence) -> list[int]:
    joints = person.layout.joints
    return [joints.index(name) for name in joints if name.endswith("_tip")]


def _cut(person: SkeletonSequence, clip: dict[str, Any]) -> SkeletonSequence:
    return person.between(clip.get("start", 0.0), clip.get("end", clip["seconds"]))


def judge(clip: dict[str, Any], folder: Path, scorer: Scorer, options: argparse.Namespace) -> Judged:
    path = next(folder.rglob(clip["file"]))
    cache = options.keep / options.engine / f"{clip['file']}.skeleton.npz"
    try:
        analysis = kinesics.analyze(path, weights=scorer, engine=options.engine, cache=cache, expressions=False)
    except kinesics.KinesicsError:  # nobody is found
        return Judged(clip, None)
    probability = scorer.classify(_cut(analysis.people[0], clip), Observation(analysis.people, None))
    return Judged(clip, analysis, tuple(int(i) for i in np.argsort(-probability)), spotter_of(scorer))


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────


def share(hits: Iterable[bool]) -> str:
    rows = list(hits)
    value, low, high = wilson(sum(rows), len(rows))
    return f"{value:.0%} ({low:.0%}–{high:.0%})" if rows else "–"


def print_shares(judged: Sequence[Judged]) -> None:
    clear = [one for one in judged if one.clip["kind"] == "gesture" and not one.clip["ambiguous"]]
    styles = sorted({one.clip["style"] for one in clear})
    print("\n| style | clips | first | among five | a right event | landmarks failed |\n|---|---:|---:|---:|---:|---:|")
    for style in ("all", *styles):
        rows = [one for one in clear if style in ("all", one.clip["style"])]
        cells = [share(getattr(one, name) for one in rows) for name in ("first", "five")]
        cells += [share(one.found() for one in rows), share(one.hands < LOST for one in rows)]
        print(f"| {style} | {len(rows)} |", " | ".join(cells), "|")


def print_alarms(judged: Sequence[Judged]) -> None:
    ordinary = [one for one in judged if one.clip["kind"] == "ordinary"]
    minutes = sum(one.clip["seconds"] for one in ordinary) / 60
    counts = Counter(event.index for one in ordinary for event in one.alarms())
    print(
        f"\n{sum(counts.values())} false alarms in {minutes:.1f} minutes: {sum(counts.values()) / minutes:.2f} a minute"
    )
    print("\n| class | false alarms |\n|---|---:|")
    for index, count in counts.most_common():
        print(f"| {index} {CLASSES[index]} | {count} |")


def print_curve(judged: Sequence[Judged]) -> None:
    clear = [one for one in judged if one.clip["kind"] == "gesture" and not one.clip["ambiguous"]]
    ordinary = [one for one in judged if one.clip["kind"] == "ordinary"]
    minutes = sum(one.clip["seconds"] for one in ordinary) / 60
    print("\n| thresholds moved by | a right event | false alarms a minute |\n|---:|---:|---:|")
    for factor in FACTORS:
        alarms = sum(len(one.alarms(factor)) for one in ordinary) / minutes
        print(f"| {factor:.1f} | {share(one.found(factor) for one in clear)} | {alarms:.2f} |")


def print_clips(judged: Sequence[Judged]) -> None:
    print("\n| clip | right | first five | events | hands found |\n|---|---|---|---|---:|")
    for one in judged:
        events = ", ".join(f"{event.index} ({event.score:.2f})" for event in one.events()) or "–"
        if one.clip["kind"] == "ordinary":
            print(f"| {one.clip['file']} | ordinary | | {events} | |")
            continue
        mark = "" if one.first else " ✗"
        right = ", ".join(map(str, sorted(one.right))) + (" (ambiguous)" if one.clip["ambiguous"] else "")
        first = ", ".join(map(str, one.ranked[:5]))
        print(f"| {one.clip['file']} | {right} | {first}{mark} | {events} | {one.hands:.0%} |")


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────


def draw_strip(one: Judged, folder: Path, out: Path, count: int = 6, height: int = 240) -> None:
    """Frames of the gesture with the joints that were found, and what was said of it."""
    path = next(folder.rglob(one.clip["file"]))
    start, end = one.clip["start"], one.clip["end"]
    frames = list(read_frames(path, fps=count / max(end - start, 0.1), start=start, end=end))[:count]
    person = one.analysis.people[0] if one.analysis else None
    tiles = []
    for frame in frames:
        tile = Image.fromarray(frame.image)
        draw = ImageDraw.Draw(tile)
        if person is not None and person.image_xy is not None and len(rows := person.rows_at(np.array([frame.time]))):
            for (x, y), score in zip(person.image_xy[rows[0]], person.score[rows[0]], strict=True):
                if score > 0:
                    x, y, r = x * tile.width, y * tile.height, max(2, tile.height // 150)
                    draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 80, 0))
        tiles.append(tile.resize((round(tile.width * height / tile.height), height)))
    strip = Image.new("RGB", (sum(tile.width for tile in tiles), height + 16), "white")
    right, said = (", ".join(CLASSES[i] for i in indices) for indices in (sorted(one.right), one.ranked[:3]))
    ImageDraw.Draw(strip).text(
        (2, 2), f"{one.clip['file']}: right {right}; said {said}; {one.clip['note']}", fill="black"
    )
    x = 0
    for tile in tiles:
        strip.paste(tile, (x, 16))
        x += tile.width
    out.mkdir(parents=True, exist_ok=True)
    strip.save(out / f"{path.stem}.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--engine", default=DEFAULT_ENGINE)
    parser.add_argument("--weights", type=Path, default=DEFAULT)
    parser.add_argument("--prior", help="as `kinesics analyze --prior`")
    parser.add_argument("--strips", type=Path, help="a folder for pictures of each mistake")
    options = parser.parse_args()
    scorer = open_scorer(options.weights, options.prior)
    judged = [
        judge(clip, options.folder, scorer, options) for clip in json.loads((options.folder / "clips.json").read_text())
    ]
    print(f"{options.engine}, {scorer.specification.name} {scorer.sha256[:12]}")
    for table in (print_shares, print_alarms, print_curve, print_clips):
        table(judged)
    for one in judged if options.strips else ():
        if one.clip["kind"] == "gesture" and not (one.first and one.found()):
            draw_strip(one, options.folder, options.strips)


if __name__ == "__main__":
    main()
