"""The one command that makes the shipped weights: simulate people, then train the gesture network and the lifter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kinesics.data.dataset import Split
from kinesics.data.sets.utd_mhad import UTDMHAD
from kinesics.errors import KinesicsError
from kinesics.simulator.clips import ClipRecipe, simulate_dataset
from kinesics.simulator.rendering.render import NoGraphicsError
from kinesics.training.lifter.task import train_lifter
from kinesics.training.shipped.gesture_weights import TRACKED, ShippedRecipe, train_gesture_weights

# of the clips a class: the share of each split, of simulated detections and of tracked clips
_SHARES: dict[Split, tuple[float, float]] = {"train": (1, 1), "val": (0.1, 0.1), "test": (0.1, 0.3)}


@dataclass(frozen=True)
class SimulatedCounts:
    """How many clips a class are simulated for training.

    clips: with simulated detections.
    tracked: rendered, and tracked by the landmark engine.
    """

    clips: int = 300
    tracked: int = 12


def train_shipped_weights(
    out: Path,
    counts: SimulatedCounts,
    recipe: ShippedRecipe,
    *,
    start: Path | None = None,
    real: Path | None = None,
) -> dict[str, float]:
    """Make the shipped weights of gestures and of the lifter, or resume what was interrupted.

    Parameters
    ----------
    out : the run's folder; the simulated sets go to `out/data`, the lifter to `out/lifter`.
    counts : clips a class.
    recipe : of the gesture network; the lifter, which still gains where that no longer does, takes a third more epochs.
    start : gesture weights to start from.
    real : UTD-MHAD, for the lifter.

    Returns
    -------
    The figures of both.

    Raises
    ------
    KinesicsError : for weights or real movement that cannot be read, and for tracked clips without OpenGL.
    """
    movement = None if real is None else UTDMHAD(real)
    data = out / "data"
    _simulate(data, counts, recipe.seed)
    figures = train_gesture_weights(data, out, recipe, start)
    epochs = max(1, 4 * recipe.epochs // 3)
    return figures | train_lifter(data, out / "lifter", real=movement, epochs=epochs, seed=recipe.seed)


def _simulate(data: Path, counts: SimulatedCounts, seed: int) -> None:
    for split, (share, share_tracked) in _SHARES.items():
        simulate_dataset(data / split, ClipRecipe(max(1, round(counts.clips * share)), split, seed))
        if not counts.tracked:
            continue
        folder, count = data / f"{split}{TRACKED}", max(1, round(counts.tracked * share_tracked))
        try:
            simulate_dataset(folder, ClipRecipe(count, split, seed, tracked=True))
        except NoGraphicsError as error:
            raise KinesicsError(
                f"{folder}: expected OpenGL to render with, found none ({error}); install libegl1 and "
                "libgl1-mesa-dri, or train with --tracked 0"
            ) from error
