from itertools import pairwise

import numpy as np
import pytest
from support.paths import SHARED

from kinesics.metrics import detection_score
from kinesics.metrics.segments import (
    SegmentCounts,
    contest_score,
    edge_errors,
    edit_score,
    frame_accuracy,
    match_events,
    mean_average_precision,
    segmental_counts,
    segments_of,
)

FIXTURE = SHARED / "reference" / "segment_metrics.npz"
SHREC = SHARED / "benchmarks" / "shrec21.npz"


def _sequences(rows, counts):
    ends = np.cumsum([0, *counts])
    return [np.repeat(rows[a:b, 0], rows[a:b, 1]).astype(int) for a, b in pairwise(ends)]


@pytest.mark.skipif(not FIXTURE.exists(), reason="needs ../shared/reference/segment_metrics.npz")
def test_published_predictions_have_their_published_scores():
    with np.load(FIXTURE) as file:
        arrays = {key: file[key] for key in file}
    kinds = dict(zip(arrays["score_names"].tolist(), arrays["scores"].T, strict=True))
    for number, name in enumerate(arrays["names"].tolist()):
        true = _sequences(arrays[f"{name}_truth"], arrays[f"{name}_truth_segments"])
        found = _sequences(arrays[f"{name}_prediction"], arrays[f"{name}_prediction_segments"])
        pairs = list(zip(found, true, strict=True))
        mine = np.array([
            (frame_accuracy(p, t), edit_score(p, t), *(segmental_counts(p, t, k).f1 for k in (0.1, 0.25, 0.5)))
            for p, t in pairs
        ])  # fmt: skip
        assert np.abs(100 * mine - arrays[f"{name}_per_sequence"]).max() < 1e-9
        for percent in (10, 25, 50):
            pooled = sum((segmental_counts(p, t, percent / 100) for p, t in pairs), SegmentCounts(0, 0, 0))
            assert abs(100 * pooled.f1 - kinds[f"f1_{percent}_pooled"][number]) < 1e-9
        edit = np.mean([edit_score(p, t, None) for p, t in pairs])
        assert abs(100 * edit - kinds["edit_with_background"][number]) < 1e-9


def _published(rows):
    table = {}
    for recording, label, start, end in rows.tolist():
        table.setdefault(str(recording), []).append((label, start, end))
    return table


@pytest.mark.skipif(not SHREC.exists(), reason="needs ../shared/benchmarks/shrec21.npz")
def test_the_contests_answers_have_the_scores_of_the_contest():
    with np.load(SHREC) as file:
        contest, repaired = file["events_2021"], file["events"]
        answers = [file[f"submission_{n}"] for n in (1, 2, 3)]
    truth = _published(contest[contest[:, 0] > 108])
    figures = [contest_score(_published(rows), truth, 18) for rows in answers]
    assert [(one.correct, one.wrong, one.alarms) for one in figures] == [(202, 30, 73), (198, 36, 123), (210, 17, 57)]
    assert [round(one.detection_rate, 4) for one in figures] == [0.7014, 0.6875, 0.7292]
    assert [round(one.false_positive_rate, 4) for one in figures] == [0.3576, 0.5521, 0.2569]
    assert [round(one.jaccard, 4) for one in figures] == [0.5501, 0.4737, 0.6029]
    truth = _published((repaired + np.array([0, 0, 1, 0]))[repaired[:, 0] > 108])
    third = _published(answers[2][answers[2][:, 1] < 17])
    found = contest_score(third, truth, 17)
    assert (found.correct, found.wrong, found.alarms) == (177, 4, 70)
    exclusive = [{name: [(c, s, e + 1) for c, s, e in rows] for name, rows in one.items()} for one in (third, truth)]
    assert detection_score(*exclusive, tiou=0.3).f1 == pytest.approx(0.741, abs=5e-4)


def test_a_perfect_answer_is_perfect_and_none_is_nothing():
    truth = {"a": [(0, 10, 20), (1, 30, 40)], "b": [(1, 5, 9)]}
    perfect = contest_score(truth, truth, 2)
    assert (perfect.detection_rate, perfect.false_positive_rate, perfect.jaccard) == (1, 0, 1)
    nothing = contest_score({}, truth, 2)
    assert (nothing.detection_rate, nothing.false_positive_rate, nothing.jaccard) == (0, 0, 0)


def test_a_second_right_hit_counts_nothing_and_a_wrong_class_is_no_alarm():
    truth = {"a": [(0, 10, 20), (1, 30, 40)]}
    found = contest_score({"a": [(0, 10, 20), (0, 11, 21), (0, 30, 40), (1, 60, 70)]}, truth, 2)
    assert (found.correct, found.wrong, found.alarms) == (1, 1, 1)
    assert found.jaccard == 1 / 2  # class 0: 1 of 1; class 1, whose event was named wrongly and comes last: 0 of 3


def test_segments_leave_the_background_out():
    frames = np.array([0, 0, 1, 1, 2, 0, 1])
    assert segments_of(frames) == [(1, 2, 4), (2, 4, 5), (1, 6, 7)]
    assert len(segments_of(frames, None)) == 5
    assert edit_score(np.zeros(4, int), np.zeros(4, int)) == 1


def test_events_pair_best_overlap_first_and_edges_are_signed():
    truth = [(0, 0.0, 10.0), (0, 8.0, 20.0)]
    predicted = [(0, 7.0, 19.0), (0, 1.0, 9.0), (1, 0.0, 10.0)]
    assert sorted(match_events(predicted, truth)) == [(0, 1), (1, 0)]
    errors = edge_errors({"a": predicted}, {"a": truth})
    assert sorted(errors.tolist()) == [[-1.0, -1.0], [1.0, -1.0]]
    assert edge_errors({}, {"a": truth}).shape == (0, 2)


def test_average_precision_by_hand():
    truth = {"a": [(0, 0.0, 10.0), (0, 20.0, 30.0)], "b": [(1, 0.0, 5.0)]}
    predictions = {"a": [(0, 0.0, 10.0, 0.9), (0, 50.0, 60.0, 0.8), (0, 20.0, 30.0, 0.7)], "b": []}
    # class 0: hits at ranks 1 and 3: 1/2 · 1 + 1/2 · 2/3; class 1: nothing
    assert mean_average_precision(predictions, truth, 0.5) == pytest.approx((0.5 + 1 / 3) / 2)
    assert mean_average_precision(truth_as_predictions(truth), truth, 0.7) == 1
    assert np.isnan(mean_average_precision({}, {"a": []}, 0.5))


def truth_as_predictions(truth):
    return {name: [(*event, 1.0) for event in events] for name, events in truth.items()}
