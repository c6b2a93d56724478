"""A spotter on tokens of the shipped skeleton network against sliding that network, on simulated recordings.

    python benchmarks/spotting_simulated.py FOLDER [--train 160] [--held 40] [--seconds 40] [--epochs 20] [--seed 1]

Simulates recordings with exact edges (every third is background alone), keeps their tokens in FOLDER, trains
`spotting/tokens`, and prints the table of benchmarks/results/spotting.md. Thresholds of both are chosen on the
validation recordings: the spotter's single one, and those of each class for the sliding network, as for the weights
that ship.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.evaluation.spots import SpottedRecordings, evaluate_spots
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.skeleton import skeleton_scorer
from kinesics.inference.spotting_tokens import skeleton_tokens
from kinesics.models.gesture.skeleton_spotter import SkeletonSpotter
from kinesics.models.gesture.spotting_net import SpottingNet
from kinesics.models.skeleton.agcn_inference import InferenceAGCN
from kinesics.progress import progress_bar
from kinesics.simulator.clips import SimulatedClip, simulate_recording, worker_pool
from kinesics.training.reproduce import find_config
from kinesics.training.run import run
from kinesics.training.shipped.event_thresholds import ScoredRecording, fit_event_thresholds
from kinesics.training.spotting.tokens import TokenRecording, save_tokens
from kinesics.weights.load import load_network, load_weights, save_weights
from kinesics.weights.run_folder import RunFolder
from kinesics.weights.specification import EVEN

NUMBERS = {"train": 11, "val": 12, "test": 13}


def simulated(seed: int, seconds: float, split: int, n: int) -> SimulatedClip:
    """Recording n of a split, every third without a gesture."""
    return simulate_recording((seed, 5000 + split, n), seconds=seconds, gestures=n % 3 > 0)


def make(folder: Path, split: str, count: int, seed: int, seconds: float) -> list[ScoredRecording]:
    """Simulate and tokenise what is not there yet; of val and test also the sliding network's scores."""
    network, specification, _ = load_weights()
    quick = InferenceAGCN(network)
    scorer = skeleton_scorer(quick, specification)
    (folder / split).mkdir(parents=True, exist_ok=True)

    def path_of(n: int) -> Path:
        return folder / split / f"{n:04d}.npz"

    wanted = [n for n in range(count) if split != "train" or not path_of(n).exists()]
    scored = []
    with worker_pool(1) as pool, progress_bar(f"Simulating {split}") as progress:
        for done, (n, clip) in enumerate(
            zip(wanted, pool.imap(partial(simulated, seed, seconds, NUMBERS[split]), wanted), strict=True), 1
        ):
            if not path_of(n).exists():
                tokens = skeleton_tokens(quick, clip.detected, specification)
                save_tokens(path_of(n), TokenRecording(tokens, clip.motion.events, specification.fps))
            if split != "train":
                scored.append(ScoredRecording(scorer.score_person(clip.detected), clip.motion.events))
            progress(done / len(wanted))
    return scored


def slid(
    recordings: Sequence[ScoredRecording], thresholds: dict[str, float], seconds: float, shift: float
) -> SpottedRecordings:
    """The sliding network's events with thresholds moved towards 1 or away from it, as events with scores."""
    moved = {label: 1 - shift * (1 - value) for label, value in thresholds.items()}
    rule, rows, truth = EventRule(by_class=moved), [], []
    for i, one in enumerate(recordings):
        found = find_events(one.scores, rule, start=0.0, end=seconds, source="")
        rows += [(i, event.index, event.start, event.end, event.score) for event in found]
        truth += [(i, *event) for event in one.truth]
    names = tuple(f"test_{i:04d}" for i in range(len(recordings)))
    tables = (np.array(x, float).reshape(-1, w) for x, w in ((rows, 5), (truth, 4)))
    return SpottedRecordings(names, tuple(CLASSES), np.full(len(names), seconds), 12.5, *tables)


def save_together(out: RunFolder, path: Path) -> Path:
    """Write the skeleton network and the run's spotter as one file, which `analyze --weights` takes."""
    skeleton, specification, _ = load_weights()
    spotting, found, _ = load_network(out.weights)
    assert isinstance(spotting, SpottingNet)
    described = replace(
        specification,
        name="gesture-spotter",
        network="skeleton_spotter",
        config={"skeleton": asdict(skeleton.config), "spotting": spotting.sizes()},
        thresholds=found.thresholds,
        training_data=f"simulated recordings; the skeleton network: {specification.training_data}",
        metrics=found.metrics,
        prior=EVEN,
    )
    save_weights(path, SkeletonSpotter(skeleton, spotting), described)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in (("train", 160), ("held", 40), ("epochs", 20), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    make(options.folder, "train", options.train, options.seed, options.seconds)
    held = {s: make(options.folder, s, options.held, options.seed, options.seconds) for s in ("val", "test")}
    out = RunFolder(options.folder / f"run{options.seed}")
    given = [f"--data.root={options.folder}", f"--data.seed={options.seed}", f"--seed_everything={options.seed}"]
    run(find_config("spotting/tokens"), out.path, [*given, f"--trainer.max_epochs={options.epochs}"])
    spotted = SpottedRecordings.load(out.events("test"))
    judged = {"spotter": evaluate_spots(spotted, SpottedRecordings.load(out.events("val")))}
    sliding = slid(held["test"], fit_event_thresholds(held["val"]), options.seconds, 1.0)
    judged["sliding"] = evaluate_spots(sliding, threshold=0.0)
    weights = save_together(out, options.folder / f"spotter{options.seed}.safetensors")
    print(f"both networks: {weights}\n")
    names = ("f1", "f1_50", "precision", "recall", "map_30", "start_error_ms", "end_error_ms")
    print("| |", " | ".join(names), "|")
    print("|---|" + "---|" * len(names))
    for kind, one in judged.items():
        cells = (f"{one.figures[n].value:.3g} ({one.figures[n].low:.3g} to {one.figures[n].high:.3g})" for n in names)
        print(f"| {kind} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
