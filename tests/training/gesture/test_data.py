"""Video tokens: encoded once, and trained on alone and fused, on a tiny set in the official layout."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import write_sample

from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions
from kinesics.models.video.mvit import TINY, VideoEncoder
from kinesics.training.gesture import data as gesture_data
from kinesics.training.gesture.data import GestureData
from kinesics.training.inputs.video_tokens import cache_tokens
from kinesics.training.run import run
from kinesics.weights.load import Specification, save_weights
from kinesics.weights.pretrained import video_encoder

CONFIG = """
data: {frames: 8, batch: 2}
model: {preset: tiny}
trainer: {max_epochs: 2, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set, and weights of a tiny encoder beside it."""
    root = tmp_path_factory.mktemp("fused")
    write_sample(root / "imigue")
    torch.manual_seed(0)
    described = Specification("tiny", "mvit", asdict(TINY), (), "", "", "", "")
    save_weights(root / "encoder.safetensors", VideoEncoder(TINY), described)
    (root / "c.yaml").write_text(CONFIG)
    return root


@pytest.fixture(autouse=True)
def _cache(folder, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))


def data(folder, **options):
    return GestureData(folder / "imigue", frames=8, batch=2, video=str(folder / "encoder.safetensors"), **options)


def test_batches_hold_tokens_and_places_of_their_clips(folder):
    fused = data(folder)
    fused.prepare_data()
    batch = next(iter(fused.test_dataloader()))
    assert batch["tokens"].shape == (2, 2, 4, 4, 64)
    assert batch["pooled"].shape == (2, 64)
    assert batch["places"].shape == (2, 8, 42, 2)
    assert ((batch["places"] > -0.5) & (batch["places"] < 1.5)).all()
    encoder = video_encoder(str(folder / "encoder.safetensors"))
    clips = fused.clips("test")
    tokens = cache_tokens(fused.dataset, encoder, clips[1:])
    assert torch.allclose(tokens.read(0).tokens, batch["tokens"][1].float())


def test_other_weights_get_other_tokens(folder):
    encoder = video_encoder(str(folder / "encoder.safetensors"))
    fused = data(folder)
    clips = fused.clips("test")
    before = cache_tokens(fused.dataset, encoder, clips).read(0).pooled
    with torch.no_grad():
        encoder.network.norm.bias += 1
    assert torch.allclose(cache_tokens(fused.dataset, encoder, clips).read(0).pooled, before + 1, atol=0.01)


@pytest.mark.parametrize(("modality", "fusion"), [("video", "late"), ("both", "full"), ("both", "concatenation")])
def test_training_with_video_leaves_predictions(folder, tmp_path, modality, fusion):
    given = [f"--data.root={folder / 'imigue'}", f"--data.video={folder / 'encoder.safetensors'}"]
    given += [f"--model.modality={modality}", f"--model.fusion={fusion}"]
    run(folder / "c.yaml", tmp_path / "run", given)
    kept = Predictions.load(tmp_path / "run" / "predictions_test.npz")
    assert kept.ids == ("0217_0", "0217_1")
    assert np.isfinite(kept.logits).all()


def test_the_classifier_alone_is_trained_again_on_balanced_batches(folder, tmp_path):
    given = [f"--data.root={folder / 'imigue'}"]
    run(folder / "c.yaml", tmp_path / "first", given)
    again = ["--data.balance=1", f"--model.start={tmp_path / 'first'}", "--model.part=classifier"]
    run(folder / "c.yaml", tmp_path / "second", [*given, *again])
    first, second = (
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"] for name in ("first", "second")
    )
    changed = {key for key in first if not torch.equal(first[key], second[key])}
    assert changed
    assert {key for key in changed if ".fc." not in key} == set()


def test_what_does_not_go_together_is_told(folder, tmp_path):
    with pytest.raises(KinesicsError, match=r"data\.fps to null"):
        data(folder, fps=12.5)
    with pytest.raises(KinesicsError, match="the data have no video"):
        run(folder / "c.yaml", tmp_path / "run", [f"--data.root={folder / 'imigue'}", "--model.modality=both"])


def counted(monkeypatch, place, name):
    """Count the calls of a function that a module has imported."""
    calls, function = [], getattr(place, name)

    def counting(*arguments, **options):
        calls.append(arguments)
        return function(*arguments, **options)

    monkeypatch.setattr(place, name, counting)
    return calls


@pytest.mark.parametrize("frozen", [True, False])
def test_caches_are_opened_and_encoders_hashed_once(folder, monkeypatch, frozen):
    opened = counted(monkeypatch, gesture_data, "cache_skeletons")
    hashed = counted(monkeypatch, gesture_data, "weights_digest")
    fused = data(folder, frozen=frozen)
    fused.prepare_data()
    assert len(opened) == 1, "all skeletons, to be read"
    fused.setup()
    for _ in range(2):  # the loaders of training, and those of the predictions after it
        for loader in (fused.train_dataloader(), fused.val_dataloader(), fused.test_dataloader()):
            assert len(next(iter(loader))["label"])
    assert len(opened) == 1 + 3, "and then those of each split"
    assert len(hashed) == frozen, "an encoder that is trained has no cached tokens"
