"""Tokens of a frozen video encoder, computed once for every clip: fusion then trains in minutes, not hours."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from kinesics.data.cache import store
from kinesics.data.clips import read_clip
from kinesics.data.dataset import ClipInfo, GestureDataset
from kinesics.models.video.encoder import ClipEncoder, ClipTokens, prepare_clip
from kinesics.preprocessing.person_crop import CropBox
from kinesics.progress import Progress
from kinesics.skeleton.sequence import FloatArray

_REVISION = 1
_RECORD = np.dtype([("frames", "<i8"), ("box", "<f4", 3), ("size", "<f4", 2)])


@dataclass(frozen=True, eq=False)
class TokenCache:
    """Tokens of clips: grids (N, T', H', W', C) and pooled (N, C), float16, memory-mapped."""

    clips: tuple[ClipInfo, ...]
    rows: NDArray[np.int64]
    records: NDArray[Any]
    tokens: NDArray[np.float16]
    pooled: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.clips)

    def read(self, i: int) -> ClipTokens:
        """Read the tokens of clip i, float32, without a first dimension."""
        row = int(self.rows[i])
        grid, pooled = (np.array(part[row], np.float32) for part in (self.tokens, self.pooled))
        return ClipTokens(torch.from_numpy(grid), torch.from_numpy(pooled))

    def positions_in_crop(self, i: int, image_xy: FloatArray) -> FloatArray:
        """Move positions from clip i's video to the part of it that the encoder was shown.

        Parameters
        ----------
        i : the clip.
        image_xy : (..., 2) in 0..1 across the video's frame.

        Returns
        -------
        (..., 2) in 0..1 across the encoder's input; outside of it below 0 or above 1.
        """
        record = self.records[int(self.rows[i])]
        width, height = record["size"].tolist()
        return CropBox(*record["box"].tolist()).inside(image_xy, (width, height))


def cache_tokens(
    dataset: GestureDataset,
    encoder: ClipEncoder,
    clips: tuple[ClipInfo, ...],
    *,
    digest: str | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> TokenCache:
    """Run the encoder over all clips that have a video, or find its tokens in the cache, and open those of `clips`.

    An interrupted pass resumes; another encoder, or other weights, get another cache.

    Parameters
    ----------
    dataset : whose clips are encoded.
    encoder : in eval mode.
    clips : those to open.
    digest : the encoder's `weights_digest`, where it is known; it takes a second for a large one.
    folder : of the cache; by default one in the user's cache folder.
    progress : called with the share that is done, 0..1.

    Returns
    -------
    The cache, open for `clips`.

    Raises
    ------
    KinesicsError : for a clip without a video, or one that cannot be read.
    """
    every = tuple(clip for clip in dataset.clips if clip.video is not None)
    what = (_REVISION, encoder.frames, encoder.size, digest or weights_digest(encoder))
    made_from = store.fingerprint(dataset.name, every, (clip.video for clip in every), what)
    folder = folder or store.usual_folder("tokens", made_from)
    cells = int(np.prod(encoder.grid)) * encoder.width

    @torch.no_grad()
    def encode(i: int) -> store.Encoded:
        read = read_clip(dataset, every[i], frames=encoder.frames, size=encoder.size)
        assert read.frames is not None
        assert read.box is not None
        out = encoder(prepare_clip(read.frames, encoder)[None])
        record = np.array((1, tuple(read.box), read.source_size), _RECORD)
        return record, (_half(out.tokens[0]), _half(out.pooled[0]))

    files = {"tokens.f16": 2 * cells, "pooled.f16": 2 * encoder.width}
    records = store.build(folder, made_from, _RECORD, files, encode, progress)
    tokens = store.map_file(folder / "tokens.f16", "<f2", (len(every), *encoder.grid, encoder.width))
    pooled = store.map_file(folder / "pooled.f16", "<f2", (len(every), encoder.width))
    return TokenCache(clips, store.indices_of(every, clips), records, tokens, pooled)


def _half(x: Tensor) -> NDArray[np.float16]:
    return x.clamp(-6e4, 6e4).half().numpy()


def weights_digest(network: object) -> str:
    """Hash a network's class and weights, so that tokens of other weights are not taken for its own."""
    assert isinstance(network, nn.Module)
    found = hashlib.sha256(type(network).__name__.encode())
    for name, value in network.state_dict().items():
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
