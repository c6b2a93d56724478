"""What the shipped weights say about real footage whose content is known.

    python benchmarks/samples.py FOLDER

FOLDER holds woman_covers_face.mp4 (hand at the face in frames 60–230, away after 260) and folding_arms.gif (folds
the arms in the second half). Nothing was tuned on them but the eyes of those who wrote the simulator.
"""

import argparse
from pathlib import Path

import numpy as np

import kinesics
from kinesics.data.imigue import CLASSES
from kinesics.models.weights import load_weights
from kinesics.tasks.windows import classify_clip

FACE_TOUCH = {
    "touch face", "touch forehead", "cover face", "rub eyes", "touch other face part", "touch ears", "bite nails",
    "touch chin",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for path in sorted(path for path in folder.iterdir() if path.suffix in (".mp4", ".gif")):
        analysis = kinesics.analyze(path, cache=Path("/tmp") / f"{path.stem}.skeleton.npz", person="all")
        fps = analysis.recording.fps
        print(f"\n{path.name}: {analysis.recording.duration:.1f} s, {len(analysis.people)} people")
        for event in analysis.timeline:
            frames = f"{event.start * fps:4.0f}–{event.end * fps:4.0f}"
            print(f"  person {event.person}  frames {frames}  {event.score:.2f}  {event.label}")
        if path.stem == "woman_covers_face":
            touches = [e for e in analysis.timeline if e.label in FACE_TOUCH]
            inside = any(e.start * fps >= 60 and e.end * fps <= 230 for e in touches)
            overlap = any(e.start * fps < 230 and e.end * fps > 60 for e in touches)
            print(f"  touches the face within 60–230: {inside} (overlapping: {overlap}); ", end="")
            print(f"after 260: {any(e.end * fps > 260 for e in touches)}")
        if path.stem == "folding_arms":
            person = analysis.people[0]
            network, specification, _ = load_weights()
            half = person.slice(len(person) // 2, len(person))
            order = np.argsort(-classify_clip(half, network, specification))
            print("  second half: " + ", ".join(CLASSES[i] for i in order[:5]))


if __name__ == "__main__":
    main()
