"""The five stages of the gesture track, one after the other, on a tiny data set in the official layout."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import SKELETONS, write_sample

from kinesics.data.registry import open_dataset
from kinesics.data.sets.imigue.files import write_labels
from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions
from kinesics.inference.skeleton import skeleton_scorer
from kinesics.models.gesture.net import GestureNet
from kinesics.skeleton import UPPER_BODY
from kinesics.training.gesture.data import GestureData
from kinesics.training.inputs.video_augment import VideoAugmentation
from kinesics.training.reproduce import CONFIGS
from kinesics.training.run import assemble, run
from kinesics.weights.load import load_network, load_weights

STAGES = ("1-skeleton", "2-video", "3-fusion", "4-together", "5-classifier")
CPU = ["--trainer.accelerator=cpu", "--trainer.precision=32-true", "--trainer.enable_progress_bar=false"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a data set, in which all tiny stages have been run."""
    root = tmp_path_factory.mktemp("stages")
    write_sample(root / "imigue")
    write_labels(root / "imigue" / SKELETONS["test"] / "0217" / "0217_label.csv", [(2, 1, 8), (13, 30, 41)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patch.chdir(root)
        for stage in STAGES:
            run(
                CONFIGS / f"gesture/tiny/{stage}.yaml", Path(f"runs/gesture/tiny/{stage}"), ["--data.root=imigue", *CPU]
            )
    return root


@pytest.fixture(autouse=True)
def _there(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.chdir(place)


def state(stage):
    path = Path(f"runs/gesture/tiny/{stage}/last.ckpt")
    return torch.load(path, weights_only=True)["state_dict"]


def changed(before, after):
    """The names of the later network's weights that differ by more than averaging equal ones may make them."""
    first, second = state(before), state(after)
    return {key for key in second if not torch.allclose(first[key].float(), second[key].float(), atol=1e-6)}


def test_every_stage_goes_on_from_those_before_it():
    skeleton, fused = state("1-skeleton"), state("3-fusion")
    for key, value in skeleton.items():
        torch.testing.assert_close(fused[key.replace("network.", "network.skeleton.")], value, msg="it is frozen")
    together = {".".join(key.split(".")[1:3]) for key in changed("3-fusion", "4-together")}
    assert together >= {"video.network", "skeleton.joint", "skeleton.bone", "fusion.tokens", "fusion.video_head"}
    again = changed("4-together", "5-classifier")
    heads = ("fusion.tokens.head", "fusion.video_head", "fusion.skeleton_head")
    assert again
    assert all(any(head in key for head in heads) for key in again)


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_leaves_weights_that_answer_as_it_did(place, stage):
    folder = place / "runs/gesture/tiny" / stage
    network, described, _ = load_network(folder / "weights.safetensors")
    data = GestureData(place / "imigue", frames=8, batch=2)
    assert described.classes == data.dataset.classes
    assert described.layout == UPPER_BODY.name
    assert described.frames == 8
    assert described.fps == pytest.approx(8 / np.mean([clip.end - clip.start for clip in data.clips("train")]))
    assert described.training_data == f"{len(data.clips('train'))} clips of simulated iMiGUE"
    kept = Predictions.load(folder / "predictions_test.npz")
    assert described.metrics["top1"] == pytest.approx((kept.logits.argmax(1) == kept.labels).mean())
    assert described.temperature > 0
    assert described.temperature != 1
    with torch.no_grad():
        if isinstance(network, GestureNet):
            fused = GestureData(place / "imigue", frames=8, batch=2, video=str(folder), frozen=False)
            fused.prepare_data()
            batch = next(iter(fused.test_dataloader()))
            given = (batch["video"], None if stage == "2-video" else batch["skeleton"], batch["places"])
            logits = network(*given).logits
        else:
            logits = network(next(iter(data.test_dataloader()))["skeleton"]).logits
    np.testing.assert_allclose(logits.numpy(), kept.logits, atol=0.02)


def test_analyze_takes_the_weights_of_a_skeleton_run(place):
    network, described, _ = load_weights(place / "runs/gesture/tiny/1-skeleton/weights.safetensors")
    dataset = open_dataset(place / "imigue")
    clip = max(dataset.split("train"), key=lambda clip: clip.end - clip.start)
    found = skeleton_scorer(network, described).score_person(dataset.read_skeleton(clip))
    assert found.classes == dataset.classes
    np.testing.assert_allclose(found.probability.sum(1)[1:-1], 1, atol=1e-4)


OTHER = [path for size in ("small", "paper") for path in sorted((CONFIGS / f"gesture/{size}").glob("*.yaml"))]


@pytest.mark.parametrize("config", OTHER, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_other_config_takes_a_step(place, tmp_path, config):
    """At tiny sizes; where it goes on from other runs, from the tiny ones."""
    given = ["--model.preset=tiny", "--data.frames=8", "--data.workers=0", "--trainer.limit_train_batches=1"]
    given += ["--trainer.max_epochs=1", "--trainer.limit_val_batches=1"]
    starts = {"3-fusion": "1-skeleton", "4-together": "3-fusion", "5-classifier": "4-together"}
    videos = {"2-video": "tiny"} | {name: "runs/gesture/tiny/2-video" for name in STAGES[2:]}
    if config.stem in starts:
        given.append(f"--model.start=runs/gesture/tiny/{starts[config.stem]}")
    if config.stem in videos:
        given.append(f"--data.video={videos[config.stem]}")
    run(config, tmp_path / "run", ["--data.root=imigue", *given, *CPU])
    assert (tmp_path / "run" / "weights.safetensors").exists()


def test_the_paper_s_network_is_put_together_at_its_size(tmp_path):
    given = ["--data.root=imigue", "--data.video=paper", "--data.workers=0", "--model.start=null", *CPU]
    cli = assemble(CONFIGS / "gesture/paper/4-together.yaml", tmp_path, given)
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, part in cli.model.network.named_children()}
    assert sizes["video"] == pytest.approx(34.2e6, rel=0.01), "MViTv2-S without its classifier"
    assert sizes["skeleton"] == pytest.approx(6.9e6, rel=0.05), "two streams of 2s-AGCN"
    assert cli.trainer.accumulate_grad_batches * cli.datamodule.batch == 64
    assert cli.model.encoder_rate == 0.1


@pytest.mark.parametrize("modality", ["joint", "bone"])
def test_one_stream_is_trained_alone(tmp_path, modality):
    config = CONFIGS / "gesture/tiny/1-skeleton.yaml"
    given = ["--data.root=imigue", f"--model.modality={modality}", "--model.loss=logit-adjusted", *CPU]
    run(config, tmp_path / "run", given)
    network, described, _ = load_network(tmp_path / "run" / "weights.safetensors")
    assert (described.name, described.network) == (f"gesture-{modality}", "agcn")
    data = GestureData(Path("imigue"), frames=8, batch=2)
    x = next(iter(data.test_dataloader()))["skeleton"]
    if modality == "bone":
        both, _, _ = load_network(Path("runs/gesture/tiny/1-skeleton/weights.safetensors"))
        x = both.bones(x)
    kept = Predictions.load(tmp_path / "run" / "predictions_test.npz")
    np.testing.assert_allclose(network(x).logits.detach().numpy(), kept.logits, atol=0.02)


def test_pictures_are_varied_in_training_alone():
    def batch(split, view):
        data = GestureData(Path("imigue"), frames=8, batch=9, video="tiny", frozen=False, video_augment=view)
        return next(iter(data.train_dataloader() if split == "train" else data.test_dataloader()))["video"]

    bold = VideoAugmentation(crop=(0.5, 0.5))
    assert not torch.equal(batch("train", bold), batch("train", None))
    assert torch.equal(batch("train", bold), batch("train", bold)), "as seed and epoch say"
    assert torch.equal(batch("test", bold), batch("test", None))


def test_what_does_not_go_together_is_told(place, tmp_path):
    with pytest.raises(KinesicsError, match=r"has learned nothing yet; set data\.frozen to false"):
        GestureData(place / "imigue", video="tiny")
    with pytest.raises(KinesicsError, match="expected weights of a video encoder, found TwoStreamAGCN"):
        GestureData(place / "imigue", video="runs/gesture/tiny/1-skeleton")
    config = CONFIGS / "gesture/tiny/1-skeleton.yaml"
    with pytest.raises(KinesicsError, match=r"a network of skeletons alone has none"):
        run(config, tmp_path / "run", ["--data.root=imigue", "--model.part=fusion", *CPU])
    with pytest.raises(KinesicsError, match="wants the folder of a finished run"):
        run(config, tmp_path / "run", ["--data.root=imigue", "--model.start=nowhere", *CPU])
    start = "--model.start=runs/gesture/tiny/3-fusion"
    with pytest.raises(KinesicsError, match="expected the same network as"):
        run(config, tmp_path / "run", ["--data.root=imigue", start, *CPU])
