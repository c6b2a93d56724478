"""The whole training, end to end, on a tiny set whose classes differ in one plain way."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.errors import KinesicsError
from kinesics.models.skeleton.agcn import TwoStreamAGCN
from kinesics.simulator.clip_arrays import ClipArrays, visible_label
from kinesics.simulator.rendering.render import NoGraphicsError
from kinesics.skeleton import UPPER_BODY
from kinesics.training.inputs.augment import augment
from kinesics.training.inputs.clip_windows import ClipWindows
from kinesics.training.shipped import event_thresholds as thresholds
from kinesics.training.shipped.gesture_weights import TRACKED, ShippedRecipe, clip_figures, train_gesture_weights
from kinesics.weights.load import load_weights, save_weights


def write_clips(folder, count, seed, fps=25.0):
    """Clips of 4 s in which class c lifts the wrists c hand breadths."""
    frames = round(4 * fps)
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    label = rng.integers(0, 3, count)
    body = np.random.default_rng(0).normal(size=(1, 1, 42, 3)) * 0.3
    xyz = body + rng.normal(size=(count, frames, 42, 3)) * 0.01
    xyz[:, :, UPPER_BODY.indices("left_wrist", "right_wrist"), 1] -= 0.4 * label[:, None, None]
    np.save(folder / "xyz.npy", xyz.astype(np.float16))
    np.save(folder / "score.npy", np.full((count, frames, 42), 255, np.uint8))
    np.save(folder / "label.npy", label.astype(np.int64))
    np.save(folder / "onset.npy", np.full(count, 1.0, np.float32))
    np.save(folder / "offset.npy", np.full(count, 3.0, np.float32))
    (folder / "recipe.json").write_text(json.dumps({"fps": fps}))


def test_training_learns_saves_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(thresholds, "SECONDS", 5.0)
    for split, count in (("train", 64), ("val", 24), ("test", 24)):
        write_clips(tmp_path / "data" / split, count, seed=len(split))
        write_clips(tmp_path / "data" / f"{split}{TRACKED}", 12, seed=9, fps=12.5)
    out = tmp_path / "run"
    recipe = ShippedRecipe(epochs=12, batch=16, recordings=3, rendered=1)
    try:
        figures = train_gesture_weights(tmp_path / "data", out, recipe)
    except NoGraphicsError as error:
        pytest.skip(f"no OpenGL context here ({error}); on Debian: apt install libegl1 libgl1-mesa-dri")
    assert figures["top1"] > 0.8
    assert figures["tracked/top1"] > 0.8
    assert "tracked/event_f1" in figures
    assert json.loads((out / "metrics.json").read_text()) == figures
    network, specification, _ = load_weights(out / "gesture-skeleton.safetensors")
    assert specification.metrics == figures
    assert "64 of simulated detections and 12 of rendered videos" in specification.training_data
    assert (out / "last.ckpt").exists()
    network_before = (out / "gesture-skeleton.safetensors").read_bytes()
    again = train_gesture_weights(tmp_path / "data", out, recipe)  # nothing left to do: the same network
    assert (out / "gesture-skeleton.safetensors").read_bytes() == network_before
    assert len(list((out / "logs" / "version_1").glob("metrics.csv"))) == 0, "nothing was trained again"
    assert again == pytest.approx(figures)
    weights = out / "gesture-skeleton.safetensors"
    more = train_gesture_weights(tmp_path / "data", tmp_path / "more", replace(recipe, epochs=1), weights)
    assert more["top1"] > 0.8, "what one epoch from nothing would not reach"
    assert network.config.contact
    other, config = tmp_path / "other.safetensors", replace(network.config, contact=False)
    save_weights(other, TwoStreamAGCN(UPPER_BODY, config), replace(specification, config=asdict(config)))
    with pytest.raises(KinesicsError, match="expected weights of the network that ships"):
        train_gesture_weights(tmp_path / "data", tmp_path / "third", replace(recipe, epochs=1), other)
    x, _ = ClipWindows(ClipArrays.open(tmp_path / "data" / "test"), frames=32, fps=12.5, augment=False)[0]
    assert network(x[None]).logits.shape == (1, 33)


def test_draws_depend_on_seed_epoch_and_index_alone(tmp_path):
    write_clips(tmp_path / "clips", 4, seed=0)
    arrays = ClipArrays.open(tmp_path / "clips")
    first, second = (ClipWindows(arrays, frames=32, fps=12.5, augment=True, seed=3) for _ in range(2))
    torch.testing.assert_close(first[2][0], second[2][0])
    second.epoch = 1
    assert not torch.equal(first[2][0], second[2][0])


def test_augmentation_invents_nothing():
    rng = np.random.default_rng(0)
    score = (rng.random((32, 42)) > 0.5).astype(np.float32)
    xyz = rng.normal(size=(32, 42, 3)).astype(np.float32)
    for seed in range(50):
        _, hidden = augment(xyz, score, np.random.default_rng(seed))
        same, mirrored = hidden <= score, hidden <= score[:, UPPER_BODY.mirror]
        assert same.all() or mirrored.all()


def test_metrics():
    torch.manual_seed(0)
    labels = torch.randint(0, 33, (500,))
    noisy = torch.where(torch.rand(500) < 0.7, labels, torch.randint(0, 33, (500,)))
    logits = {"both": torch.nn.functional.one_hot(noisy, 33) * 30.0}
    logits |= {"joint": logits["both"], "bone": logits["both"]}
    figures = clip_figures(logits, labels, 1.0)
    assert figures["top1"] == pytest.approx((noisy == labels).float().mean().item())
    assert figures["top5"] >= figures["top1"]


def test_what_cannot_be_seen_is_none():
    score = np.ones((32, 42), np.float32)
    hands = [i for i, name in enumerate(UPPER_BODY.joints) if "tip" in name or "knuckle" in name or "wrist" in name]
    face = list(range(UPPER_BODY.index("nose"), 42))
    rub_hands, bite_lip, head_up, none = 22, 28, 27, 32
    assert [visible_label(c, score) for c in (rub_hands, bite_lip, head_up, none)] == [22, 28, 27, 32]
    without_hands, without_face = score.copy(), score.copy()
    without_hands[:, hands] = 0
    without_face[:, face] = 0
    assert [visible_label(c, without_hands) for c in (rub_hands, bite_lip, head_up)] == [none, bite_lip, head_up]
    assert [visible_label(c, without_face) for c in (rub_hands, bite_lip, head_up)] == [rub_hands, none, head_up]
