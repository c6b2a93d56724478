"""What is most worth an observer's look: what is uncertain, what is rare, and what is disputed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kinesics.evaluation.agreement import Disagreement
from kinesics.inference.events import EventRule, find_events
from kinesics.inference.scores import Scores
from kinesics.training.adapt.last_layer import LEAST_EXAMPLES

Reason = Literal["uncertain", "rare", "disputed"]
_NEAR = 0.6  # of an onset: how far below it a peak is worth a look; as far above on the other side


@dataclass(frozen=True)
class Suggestion:
    """A stretch of a recording to look at.

    Attributes
    ----------
    recording : its name.
    start, end : seconds.
    label : the class in question.
    reason : why.
    worth : 0..1, for the order.
    person : whose it is.
    """

    recording: str
    start: float
    end: float
    label: str
    reason: Reason
    worth: float
    person: int = 0


def suggest_next(
    scores: Iterable[tuple[str, Scores, float]],
    rule: EventRule,
    counts: Mapping[str, int],
    disagreements: Sequence[Disagreement] = (),
) -> list[Suggestion]:
    """List what to look at next, the most worthwhile first.

    Parameters
    ----------
    scores : of recordings that nobody has reviewed: name, scores of a person, seconds.
    rule : by which events are found.
    counts : reviewed events by class.
    disagreements : of coders.

    Returns
    -------
    Peaks near their onset, events of classes with few examples, and disagreements.
    """
    found = [one for name, person, seconds in scores for one in _of_scores(name, person, seconds, rule, counts)]
    longest = max((one.duration for one in disagreements), default=1.0)
    for one in disagreements:
        label = " or ".join(label for label in (one.first_label, one.second_label) if label)
        found.append(Suggestion(one.recording, one.start, one.end, label, "disputed", one.duration / longest))
    return sorted(found, key=lambda one: (-one.worth, one.recording, one.start))


def _of_scores(
    name: str, scores: Scores, seconds: float, rule: EventRule, counts: Mapping[str, int]
) -> Iterator[Suggestion]:
    lower = EventRule(rule.onset * _NEAR, rule.offset, rule.min_gap, rule.min_duration, _lowered(rule))
    for event in find_events(scores, lower, start=0.0, end=seconds, source=""):
        onset = rule.onset_of(event.label)
        reach = (1 - _NEAR) * onset
        uncertain = max(0.0, 1 - abs(event.score - onset) / reach)
        few = max(0, LEAST_EXAMPLES - counts.get(event.label, 0)) / LEAST_EXAMPLES
        rare = few * min(1.0, event.score / onset)
        reason: Reason = "rare" if rare > uncertain else "uncertain"
        if (worth := max(rare, uncertain)) > 0:
            yield Suggestion(name, event.start, event.end, event.label, reason, round(worth, 3), event.person)


def _lowered(rule: EventRule) -> dict[str, float]:
    return {label: onset * _NEAR for label, onset in (rule.by_class or {}).items()}
