"""Which points answer for which event, and what their errors cost."""

import pytest
import torch

from kinesics.models.gesture.spotter import Points, pyramid_grid
from kinesics.training.spotting.loss import assign, diou_loss, focal_loss, label_tokens, spotting_loss

GRID = pyramid_grid(64, 4)


def events(*rows):
    return torch.tensor([rows], dtype=torch.float32).reshape(1, -1, 3)


def test_an_event_belongs_to_the_points_near_its_centre_on_the_level_of_its_length():
    short, long = assign(events((0, 10, 14)), GRID, 2, 1.5), assign(events((0, 4, 60)), GRID, 2, 1.5)
    assert set(GRID.stride[short.assigned[0]].tolist()) == {1}
    assert GRID.place[short.assigned[0]].tolist() == [11, 12, 13]
    assert set(GRID.stride[long.assigned[0]].tolist()) <= {4, 8}
    rows = torch.nonzero(short.assigned[0])[:, 0]
    assert short.distances[0, rows].tolist() == [[1, 3], [2, 2], [3, 1]]
    assert short.classes[0, rows].tolist() == [[1, 0]] * 3


@pytest.mark.parametrize("length", [2.3, 5, 9, 14, 25, 40, 60])
def test_no_event_is_without_points(length):
    for start in (0.4, 1.7, 2.9):
        assert assign(events((1, start, start + length)), GRID, 2, 1.5).assigned.any()


def test_gestures_of_two_classes_at_once_are_both_wanted_and_the_shorter_is_measured():
    both = assign(events((0, 10, 16), (1, 11, 15)), GRID, 2, 1.5)
    row = int(torch.nonzero((GRID.place == 13) & (GRID.stride == 1)))
    assert both.classes[0, row].tolist() == [1, 1]
    assert both.distances[0, row].tolist() == [2, 2]


def test_nothing_is_wanted_without_an_event():
    for none in (events(), events((-1, -1, -1))):
        targets = assign(none, GRID, 3, 1.5)
        assert not targets.assigned.any()
        assert targets.classes.sum() == 0


def test_tokens_are_labelled_from_edge_to_edge():
    targets = label_tokens(events((1, 2, 4)), 6, 2)
    assert targets.classes[0, :, 1].tolist() == [0, 0, 1, 1, 1, 0]


def test_right_edges_cost_nothing_and_far_ones_more_than_near_ones():
    true = torch.tensor([[4.0, 4.0]])
    cost = [float(diou_loss(torch.tensor([found]), true)) for found in ([4.0, 4.0], [3.0, 5.0], [1.0, 7.0])]
    assert cost[0] == pytest.approx(0, abs=1e-6)
    assert cost[0] < cost[1] < cost[2]


def test_what_is_right_already_hardly_counts():
    wanted = torch.ones(1)
    plain = -torch.tensor([4.0, 0.0]).sigmoid().log()
    focal = torch.stack([focal_loss(torch.tensor([x]), wanted)[0] for x in (4.0, 0.0)])
    assert focal[0] / focal[1] < 0.01 * plain[0] / plain[1] * 10


def test_points_that_are_not_real_cost_nothing():
    logits = torch.zeros(1, len(GRID.place), 2)
    points = Points(logits, torch.ones(1, len(GRID.place), 2))
    targets = assign(events((0, 10, 14)), GRID, 2, 1.5)
    nothing = spotting_loss(points, targets, torch.zeros(1, len(GRID.place), dtype=torch.bool))
    assert [float(part) for part in nothing] == [0, 0]
