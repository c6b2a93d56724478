"""Events as they come."""

import json

import numpy as np
import pytest
from support import videos
from support.engines import EverybodyInTheMiddle

from kinesics.errors import KinesicsError
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.live import EVENTS, RECORDED, TIMELINE, LiveRuns, LiveWatcher, live
from kinesics.inference.scorer import open_scorer
from kinesics.inference.scores import Scores
from kinesics.timeline.formats import kinesics_json
from kinesics.video import probe

STEP = 0.32
RULE = EventRule(min_duration=0.0)


def told(column, rule=RULE):
    runs = LiveRuns(("nod", "none"), rule, STEP, "weights")
    changes, closed = [], []
    for i, score in enumerate(column):
        runs.add(i * STEP, np.array([score, 1 - score], np.float32))
        changes += [(i, state, event.start, event.end) for event, state in runs.take_changes()]
        closed += runs.take_closed()
    runs.finish()
    return changes, closed + runs.take_closed()


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_live_is_what_is_found_afterwards(seed):
    rng = np.random.default_rng(seed)
    column = np.clip(np.convolve(rng.random(80), np.ones(3) / 3, "same") ** 2 * 1.8, 0, 1).astype(np.float32)
    _, closed = told(column)
    times = (np.arange(80) * STEP).astype(np.float32)
    scores = Scores(times, np.stack([column, 1 - column], 1), ("nod", "none"), 1)
    later = list(find_events(scores, RULE, start=0.0, end=1e9, source="weights"))
    assert [(e.label, e.score) for e in closed] == [(e.label, e.score) for e in later]
    np.testing.assert_allclose([(e.start, e.end) for e in closed], [(e.start, e.end) for e in later], atol=2e-3)


def test_a_beginning_is_told_at_the_onset_an_end_at_the_first_low_score_and_a_gap_resumes():
    changes, closed = told([0, 0.4, 0.7, 0.1, 0.6, 0.1, 0.1, 0.1, 0.1])
    assert [(i, state) for i, state, _, _ in changes] == [(2, "begun"), (3, "ended"), (4, "resumed"), (5, "ended")]
    assert len(closed) == 1
    assert closed[0].start == pytest.approx(STEP / 2)
    assert closed[0].end == pytest.approx(4.5 * STEP)


def test_what_never_reaches_the_onset_is_no_event():
    assert told([0.4, 0.4, 0.1, 0.4]) == ([], [])


def test_a_file_as_the_camera_leaves_recording_and_timeline(tmp_path):
    path = videos.write(tmp_path / "a.mp4", videos.steady(75))
    updates = list(live(str(path), engine=EverybodyInTheMiddle(), out=tmp_path, threshold=0.05))
    assert 36 <= len(updates) + updates[-1].dropped <= 39, "twelve and a half a second are wanted"
    assert updates[-1].image_xy.shape == (42, 2)
    assert updates[-1].lag >= 0
    assert probe(tmp_path / RECORDED).duration == pytest.approx(3.0, abs=0.1)
    timeline = kinesics_json.read(tmp_path / TIMELINE)
    lines = (tmp_path / EVENTS).read_text().splitlines()
    assert len(lines) == len(timeline.events)
    changes = [change for update in updates for change in update.changes]
    assert {change.event.label for change in changes} >= {json.loads(line)["label"] for line in lines}
    assert all(change.delay > 0 for change in changes)


def test_who_stops_watching_keeps_what_was_written(tmp_path):
    path = videos.write(tmp_path / "a.mp4", videos.steady(100))
    updates = live(str(path), engine=EverybodyInTheMiddle(), out=tmp_path)
    for _ in range(10):
        next(updates)
    updates.close()
    assert probe(tmp_path / RECORDED).duration > 0.3
    assert kinesics_json.read(tmp_path / TIMELINE).duration > 0.3


def test_a_prior_that_is_learned_from_the_whole_is_refused():
    with pytest.raises(KinesicsError, match="known beforehand"):
        LiveWatcher(open_scorer(prior="recording"), EventRule())
