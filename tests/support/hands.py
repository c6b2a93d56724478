"""A tiny SHREC'21: a hand that swings, and now and then lifts quickly (ONE) or opens and shuts (TWO)."""

from pathlib import Path

import numpy as np

_RECORDINGS, _FRAMES = 21, 600


def write_hands(folder: Path, seed: int = 0) -> Path:
    """Write `shrec21.npz`, 15 recordings to train and 6 to test, each of 12 s with two or three gestures.

    Parameters
    ----------
    folder : where to.
    seed : of the hands.

    Returns
    -------
    The file.
    """
    rng = np.random.default_rng(seed)
    rest = rng.normal(size=(20, 3)) * 0.04
    rest[0] = 0
    positions, events = [], []
    for recording in range(1, _RECORDINGS + 1):
        swing = np.cumsum(rng.normal(size=(_FRAMES, 1, 3)), 0) * 5e-4
        xyz = rest + swing + rng.normal(size=(_FRAMES, 20, 3)) * 2e-4
        for start in (60, 260, 440)[: 2 + recording % 2]:
            label, first = int(rng.integers(2)), start + int(rng.integers(40))
            last = first + int(rng.integers(40, 90))
            wave = np.sin(np.linspace(0, np.pi, last - first))[:, None, None]
            if label == 0:
                xyz[first:last, :, 1:2] += 0.2 * wave
            else:
                xyz[first:last] += rest * wave
            events.append((recording, label, first, last))
        positions.append(xyz + np.array([0, 2.4, 0.5]))
    everything = np.asfortranarray(np.concatenate(positions) / 1e-4).astype(np.int16)
    table = np.array(events, np.int32)
    path = folder / "shrec21.npz"
    np.savez(
        path,
        positions=everything,
        length=np.full(_RECORDINGS, _FRAMES),
        split=np.array(["train"] * 15 + ["test"] * 6),
        events=table,
        events_2021=table + np.array([0, 0, 1, 0]),
    )
    return path
