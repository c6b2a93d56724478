"""How often the events of the shipped weights are right at each threshold, class by class, in simulated recordings.

    python benchmarks/precision.py [--recordings 120] [--seed 21]

Writes src/kinesics/inference/precision.json, from which `analyze --precision` chooses thresholds. Scores are served as
`analyze` serves them, with the weights' own prior; every third recording is background alone.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.files import write_text
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.precision import TABLE
from kinesics.inference.prior import with_prior
from kinesics.inference.scorer import open_scorer
from kinesics.inference.skeleton import SkeletonScorer
from kinesics.metrics.detection import detection_score
from kinesics.progress import progress_bar
from kinesics.simulator.clips import SimulatedClip, simulate_recording, worker_pool

SECONDS = 40.0
THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(18))  # 0.1 … 0.95


def simulated(seed: int, n: int) -> SimulatedClip:
    """Recording n."""
    return simulate_recording((seed, 6000, n), seconds=SECONDS, gestures=n % 3 > 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=120)
    parser.add_argument("--seed", type=int, default=21)
    options = parser.parse_args()
    scorer = open_scorer()
    assert isinstance(scorer.scorer, SkeletonScorer)
    counts = {label: [[0, 0] for _ in THRESHOLDS] for label in CLASSES}
    with worker_pool(1) as pool, progress_bar("Scoring simulated recordings") as progress:
        clips = pool.imap(partial(simulated, options.seed), range(options.recordings))
        for done, clip in enumerate(clips, 1):
            scores = with_prior(scorer.scorer.score_person(clip.detected), scorer.prior)
            for g, threshold in enumerate(THRESHOLDS):
                events = find_events(scores, EventRule(onset=threshold), start=0.0, end=SECONDS, source="")
                found = [(event.index, event.start, event.end) for event in events]
                for index, label in enumerate(CLASSES):
                    own = [[one for one in rows if one[0] == index] for rows in (found, clip.motion.events)]
                    score = detection_score({"": own[0]}, {"": own[1]})
                    counts[label][g][0] += score.matched
                    counts[label][g][1] += score.predicted
            progress(done / options.recordings)
    measured = f"{options.recordings} simulated recordings of {SECONDS:g} s, seed {options.seed}"
    table = {"weights_sha256": scorer.sha256, "measured_on": measured, "prior": scorer.prior}
    table |= {"thresholds": THRESHOLDS, "counts": counts}
    path = Path(__file__).parents[1] / "src" / "kinesics" / "inference" / TABLE
    write_text(path, json.dumps(table, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
