import numpy as np
import pytest
from support.recordings import actions, person, talking, with_actions

from kinesics.inference.facial_actions import FacialActions, facial_actions
from kinesics.perception import Observation
from kinesics.perception.actions import ACTIONS, MAIN_ACTIONS
from kinesics.skeleton import UPPER_BODY
from kinesics.video import probe


def observed(*, hand_at_mouth: bool) -> Observation:
    """Two people in a real clip; the second one's hand may lie on the mouth."""
    info = probe(talking().recording.path)
    people = [person(1.0, number=number) for number in (1, 2)]
    if hand_at_mouth:
        people[1].image_xy[:, UPPER_BODY.index("left_index_tip")] = people[1].image_xy[:, UPPER_BODY.index("upper_lip")]
    strengths = tuple(np.full((len(one), len(ACTIONS)), 0.1 * one.person, np.float32) for one in people)
    return Observation(tuple(people), info, actions=strengths)


def test_each_chosen_person_has_their_own():
    observation = observed(hand_at_mouth=False)
    (second,) = facial_actions(observation, observation.people[1:])
    assert second.person == 2
    np.testing.assert_allclose(second.strength, 0.2)
    assert second.times.tolist() == pytest.approx((np.arange(25) / 25).tolist())
    assert second.rate == pytest.approx(25)


def test_a_hand_before_the_face_leaves_nothing_to_read():
    observation = observed(hand_at_mouth=True)
    first, second = facial_actions(observation, observation.people)
    assert (first.readable, second.readable) == (1, 0)
    assert np.isfinite(observation.actions[1]).all(), "what was observed stays as it was"
    assert second.to_dict() == {"person": 2, "seen": 0.0, "mean_and_p95": {}}


def test_an_engine_that_reads_none_and_landmarks_give_none():
    observation = observed(hand_at_mouth=False)
    without = Observation(observation.people, observation.video)
    assert facial_actions(without, observation.people) == ()
    assert facial_actions(Observation(observation.people, None), observation.people) == ()


def test_main_actions_are_means_of_left_and_right():
    strength = np.zeros((2, len(ACTIONS)), np.float32)
    strength[:, ACTIONS.index("mouthSmileLeft")] = [0.4, 0.8]
    one = FacialActions(np.array([0.0, 0.1]), strength, 1)
    assert one.main()["smile"].tolist() == pytest.approx([0.2, 0.4])
    assert set(one.main()) == set(MAIN_ACTIONS)
    assert one.to_dict()["mean_and_p95"]["smile"] == pytest.approx([0.3, 0.39])


def test_a_data_frame_has_a_row_a_moment():
    analysis = with_actions(talking())
    frame = analysis.actions_dataframe()
    assert list(frame.columns) == ["person", "time", *ACTIONS]
    assert len(frame) == len(actions(analysis.recording.duration).times)
    assert frame["jawOpen"].isna().sum() == frame["browInnerUp"].isna().sum() > 0
    assert len(talking().actions_dataframe()) == 0
