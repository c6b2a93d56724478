"""The last layer of the skeleton network, fitted to an observer's corrections on tokens that stay as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from kinesics.inference.prior import prior_ratio
from kinesics.inference.scores import Scores, probabilities
from kinesics.inference.skeleton import held_windows, recording_windows, smooth_windows
from kinesics.models.skeleton.agcn import TwoStreamAGCN, TwoStreamOutput
from kinesics.preprocessing.windows import as_trained
from kinesics.skeleton.sequence import FloatArray
from kinesics.training.adapt.reviewed import ReviewedRecording
from kinesics.weights.specification import EVEN, NONE, Specification

LEAST_EXAMPLES = 5  # of a class, from which its part of the last layer is fitted
_BATCH = 64
_ITERATIONS = 60
_SHARE_OF_BIAS = 0.01  # of the pull towards what the weights were: the shares of classes are learned quickly


@dataclass(frozen=True, eq=False)
class RecordingTokens:
    """What the network makes of one reviewed recording, without its last layer.

    Attributes
    ----------
    recording : whose it is.
    times : (N,) seconds of the windows' middles.
    tokens : (N, 2·C) mean tokens of both streams.
    present : (N,) whether the person is there.
    """

    recording: ReviewedRecording
    times: FloatArray
    tokens: FloatArray
    present: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LastLayer:
    """The last layer of both streams as one, its classes, and the prior inside its bias.

    Attributes
    ----------
    weight : (K, 2·C).
    bias : (K,).
    specification : of the weights it belongs to; its prior is even, for the bias holds it.
    """

    weight: Tensor
    bias: Tensor
    specification: Specification

    def scores(self, recording: RecordingTokens) -> Scores:
        """One recording's class probabilities, as `analyze` would find them."""
        with torch.no_grad():
            logits = F.linear(torch.from_numpy(recording.tokens), self.weight, self.bias).numpy()
        found = probabilities(logits, recording.present, self.specification)
        smooth = smooth_windows(found, self.specification)
        return Scores(recording.times, smooth, self.specification.classes, recording.recording.skeleton.person)


def recording_tokens(
    network: Callable[[Tensor], TwoStreamOutput], specification: Specification, recording: ReviewedRecording
) -> RecordingTokens:
    """Run the frozen network over a recording.

    Parameters
    ----------
    network : in eval mode.
    specification : of its window and stride.
    recording : whom to look at.

    Returns
    -------
    Its tokens, a row a window.
    """
    windows = recording_windows(recording.skeleton, specification)
    tokens, present = [], []
    for first in range(0, len(windows.starts), _BATCH):
        starts = windows.starts[first : first + _BATCH]
        xyz, score, there = held_windows(recording.skeleton, windows.rows, starts, specification.frames)
        with torch.no_grad():
            out = network(torch.from_numpy(as_trained(xyz, score)))
        tokens.append(out.tokens.float().mean((1, 2)).numpy())
        present.append(there)
    return RecordingTokens(recording, windows.times, np.concatenate(tokens), np.concatenate(present))


def first_layer(network: TwoStreamAGCN, specification: Specification, own: Sequence[str]) -> LastLayer:
    """The last layer as it is, with rows of zeros for classes of one's own, and the weights' prior in its bias.

    Parameters
    ----------
    network : whose it is.
    specification : of the network.
    own : classes that it does not know.

    Returns
    -------
    The layer; with no class of one's own it answers as the weights do.
    """
    ratio = prior_ratio(specification.prior, specification.classes)
    joint, bone = network.joint.fc, network.bone.fc
    weight = torch.cat([joint.weight, bone.weight], 1).detach().clone()
    bias = (joint.bias + bone.bias).detach() + specification.temperature * torch.from_numpy(np.log(ratio))
    place = len(specification.classes) - (NONE in specification.classes)
    rarest = bias[:place].min().expand(len(own))
    weight = torch.cat([weight[:place], torch.zeros(len(own), weight.shape[1]), weight[place:]])
    bias = torch.cat([bias[:place], rarest, bias[place:]])
    classes = (*specification.classes[:place], *own, *specification.classes[place:])
    return LastLayer(weight, bias, _with_classes(specification, classes))


def _with_classes(specification: Specification, classes: tuple[str, ...]) -> Specification:
    config = dict(specification.config) | {"classes": len(classes)}
    return replace(specification, classes=classes, config=config, prior=EVEN)


def window_labels(recording: RecordingTokens, classes: Sequence[str]) -> NDArray[np.int64]:
    """The class of each window: the shortest event around its middle, or "none".

    Parameters
    ----------
    recording : with its events.
    classes : "none" among them.

    Returns
    -------
    (N,), −1 where nobody is there.
    """
    labels = np.full(len(recording.times), classes.index(NONE))
    for label, start, end in sorted(recording.recording.events, key=lambda event: event[1] - event[2]):
        labels[(recording.times >= start) & (recording.times <= end)] = classes.index(label)
    labels[~recording.present] = -1
    return labels


def examples(recordings: Sequence[ReviewedRecording]) -> Counter[str]:
    """How many events there are of each class."""
    return Counter(label for one in recordings for label, _, _ in one.events)


def fit_last_layer(layer: LastLayer, recordings: Sequence[RecordingTokens], pull: float) -> LastLayer:
    """Fit the layer: cross-entropy of the windows, and a pull towards what it was.

    Rows of classes with fewer than `LEAST_EXAMPLES` stay as they are, but for their bias.

    Parameters
    ----------
    layer : to begin with.
    recordings : that were reviewed.
    pull : how strongly it is held; infinite for a bias that is fitted alone.

    Returns
    -------
    The fitted layer.
    """
    labels = np.concatenate([window_labels(one, layer.specification.classes) for one in recordings])
    tokens = torch.from_numpy(np.concatenate([one.tokens for one in recordings]))[labels >= 0]
    target = torch.from_numpy(labels[labels >= 0])
    counts = examples([one.recording for one in recordings])
    fitted = torch.tensor([name == NONE or counts[name] >= LEAST_EXAMPLES for name in layer.specification.classes])
    scale = tokens.std(0).clamp(min=1e-3)
    middle = tokens.mean(0)
    centred = (tokens - middle) / scale
    start = F.linear(tokens, layer.weight, layer.bias)
    change = torch.zeros_like(layer.weight, requires_grad=bool(np.isfinite(pull)))
    shift = torch.zeros_like(layer.bias, requires_grad=True)
    tuned = [shift, change] if change.requires_grad else [shift]
    optimiser = torch.optim.LBFGS(tuned, max_iter=_ITERATIONS, history_size=10, line_search_fn="strong_wolfe")
    held = pull if np.isfinite(pull) else 1e-2

    def loss() -> Tensor:
        optimiser.zero_grad()
        masked = change * fitted[:, None]
        logits = (start + F.linear(centred, masked, shift)) / layer.specification.temperature
        value = F.cross_entropy(logits, target) + held * (masked.square().sum() + _SHARE_OF_BIAS * shift.square().sum())
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    weight = (change * fitted[:, None]).detach() / scale
    return LastLayer(layer.weight + weight, layer.bias + shift.detach() - weight @ middle, layer.specification)
