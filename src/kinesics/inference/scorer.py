"""Scorers: gesture weights opened once from their file, to score whole recordings and to classify clips."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from kinesics.errors import KinesicsError
from kinesics.inference.fused import exported_fused_scorer, open_fused_scorer
from kinesics.inference.prior import prior_ratio, with_prior, with_ratio
from kinesics.inference.scores import Scores, gesture_names
from kinesics.inference.skeleton import exported_skeleton_scorer, open_skeleton_scorer
from kinesics.inference.spotter import SpotterScorer, open_spotter_scorer
from kinesics.perception import Observation
from kinesics.progress import Progress
from kinesics.skeleton import UPPER_BODY, SkeletonSequence
from kinesics.skeleton.sequence import FloatArray
from kinesics.weights.exported import SUFFIXES, ExportedNetwork, read_export_of, read_exported
from kinesics.weights.specification import DEFAULT, EVEN, NONE, Specification, specification_of


class Scorer(Protocol):
    """What an analysis asks of gesture weights, whatever network is in them."""

    @property
    def specification(self) -> Specification:
        """The weights' own: classes, window, thresholds, licence."""
        ...

    @property
    def sha256(self) -> str:
        """That of the weights file."""
        ...

    @property
    def reads_video(self) -> bool:
        """Whether it decodes the video for itself, which takes as long as tracking does."""
        ...

    def score(
        self, people: Sequence[SkeletonSequence], observation: Observation, progress: Progress
    ) -> tuple[Scores, ...]:
        """Score everybody in `people` over the whole recording.

        Parameters
        ----------
        people : whom to score, a choice from `observation.people`.
        observation : everybody in the recording, and the video if there is one.
        progress : called with the share done, 0..1.

        Returns
        -------
        One `Scores` a person, in their order.

        Raises
        ------
        KinesicsError
            for a recording that lacks what the network looks at.
        """
        ...

    def classify(self, person: SkeletonSequence, observation: Observation) -> FloatArray:
        """Probabilities (C,) of the gestures for one pre-cut clip, without "none"; they sum to 1."""
        ...


@dataclass(frozen=True)
class PriorScorer:
    """A scorer whose probabilities are carried to other shares of the classes; itself a `Scorer`.

    Attributes
    ----------
    scorer : of weights that were trained with even shares.
    prior : as `prior_ratio` takes it.
    """

    scorer: Scorer
    prior: str

    @property
    def specification(self) -> Specification:
        """The weights' own."""
        return self.scorer.specification

    @property
    def sha256(self) -> str:
        """That of the weights file."""
        return self.scorer.sha256

    @property
    def reads_video(self) -> bool:
        """As the scorer itself."""
        return self.scorer.reads_video

    def score(
        self, people: Sequence[SkeletonSequence], observation: Observation, progress: Progress
    ) -> tuple[Scores, ...]:
        """Everybody's class probabilities.

        Parameters
        ----------
        people, observation, progress : as in `Scorer.score`.

        Returns
        -------
        One `Scores` a person, in their order.
        """
        found = self.scorer.score(people, observation, progress)
        return tuple(with_prior(scores, self.prior) for scores in found)

    def classify(self, person: SkeletonSequence, observation: Observation) -> FloatArray:
        """Probabilities (C,) of the gestures for one pre-cut clip, too short to learn shares from."""
        ratio = prior_ratio(self.prior, self.specification.classes)
        gestures = [i for i, name in enumerate(self.specification.classes) if name != NONE]
        return with_ratio(self.scorer.classify(person, observation), ratio[gestures])


class ScorerKind(NamedTuple):
    """How to open the weights of one kind of network.

    open : from a weights file.
    open_export : from a file of `kinesics export`, or None where there is no such thing.
    """

    open: Callable[[Path], Scorer]
    open_export: Callable[[ExportedNetwork], Scorer] | None


SCORERS: dict[str, ScorerKind] = {  # by `Specification.network`
    "two_stream_agcn": ScorerKind(open_skeleton_scorer, exported_skeleton_scorer),
    "gesture_net": ScorerKind(open_fused_scorer, exported_fused_scorer),
    "skeleton_spotter": ScorerKind(open_spotter_scorer, None),
}


def open_scorer(path: Path = DEFAULT, prior: str | None = None) -> PriorScorer:
    """The scorer of a weights file, or of a file of `kinesics export`; one that lies beside its weights needs no torch.

    Parameters
    ----------
    path : the file.
    prior : how often each gesture is expected, as `prior_ratio` takes it; by default as the weights say.

    Returns
    -------
    It, ready to score.

    Raises
    ------
    KinesicsError
        for a file that is missing or no weights, for weights that name no gestures of a recording or want other joints
        than are found in one, for a prior that does not fit them, and where PyTorch is needed and missing.
    """
    scorer = _open(path)
    chosen = prior or scorer.specification.prior
    prior_ratio(chosen, scorer.specification.classes)  # one that does not fit is refused at once
    return PriorScorer(scorer, chosen)


def _open(path: Path) -> Scorer:
    exported = read_exported(path) if path.suffix in SUFFIXES else read_export_of(path)
    specification = specification_of(path) if exported is None else exported.specification
    kind = SCORERS.get(specification.network)
    if kind is None or (exported is not None and kind.open_export is None):
        raise KinesicsError(
            f"{path}: expected weights of {' or '.join(SCORERS)}, found {specification.network}, which names "
            "no gestures of a recording; leave --weights away to use the ones that are shipped"
        )
    if specification.layout != UPPER_BODY.name or specification.own_layout:
        raise KinesicsError(
            f"{path}: expected weights for the joints {UPPER_BODY.name}, which are those found in recordings, found "
            f"{specification.layout or 'none'}; train on data in this layout"
        )
    if specification.fps <= 0 or specification.frames < 2 or not gesture_names(specification.classes):
        raise KinesicsError(
            f"{path}: expected weights that name gestures in windows of a recording, found "
            f"{len(gesture_names(specification.classes))} gestures in windows of {specification.frames} frames at "
            f"{specification.fps:g} a second; leave --weights away to use the ones that are shipped"
        )
    if exported is not None and kind.open_export is not None:
        return kind.open_export(exported)
    if not has_torch():
        raise KinesicsError(
            f"{path}: expected PyTorch to run these weights, found none; pip install 'kinesics[torch]', or name a file "
            "of `kinesics export` with --weights"
        )
    return kind.open(path)


def has_torch() -> bool:
    """Whether PyTorch is installed; without it exported networks still run, and facial expression is not read."""
    try:
        return bool(importlib.import_module("torch"))
    except ImportError:
        return False


def spotter_of(scorer: Scorer) -> SpotterScorer | None:
    """The scorer that finds events by itself, or None for one whose scores become events by a rule."""
    inner = scorer.scorer if isinstance(scorer, PriorScorer) else scorer
    return inner if isinstance(inner, SpotterScorer) else None


def prior_of(scorer: Scorer) -> str:
    """The prior by which a scorer's probabilities are."""
    return scorer.prior if isinstance(scorer, PriorScorer) else EVEN
