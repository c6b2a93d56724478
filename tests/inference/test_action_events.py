"""The rules on made-up faces, and on real ones where they are at hand."""

import numpy as np
import pytest
from support.paths import SHARED
from support.recordings import actions

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.action_events import NO_CLASS, ONSETS, RULE, RULES, find_action_events, with_rules
from kinesics.inference.events import EventRule
from kinesics.inference.facial_actions import FacialActions, facial_actions
from kinesics.perception import observe
from kinesics.perception.actions import ACTIONS
from kinesics.timeline import Event

PRESSING = CLASSES[28]
USUAL = EventRule(by_class=ONSETS)
REAL = SHARED / "realclips"


def face(seconds=4.0, **courses) -> FacialActions:
    """A face at rest but for some actions, each (start, end, strength); a name without a side is both sides."""
    times = np.arange(0, seconds, 0.08)
    strength = np.zeros((len(times), len(ACTIONS)), np.float32)
    for name, (start, end, value) in courses.items():
        columns = [i for i, action in enumerate(ACTIONS) if action in (name, f"{name}Left", f"{name}Right")]
        assert columns, name
        strength[np.ix_((times >= start) & (times < end), columns)] = value
    return FacialActions(times, strength, 3)


def found(one, rule=USUAL, classes=CLASSES):
    return list(find_action_events(one, rule, classes, start=0.0, end=4.0))


@pytest.mark.parametrize(
    ("label", "courses"),
    [
        (PRESSING, {"mouthRollLower": (1, 2, 0.7)}),
        (PRESSING, {"mouthPress": (1, 2, 0.7), "mouthShrugLower": (1, 2, 0.9)}),
        ("brows raised", {"browInnerUp": (1, 2, 0.9), "browOuterUp": (1, 2, 0.8)}),
        ("jaw open", {"jawOpen": (1, 2, 0.9)}),
    ],
)
def test_what_is_held_for_a_second_is_an_event(label, courses):
    (event,) = found(face(**courses))
    assert (event.label, event.person, event.source) == (label, 3, RULE)
    assert event.index == (28 if label == PRESSING else NO_CLASS)
    assert (event.start, event.end) == (pytest.approx(1, abs=0.2), pytest.approx(2, abs=0.2))


@pytest.mark.parametrize(
    "courses",
    [
        {"mouthSmile": (1, 2, 0.9), "mouthPress": (1, 2, 0.6), "mouthShrugLower": (1, 2, 0.8)},  # with closed lips
        {"mouthPress": (1, 2, 0.6)},
        {"mouthShrugLower": (1, 2, 0.9)},
        {"mouthRollLower": (1, 1.16, 0.6), "jawOpen": (1.2, 1.4, 0.6)},  # "ma"
        {"eyeBlink": (1, 1.2, 0.9)},
    ],
    ids=["smile", "press alone", "chin alone", "a syllable", "blink"],
)
def test_a_smile_or_talk_is_none(courses):
    assert found(face(**courses)) == []


def test_brows_count_from_where_they_mostly_are():
    high = face(browInnerUp=(0, 4, 0.6), browOuterUp=(0, 4, 0.6))
    assert found(high) == []


def test_what_cannot_be_read_is_no_event():
    one = face(mouthRollLower=(1, 2, 0.7))
    one.strength[:] = np.nan
    assert found(one) == []


def test_weights_without_the_class_get_the_rule_s_own_name():
    (event,) = found(face(mouthRollLower=(1, 2, 0.7)), classes=("wave",))
    assert (event.label, event.index) == ("lips pressed", NO_CLASS)


def test_each_rule_has_its_own_onset():
    one = face(mouthRollLower=(1, 2, 0.7), jawOpen=(3, 3.8, 0.7))
    assert [event.label for event in found(one, EventRule(by_class={**ONSETS, "jaw open": 0.9}))] == [PRESSING]
    assert set(ONSETS) == {rule.label for rule in RULES}


def test_both_sources_of_one_moment_are_counted_once():
    network = [
        Event(PRESSING, 28, 1.4, 2.5, 0.6, 3, "net"),
        Event(PRESSING, 28, 2.6, 3.0, 0.9, 3, "net"),
        Event(PRESSING, 28, 1.4, 2.5, 0.6, 4, "net"),
        Event("turtle neck", 0, 1.0, 2.0, 0.6, 3, "net"),
    ]
    ruled = [Event(PRESSING, 28, 1.0, 2.7, 0.7, 3, RULE), Event("jaw open", NO_CLASS, 1.0, 2.0, 0.7, 3, RULE)]
    joined = with_rules(network, ruled)
    assert Event(PRESSING, 28, 1.0, 3.0, 0.9, 3, "net and rule") in joined
    assert set(joined) - set(network) - set(ruled) == {Event(PRESSING, 28, 1.0, 3.0, 0.9, 3, "net and rule")}
    assert len(joined) == 4
    assert with_rules(network, []) == tuple(network)


def test_the_made_up_recording_presses_its_lips_once():
    assert [event.label for event in found(actions(4.0))] == [PRESSING]


@pytest.mark.skipif(not REAL.exists(), reason="the real clips beside the repository are absent")
@pytest.mark.parametrize(("clip", "expected"), [("emblem_on_forehead", [PRESSING]), ("speaker_flags", [])])
def test_real_faces(clip, expected):
    """A man who presses his lips, and one who talks."""
    observation = observe(REAL / f"{clip}.mp4", least=12.5, engine="openvino")
    (one,) = facial_actions(observation, observation.people[:1])
    assert [event.label for event in found(one)] == expected
