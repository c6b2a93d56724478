"""Whether two people in one recording move, or show gestures, together: cross-correlation against shifted surrogates.

The peak of the cross-correlation within a few seconds is compared with the peaks when one of both is shifted round the
recording (circular shift surrogates): the rhythm of each stays, what ties them together goes. All shifts count, those
near none included, for neighbours share their peaks: leaving them out would make finds by luck look rare. Of shifts
with the same peak the one that has it at the smaller lag counts as higher.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinesics.errors import KinesicsError
from kinesics.report.folder import LANDMARKS
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.sequence import load_skeletons
from kinesics.study.frames import REAL, TEXT, WHO, WHOLE, typed_frame
from kinesics.study.recordings import AnalysedRecording

if TYPE_CHECKING:
    import pandas as pd

RATE = 5.0  # samples a second
REACH = 3.0  # seconds by which one may follow the other
_SHORTEST = 60.0  # seconds of a recording
_TRIFLE = 1e-9  # of correlation, a sample of lag
_LEAST_SEEN = 0.5  # of the time in which both must be seen
DRAWS = 999

Signal = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Synchrony:
    """How two signals go together.

    Attributes
    ----------
    peak : the largest correlation within `REACH`.
    lag : where it is, seconds; positive where the second follows the first.
    surrogates : (T,) the same for every shift round the recording, less a trifle a lag; the first is without a shift.
    """

    peak: float
    lag: float
    surrogates: Signal

    @property
    def p(self) -> float:
        """The share of shifts, no shift included, whose peak is as large."""
        return float((self.surrogates >= self.surrogates[0]).mean())

    @property
    def z(self) -> float:
        """How many standard deviations of the surrogates the peak lies above their mean."""
        return float((self.peak - self.surrogates.mean()) / max(float(self.surrogates.std()), 1e-12))


def cross_correlate(one: Signal, other: Signal, *, rate: float = RATE, reach: float = REACH) -> Synchrony | None:
    """Correlate two signals at every shift round the recording.

    Parameters
    ----------
    one, other : (T,) at a steady rate; NaN where it is not known. A straight trend is taken out of each.
    rate : samples a second.
    reach : seconds by which one may follow the other.

    Returns
    -------
    The peak and its surrogates, or None where the signals are too short, too little known, or flat.
    """
    lags, length = round(reach * rate), len(one)
    known = np.isfinite(one) & np.isfinite(other)
    if length < _SHORTEST * rate or known.mean() < _LEAST_SEEN:
        return None
    first, second = (_standardised(signal, known) for signal in (one, other))
    if not (first.any() and second.any()):
        return None
    spectrum = np.fft.rfft(second) * np.fft.rfft(first).conj()
    correlation = np.fft.irfft(spectrum, length) / np.sqrt((first**2).sum() * (second**2).sum())
    reached = sorted(range(-lags, lags + 1), key=abs)  # the nearer first
    near = np.array([correlation[lag] for lag in reached])
    peaks = np.max([np.roll(correlation, -lag) - _TRIFLE * abs(lag) for lag in reached], axis=0)
    return Synchrony(float(near.max()), reached[int(near.argmax())] / rate, peaks)


def overall_p(pairs: list[Synchrony], *, draws: int = DRAWS, seed: int = 0) -> float:
    """Test whether all pairs of a study together go together: their mean z against random shifts of each.

    Parameters
    ----------
    pairs : of the study.
    draws : random shifts.
    seed : of the draws.

    Returns
    -------
    One-sided p; NaN without any pair.
    """
    if not pairs:
        return float("nan")
    rng = np.random.default_rng(seed)
    total, drawn = 0.0, np.zeros(draws)
    for one in pairs:
        spread = max(float(one.surrogates.std()), 1e-12)
        total += float(one.surrogates[0]) / spread
        drawn += rng.choice(one.surrogates, draws) / spread
    return float((1 + (drawn >= total - 1e-9).sum()) / (1 + draws))


def movement(person: SkeletonSequence, duration: float, rate: float = RATE) -> Signal:
    """Measure how fast somebody's joints move on the whole.

    Parameters
    ----------
    person : whose joints, in the image where their places there are known.
    duration : of the recording, seconds.
    rate : samples a second.

    Returns
    -------
    (T,) the mean speed of the joints that are seen, as log(1 + v), v in widths of the shoulders a second; NaN where
    none are.
    """
    places = person.xyz if person.image_xy is None else person.image_xy
    known = person.score > 0
    both = known[1:] & known[:-1]
    step = np.linalg.norm(np.diff(places, axis=0), axis=-1) * person.fps
    count = both.sum(1)
    speed = np.where(both, step, 0).sum(1) / np.maximum(count, 1) / _shoulder_width(person, places)
    times = person.times()[1:]
    samples = np.clip((times * rate).astype(np.int64), 0, None)
    length = max(1, round(duration * rate))
    inside = (count > 0) & (samples < length)
    total, number = (
        np.bincount(samples[inside], weights=weights, minlength=length) for weights in (speed[inside], None)
    )
    mean: Signal = np.where(number > 0, np.log1p(total / np.maximum(number, 1)), np.nan)
    return mean


def gestures(recording: AnalysedRecording, person: int, rate: float = RATE) -> Signal:
    """Say when somebody shows any gesture at all.

    Parameters
    ----------
    recording : with its events.
    person : whose.
    rate : samples a second.

    Returns
    -------
    (T,) 1 during an event, else 0.
    """
    shown = np.zeros(max(1, round(recording.timeline.duration * rate)))
    for event in recording.timeline.only(person=person):
        shown[int(event.start * rate) : int(np.ceil(event.end * rate))] = 1
    return shown


def synchrony_of(recording: AnalysedRecording) -> Iterator[tuple[int, int, str, Synchrony]]:
    """Each pair of people of a recording with what was compared ("movement" or "gestures") and how it goes together."""
    if len(recording.coverage) < 2 or recording.timeline.duration < _SHORTEST:
        return
    moving = _movements(recording)
    for one, other in combinations(recording.coverage, 2):
        if one in moving and other in moving and (found := cross_correlate(moving[one], moving[other])):
            yield one, other, "movement", found
        if found := cross_correlate(gestures(recording, one), gestures(recording, other)):
            yield one, other, "gestures", found


def synchrony_table(found: list[tuple[str, int, int, str, Synchrony]]) -> pd.DataFrame:
    """A row a recording, pair of people and signal: peak, lag (seconds), surrogate_mean, z, p."""
    rows = [
        (name, one, other, signal, pair.peak, pair.lag, float(pair.surrogates.mean()), pair.z, pair.p)
        for name, one, other, signal, pair in found
    ]
    figures = dict.fromkeys(("peak", "lag", "surrogate_mean", "z", "p"), REAL)
    return typed_frame(rows, WHO | {"other": WHOLE, "signal": TEXT, **figures})


def _movements(recording: AnalysedRecording) -> dict[int, Signal]:
    path = recording.folder / LANDMARKS
    try:
        everybody = load_skeletons(path) if path.exists() else []
    except KinesicsError:  # gestures can still be compared
        return {}
    return {
        one.person: movement(one, recording.timeline.duration)
        for one in everybody
        if one.person in recording.coverage and len(one) > 1
    }


def _standardised(signal: Signal, known: NDArray[np.bool_]) -> Signal:
    """Without its trend, mean 0 and deviation 1 over what is known, and 0 elsewhere; all 0 for a flat one."""
    times = np.flatnonzero(known)
    values = signal[known]
    values = values - np.polyval(np.polyfit(times, values, 1), times)
    spread = values.std()
    result = np.zeros(len(signal))
    if spread > 1e-9:
        result[known] = (values - values.mean()) / spread
    return result


def _shoulder_width(person: SkeletonSequence, places: NDArray[np.float32]) -> float:
    """The usual one, in the unit of `places`; 1 where the layout has no shoulders, or none are seen."""
    if not {"left_shoulder", "right_shoulder"} <= set(person.layout.joints):
        return 1.0
    left, right = person.layout.indices("left_shoulder", "right_shoulder")
    known = (person.score[:, left] > 0) & (person.score[:, right] > 0)
    if not known.any():
        return 1.0
    width = float(np.median(np.linalg.norm(places[known, left] - places[known, right], axis=-1)))
    return max(width, 1e-6)
