"""Whether the tests of `kinesics stats` keep their level and find effects: `python study_levels.py [STUDIES [TEST]]`.

Of each test so many studies are made in which nothing is to be found (1,000 without a number), and a fifth as many with
a planted effect; the share of those with p below 0.05 is written with its 95 % interval. A study has 40 recordings of 3
minutes of 20 people who come twice, each with rates, habits and rhythms of their own, at iMiGUE's frequencies of body
parts. Every study has a seed of its own. It takes minutes on one core.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kinesics.metrics.intervals import wilson
from kinesics.study.comparison import comparison_table
from kinesics.study.models import model_table
from kinesics.study.sequences import PairTest, co_occurrence_test, presence, transition_test
from kinesics.study.synchrony import cross_correlate, overall_p

PARTS = ("body", "head", "hand", "body and hand", "head and hand", "illustrative")
SHARES = np.array([0.24, 0.13, 0.16, 0.06, 0.12, 0.29])
RECORDINGS, SECONDS, DRAWS = 40, 180.0, 499
RATE = 5.0  # samples a second of movement


@dataclass(frozen=True)
class Events:
    """One person in one recording: labels, starts and ends in order of time."""

    labels: NDArray[np.int64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]


def person(rng: np.random.Generator) -> Events:
    """Gestures in bursts and pauses of the person's own, of kinds that the person prefers, in any order."""
    pauses = rng.gamma(own := rng.uniform(0.6, 2.0), rng.uniform(3, 8) / own, 200)
    starts = np.cumsum(pauses)
    starts = starts[starts < SECONDS - 4]
    liked = rng.dirichlet(12 * SHARES)
    labels = rng.choice(len(PARTS), len(starts), p=liked)
    return Events(labels, starts, starts + 0.4 + rng.gamma(2.0, 0.6, len(starts)))


def following(rng: np.random.Generator, planted: float) -> Iterator[Events]:
    """With `planted` the chance that a touch of head and hand comes right after a movement of the body."""
    for _ in range(RECORDINGS):
        one = person(rng)
        labels = one.labels.copy()
        for i in range(1, len(labels)):
            if labels[i - 1] == 0 and rng.random() < planted:
                labels[i] = 4
        yield Events(labels, one.starts, one.ends)


def transitions(seed: int, planted: float) -> dict[str, float]:
    rng = np.random.default_rng((1, seed))
    people = list(following(rng, planted))
    sequences = np.repeat(np.arange(len(people)), [len(one.labels) for one in people])
    test = transition_test(np.concatenate([p.labels for p in people]), sequences, len(PARTS), draws=DRAWS, seed=seed)
    return pair_results(test, "one pair (body, head and hand)", (0, 4))


def pair_results(test: PairTest, name: str, pair: tuple[int, int]) -> dict[str, float]:
    corrected = float(np.nanmin(test.p_adjusted))
    return {"anything at all": test.overall, "any pair, corrected": corrected, name: float(test.p[pair])}


def co_occurrence(seed: int, planted: float) -> dict[str, float]:
    """Every kind of gesture has a rhythm of its own; with `planted` a head gesture lies by a body gesture."""
    rng = np.random.default_rng((2, seed))
    there = []
    for _ in range(RECORDINGS):
        rows = []
        for label, share in enumerate(SHARES):
            pauses = rng.gamma(own := rng.uniform(0.6, 2.0), rng.uniform(4, 8) / share / own, 200)
            starts = np.cumsum(pauses) - rng.uniform(0, 4 / share)  # as if it had begun long before
            rows += [(PARTS[label], start) for start in starts if 0 <= start < SECONDS - 3]
        rows += [
            ("head", start + rng.uniform(0, 2)) for part, start in rows if part == "body" and rng.random() < planted
        ]
        events = pd.DataFrame(rows, columns=["label", "start"])
        events["end"] = events["start"] + 0.4 + rng.gamma(2.0, 0.6, len(events))
        there.append(presence(events, PARTS, SECONDS))
    test = co_occurrence_test(there, draws=DRAWS, seed=seed)
    return pair_results(test, "one pair (body, head)", (0, 1))


def moving(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """How much somebody moves: noise with a memory of the person's own, a second or so."""
    memory = np.exp(-1 / (RATE * rng.uniform(0.3, 2.0)))
    noise = rng.normal(size=count + 200)
    signal = np.zeros(len(noise))
    for i in range(1, len(noise)):
        signal[i] = memory * signal[i - 1] + noise[i]
    return signal[200:] / signal.std()


def synchrony(seed: int, planted: float) -> dict[str, float]:
    """Twelve pairs; with `planted` the second takes up so much of the first's movement, a second or two later."""
    rng = np.random.default_rng((3, seed))
    count, pairs = round(SECONDS * RATE), []
    for _ in range(12):
        one, other = moving(rng, count), moving(rng, count)
        other = other + planted * np.roll(one, rng.integers(3, 10))
        if found := cross_correlate(np.exp(one), np.exp(other)):
            pairs.append(found)
    return {"one pair of people": pairs[0].p, "all pairs together": overall_p(pairs, draws=DRAWS, seed=seed)}


def groups(seed: int, planted: float) -> dict[str, float]:
    """Twenty people in two groups, twice each; with `planted` the logarithm of the ratio of their rates."""
    rng = np.random.default_rng((4, seed))
    rows = []
    for subject in range(RECORDINGS // 2):
        group, own = ("a", "b")[subject % 2], rng.gamma(4, 1 / 4)  # people differ by half
        for recording in range(2):
            minutes = rng.uniform(1.5, 3)
            events = rng.poisson(4 * own * rng.gamma(10, 1 / 10) * np.exp(planted * (subject % 2)) * minutes)
            rows.append((f"{subject}{recording}", str(subject), group, "rate", "all", "x", events, minutes))
            seconds = rng.beta(2 * own, 8) * np.exp(planted * (subject % 2)) * minutes * 60
            rows.append((f"{subject}{recording}", str(subject), group, "share", "all", "x", seconds, minutes * 60))
    names = ["recording", "cluster", "group", "measure", "level", "label", "numerator", "denominator"]
    table = pd.DataFrame(rows, columns=names)
    models = model_table(table, ("a", "b"))["p"]
    compared = comparison_table(table, ("a", "b"), draws=DRAWS, seed=seed).iloc[0]
    outside = not compared["ratio_low"] <= 1 <= compared["ratio_high"]
    return {
        "rate: Poisson GEE": models[0],
        "share: mixed model": models[1],
        "rate: bootstrap interval without 1": float(not outside),
    }


TESTS: dict[str, tuple[Callable[[int, float], dict[str, float]], float, str]] = {
    "transitions": (transitions, 0.12, "12 % of body gestures are followed by head and hand"),
    "co-occurrence": (co_occurrence, 0.12, "12 % of body gestures have a head gesture within 2 s"),
    "synchrony": (synchrony, 0.25, "a quarter of the other's movement taken up, 0.6 to 1.8 s later"),
    "groups": (groups, 0.6, "1.8 times the rate"),
}


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print("| test | of | false positives | | found | |\n|---|---|---|---|---|---|")
    for name in sys.argv[2:] or TESTS:
        test, effect, told = TESTS[name]
        began = time.perf_counter()
        null = pd.DataFrame([test(seed, 0.0) for seed in range(studies)])
        planted = pd.DataFrame([test(10_000 + seed, effect) for seed in range(studies // 5)])
        for column in null:
            cells = []
            for table in (null, planted):
                share = wilson(int((table[column] < 0.05).sum()), int(table[column].notna().sum()))
                cells.append(f"{share.value:.1%} | {share.low:.1%} to {share.high:.1%}")
            print(f"| {name} | {column} | {' | '.join(cells)} |", flush=True)
        print(f"{name}: planted: {told}; {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
