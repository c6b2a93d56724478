"""Plain rules that make events of facial actions, beside those that the network finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from kinesics.data.sets.imigue.classes import CLASSES
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.facial_actions import FacialActions
from kinesics.inference.scores import Scores
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline import Event

RULE = "rule"  # the source of these events
NO_CLASS = -1  # their index where the weights have no class for it
_SMOOTHING = 0.4  # seconds; a sound that closes the lips takes half of it
_PRESSING_LIPS = 28  # of iMiGUE's classes


def _lips_pressed(actions: FacialActions) -> FloatArray:
    """The lower lip rolled in, or both lips pressed while the chin pushes up; a smile presses them as well."""
    rolled = actions.mean_of("mouthRollLower")
    pressed = actions.mean_of("mouthPressLeft", "mouthPressRight")
    smile = actions.mean_of("mouthSmileLeft", "mouthSmileRight")
    strength: FloatArray = np.maximum(rolled, np.minimum(pressed, actions.mean_of("mouthShrugLower"))) * (1 - smile)
    return strength


def _brows_raised(actions: FacialActions) -> FloatArray:
    """How far the brows are above where this person mostly has them, as a share of what is left above that."""
    up = actions.main()["brows up"]
    usual = float(np.nanmedian(up)) if actions.readable else 0.0
    above: FloatArray = np.clip((up - usual) / max(1 - usual, 1e-6), 0, 1).astype(np.float32)
    return above


def _jaw_open(actions: FacialActions) -> FloatArray:
    return actions.main()["jaw open"]


@dataclass(frozen=True)
class ActionRule:
    """One rule.

    Attributes
    ----------
    label : of its events, where the weights have no class for it.
    onset : the strength (0..1) at which an event begins.
    strength : what it measures of a person's actions, (N,) in 0..1, NaN where the face cannot be read.
    gesture : the class of iMiGUE that it is, or None.
    """

    label: str
    onset: float
    strength: Callable[[FacialActions], FloatArray]
    gesture: str | None = None


# The onsets were chosen on real clips of ordinary talk and of acted reactions, see docs/perception.md
RULES: tuple[ActionRule, ...] = (
    ActionRule("lips pressed", 0.35, _lips_pressed, CLASSES[_PRESSING_LIPS]),
    ActionRule("brows raised", 0.75, _brows_raised),
    ActionRule("jaw open", 0.75, _jaw_open),
)
ONSETS = {rule.label: rule.onset for rule in RULES}


def find_action_events(
    actions: FacialActions, rule: EventRule, classes: tuple[str, ...], *, start: float, end: float
) -> Iterator[Event]:
    """Find the events of one person by `RULES`.

    Parameters
    ----------
    actions : of the person.
    rule : when a run is an event; its onsets by the labels of `RULES`.
    classes : of the weights; a rule's events bear the name and the index of its class, if it is one of them.
    start, end : seconds; events are cut to lie between.

    Yields
    ------
    Events whose source is `RULE`.
    """
    strengths = [_smooth(one.strength(actions), actions.rate) for one in RULES]
    scores = Scores(
        actions.times.astype(np.float32), np.stack(strengths, 1), tuple(one.label for one in RULES), actions.person
    )
    for event in find_events(scores, rule, start=start, end=end, source=RULE):
        gesture = RULES[event.index].gesture
        if gesture in classes:
            yield replace(event, label=gesture, index=classes.index(gesture))
        else:
            yield replace(event, index=NO_CLASS)


def with_rules(found: Iterable[Event], ruled: Iterable[Event]) -> tuple[Event, ...]:
    """The network's events and the rules': those of one class, person and moment become one, with both as its source.

    Parameters
    ----------
    found : the network's.
    ruled : the rules'.

    Returns
    -------
    All of them, nothing twice; the score of a joined event is the higher one.
    """
    events = list(found)
    for event in ruled:
        same = [one for one in events if _same(one, event)]
        events = [one for one in events if one not in same]
        events.append(_joined([*same, event]))
    return tuple(events)


def _same(one: Event, other: Event) -> bool:
    alike = (one.label, one.person) == (other.label, other.person)
    return alike and one.segment.overlap(other.segment) > 0


def _joined(events: list[Event]) -> Event:
    sources = dict.fromkeys(event.source for event in events)
    return replace(
        events[0],
        start=min(event.start for event in events),
        end=max(event.end for event in events),
        score=max(event.score for event in events),
        source=" and ".join(sources),
    )


def _smooth(strength: FloatArray, rate: float) -> FloatArray:
    """(N,) the mean over `_SMOOTHING` of what is known; 0 where the face cannot be read."""
    known = np.isfinite(strength)
    kernel = np.ones(max(1, int(_SMOOTHING * rate) // 2 * 2 + 1))
    reach = len(kernel) // 2
    total, weight = (np.convolve(x, kernel)[reach : reach + len(x)] for x in (np.where(known, strength, 0), known))
    return np.where(known, total / np.maximum(weight, 1), 0).astype(np.float32)
