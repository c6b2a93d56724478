"""From corrections to weights that `analyze` takes, and no weights where nothing was gained."""

from dataclasses import replace

import numpy as np
import pytest
from support.reviewed import OWN, reviewed

from kinesics.errors import KinesicsError
from kinesics.inference.analyze import event_rule
from kinesics.inference.events import find_events
from kinesics.inference.scorer import open_scorer
from kinesics.perception import Observation
from kinesics.training.adapt.adaptation import adapt


def found_in(weights, one):
    scorer = open_scorer(weights)
    (scores,) = scorer.score((one.skeleton,), Observation((one.skeleton,), None), lambda _: None)
    events = find_events(scores, event_rule(scorer.specification), start=0.0, end=one.seconds, source="")
    return [event for event in events if event.label == OWN]


def test_a_class_of_ones_own_is_learned(tmp_path):
    shares = []
    adapted = adapt([reviewed(n) for n in range(4)], name="mine", progress=shares.append)
    assert shares[-1] == 1.0
    assert sorted(shares) == shares
    assert adapted.gain.low > 0
    assert adapted.own[OWN] >= 0.7
    assert (adapted.people, adapted.recordings, adapted.counts) == (4, 4, {OWN: 8})
    path = tmp_path / "mine.safetensors"
    adapted.save(path)
    specification = open_scorer(path).specification
    assert specification.name == "mine"
    assert "adapted to 8 events of 4 people in 4 recordings that an observer reviewed" in specification.training_data
    assert specification.metrics["adapted/gain"] == pytest.approx(adapted.gain.value)
    assert specification.prior == "even"
    unseen = reviewed(11)
    truth = [(start, end) for _, start, end in unseen.events]
    found = found_in(path, unseen)
    assert len(found) == len(truth)
    for event, (start, end) in zip(found, truth, strict=True):
        assert min(event.end, end) - max(event.start, start) > 0.5


def test_random_corrections_are_refused():
    rng = np.random.default_rng(2)
    names = ["head up", "turtle neck", "folding arms"]
    recordings = []
    for n in range(4):
        starts = np.sort(rng.uniform(0, 20, 4))
        events = tuple((str(rng.choice(names)), float(s), float(s + rng.uniform(0.5, 2))) for s in starts)
        recordings.append(replace(reviewed(n), events=events))
    with pytest.raises(KinesicsError, match=r"found a gain of [+-]\d+\.\d points .* no weights were written"):
        adapt(recordings)


def test_too_little_is_refused_at_once():
    ones = [replace(reviewed(n, seconds=20.0), subject="the same") for n in range(3)]
    with pytest.raises(KinesicsError, match=r"expected reviewed recordings of 3 people or more, found 1"):
        adapt(ones)
    with pytest.raises(KinesicsError, match=r"expected a class with 5 events or more, found 2 at most"):
        adapt([reviewed(n, label=f"class {n}", seconds=20.0) for n in range(3)])
