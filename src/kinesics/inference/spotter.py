"""A scorer that answers with events of its own: the sliding network's scores, and a spotter over its tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kinesics.inference.events import EventRule
from kinesics.inference.scores import Scores, gesture_names
from kinesics.inference.skeleton import SkeletonScorer, skeleton_scorer
from kinesics.inference.spotting import SuppressionRule, points_of, spots_of
from kinesics.inference.spotting_tokens import skeleton_tokens
from kinesics.perception import Observation
from kinesics.progress import Progress
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.timeline import Event
from kinesics.weights.specification import Specification

if TYPE_CHECKING:
    from kinesics.models.gesture.spotting_net import SpottingNet


@dataclass(frozen=True)
class SpotterScorer:
    """Scores people by sliding the skeleton network, and finds their events by a spotter over its tokens; a `Scorer`.

    Attributes
    ----------
    sliding : scores, and classifies clips.
    tokens : of a person, (L, C), one a frame of the network's clock.
    network : finds events in tokens.
    specification : of the weights.
    sha256 : of the weights file.
    reads_video : False, it asks for no frame.
    """

    sliding: SkeletonScorer
    tokens: Callable[[SkeletonSequence], FloatArray]
    network: SpottingNet
    specification: Specification
    sha256: str = ""
    reads_video: bool = False

    def score(
        self, people: Sequence[SkeletonSequence], observation: Observation, progress: Progress
    ) -> tuple[Scores, ...]:
        """Everybody's class probabilities, as the sliding network gives them.

        Parameters
        ----------
        people, observation, progress : as in `Scorer.score`.

        Returns
        -------
        One `Scores` a person, in their order.
        """
        return self.sliding.score(people, observation, progress)

    def classify(self, person: SkeletonSequence, observation: Observation | None = None) -> FloatArray:
        """Probabilities (C,) of the gestures for one pre-cut clip, of the sliding network."""
        return self.sliding.classify(person, observation)

    def find(self, person: SkeletonSequence, rule: EventRule, source: str) -> Iterator[Event]:
        """Find the events of one person.

        Parameters
        ----------
        person : whom.
        rule : of which the onset of each class is the least score of an event.
        source : the name that the events bear as theirs.

        Yields
        ------
        Events, the most confident first.
        """
        tokens = self.tokens(person)
        if not len(tokens):
            return
        answer = points_of(self.network, tokens)
        exclusive = SuppressionRule(exclusive=self.network.exclusive)
        spots = spots_of(answer.probability, answer.distances, answer.place, length=len(tokens), rule=exclusive)
        names = gesture_names(self.specification.classes)
        seconds = (spots.span + 0.5) / self.specification.fps + person.start
        for label, (start, end), score in zip(
            spots.label.tolist(), seconds.tolist(), spots.score.tolist(), strict=True
        ):
            if score >= rule.onset_of(names[label]) and round(start, 3) < round(end, 3):
                yield Event(names[label], label, round(start, 3), round(end, 3), round(score, 4), person.person, source)


def open_spotter_scorer(path: Path) -> SpotterScorer:
    """The scorer of a weights file that holds both networks."""
    from kinesics.models.gesture.skeleton_spotter import SkeletonSpotter
    from kinesics.models.skeleton.agcn_inference import InferenceAGCN
    from kinesics.weights.load import load_as

    network, specification, sha256 = load_as(SkeletonSpotter, path)
    quick = InferenceAGCN(network.skeleton)
    sliding = skeleton_scorer(quick, replace(specification, thresholds={}), sha256)
    return SpotterScorer(
        sliding, lambda person: skeleton_tokens(quick, person, specification), network.spotting, specification, sha256
    )
