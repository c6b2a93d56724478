"""The emotion track on a tiny data set in the official layout, in which what a person does tells the emotion."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.imigue_sample import MORE, add_videos, write_sample

from kinesics.cli import main
from kinesics.data.recordings import Recordings
from kinesics.data.registry import open_dataset
from kinesics.errors import KinesicsError
from kinesics.evaluation import EMOTION, Predictions
from kinesics.models.emotion.streams import Gestures, Stream
from kinesics.models.video.mvit import TINY, VideoEncoder
from kinesics.training.emotion import data as emotion_data
from kinesics.training.emotion.data import (
    MOST_TOKENS,
    EmotionData,
    EmotionVideos,
    TokenAugmentation,
    collate_recordings,
)
from kinesics.training.emotion.streams import StreamCache, context_windows, labelled_gestures
from kinesics.training.emotion.task import EmotionTask
from kinesics.training.reproduce import CONFIGS
from kinesics.training.run import TASKS, assemble, read_config, run
from kinesics.weights.load import Specification, load_network, save_weights

STAGES = ("1-fusion", "2-together")
CPU = ["--trainer.accelerator=cpu", "--trainer.precision=32-true", "--trainer.enable_progress_bar=false"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a data set and a tiny clip encoder, in which both tiny stages have been run."""
    root = tmp_path_factory.mktemp("emotion")
    write_sample(root / "imigue")
    add_videos(root / "imigue")
    torch.manual_seed(0)
    described = Specification("tiny", "mvit", asdict(TINY), (), "", "", "", "")
    save_weights(root / "encoder.safetensors", VideoEncoder(TINY), described)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patch.chdir(root)
        for stage in STAGES:
            run(CONFIGS / f"emotion/tiny/{stage}.yaml", Path(f"runs/emotion/tiny/{stage}"), [*DATA, *CPU])
    return root


DATA = ["--data.root=imigue", "--data.video=encoder.safetensors"]


@pytest.fixture(autouse=True)
def _there(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.chdir(place)


def data(**options):
    return EmotionData(Path("imigue"), **({"video": "encoder.safetensors", "batch": 4} | options))


# ── what a recording gives ───────────────────────────────────────────────────────────────────────────────────────


def test_tokens_lie_where_and_when_there_is_something():
    made = data()
    made.prepare_data()
    batch = next(iter(made.val_dataloader()))
    assert batch["face_tokens"].shape[2] == 128
    seconds = batch["face_seconds"][batch["face_mask"]]
    assert len(seconds) > 1
    torch.testing.assert_close(seconds, (seconds * 2.5).round() / 2.5, msg="two and a half faces a second")
    assert 2.0 not in seconds, "nobody is seen in frame 50"
    torch.testing.assert_close(batch["context_seconds"], torch.tensor([[1.2]]))
    assert batch["context_tokens"].shape == (1, 1, 64)
    assert batch["gestures_tokens"].shape[2] == 3


def test_whole_seconds_are_found_in_the_cache_however_they_are_written(place):
    kept = []
    for window in (2, 2.0, 3):
        data(streams=["context"], window=window).prepare_data()
        kept.append(len(list((place / "cache/kinesics/context").iterdir())))
    assert kept[0] == kept[1] < kept[2]


def test_a_window_s_token_is_what_the_encoder_says_of_it():
    made = data(streams=["context"], window=1.2)
    made.prepare_data()
    (clip,) = made.clips("val")
    windows = list(context_windows(clip, made.recordings.read_skeleton(clip), 1.2))
    assert [one.start for one in windows] == pytest.approx([0, 1.2])
    assert [one.end for one in windows] == pytest.approx([1.2, 2.4])
    frames = made.read_windows(windows, 0.0)["context"][0]
    with torch.no_grad():
        expected = made.video(frames).pooled
    tokens, seconds = made.windows("val")[0][0]["context"]
    torch.testing.assert_close(tokens, expected, atol=0.05, rtol=0.02)  # kept in 16 bits
    assert seconds.tolist() == pytest.approx([0.6, 1.8])


def test_labelled_gestures_are_those_of_the_recording():
    recordings = Recordings(open_dataset(Path("imigue")))
    clips = tuple(clip for clip in recordings.clips if clip.id in ("0012", "0022"))
    tokens, seconds = labelled_gestures(recordings, clips).read(1)
    assert tokens[:, 0].tolist() == [4, 4, 4]
    assert tokens[:, 2].tolist() == pytest.approx([0.4] * 3)
    assert seconds.tolist() == pytest.approx([0, 0.8, 1.6])


def test_the_skeleton_of_a_recording_is_whole_and_can_be_sliced():
    recordings = Recordings(open_dataset(Path("imigue")))
    clip = recordings.clips[0]
    fresh = recordings.read_skeleton(clip)
    assert len(fresh) == 60
    recordings.keep_skeletons()
    np.testing.assert_allclose(recordings.read_skeleton(clip).xyz, fresh.xyz, atol=2e-3)
    part = recordings.read_skeleton(next(iter(context_windows(clip, fresh, 1.2))))
    assert len(part) == 30


# ── batches ──────────────────────────────────────────────────────────────────────────────────────────────────────


def videos(counts, augment=None, clips=None):
    """A stream of numbered tokens, one every tenth of a second."""
    count = np.array(counts)
    tokens = np.concatenate([np.arange(n) for n in counts]).astype(np.float32)[:, None]
    cache = StreamCache(np.cumsum(count) - count, count, tokens, tokens[:, 0] / 10)
    return EmotionVideos(clips or data(streams=["context"]).clips("train")[: len(counts)], {"face": cache}, augment, 1)


def test_batches_are_padded_and_say_where():
    batch = collate_recordings([videos([5, 0, 24])[i] for i in range(3)])
    assert batch["face_tokens"].shape == (3, 24, 1)
    assert batch["face_mask"].sum(1).tolist() == [5, 0, 24]
    assert not batch["face_tokens"][~batch["face_mask"]].any()
    assert collate_recordings([videos([0])[0]])["face_mask"].tolist() == [[False]]
    assert batch["label"].tolist() == [1, 0, 1]


def test_augmentation_takes_away_a_stretch_and_tokens_anew_each_epoch():
    made = videos([24], TokenAugmentation(crop=0.5, drop=0.0))
    numbers = made[0][0]["face"][0][:, 0]
    assert 11 <= len(numbers) <= 24
    assert (numbers.diff() == 1).all()
    assert torch.equal(made[0][0]["face"][0][:, 0], numbers)
    made.epoch = 1
    assert not torch.equal(made[0][0]["face"][0][:, 0], numbers)
    dropped = videos([24], TokenAugmentation(crop=1.0, drop=0.5))
    assert 4 <= len(dropped[0][0]["face"][1]) <= 20
    assert len(videos([24])[0][0]["face"][1]) == 24, "nothing is taken from what is judged"


def test_too_many_tokens_are_thinned_out_evenly():
    count = 4 * MOST_TOKENS
    cache = StreamCache(np.array([0]), np.array([count]), np.zeros((count, 1)), np.linspace(0, 2.4, count, dtype="f4"))
    seconds = EmotionVideos(data(streams=["context"]).clips("train")[:1], {"face": cache}, None, 1)[0][0]["face"][1]
    assert len(seconds) == MOST_TOKENS
    assert seconds.diff().max() < 1.5 * 2.4 / MOST_TOKENS


def test_folds_test_everybody_once_and_keep_people_apart():
    tested = []
    for fold in range(3):
        made = data(streams=["context"], folds=3, fold=fold)
        people = [{clip.subject for clip in made.clips(split)} for split in ("train", "val", "test")]
        assert all(people)
        assert len(set.union(*people)) == sum(map(len, people)), "nobody is on two sides"
        tested += [clip.id for clip in made.clips("test")]
    assert sorted(tested) == sorted(["0005", "0012", "0001", "0217", *MORE])


def test_encoders_are_hashed_and_the_detector_opened_once(monkeypatch):
    calls = []
    for name in ("weights_digest", "gesture_detector"):
        function = getattr(emotion_data, name)

        def counting(*arguments, name=name, function=function):
            calls.append(name)
            return function(*arguments)

        monkeypatch.setattr(emotion_data, name, counting)
    made = data()
    made.prepare_data()
    made.setup()
    assert made.spec.gestures == 32
    for loader in (made.train_dataloader(), made.val_dataloader(), made.test_dataloader()):
        assert len(next(iter(loader))["label"])
    assert sorted(calls) == ["gesture_detector", "weights_digest", "weights_digest"], "faces and context"


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_learns_what_tells_and_folds_are_judged_as_one(tmp_path, capsys):
    config = str(CONFIGS / "emotion/tiny/1-fusion.yaml")
    given = ["--data.streams=[gestures]", "--data.gestures=labels", "--data.folds=2", "--trainer.max_epochs=15"]
    given += ["--model.rate=0.02", "--data.batch=4", "--trainer.callbacks=null", *CPU]
    command = ["train", "--config", config, "--data", "imigue", "--out", str(tmp_path), "--", *given]
    assert main(command) == 0
    kept = Predictions.load(tmp_path / "predictions_test.npz")
    assert len(kept.ids) == 12
    assert kept.classes == EMOTION
    plain = np.isin(kept.ids, list(MORE))
    assert (kept.logits.argmax(1) == kept.labels)[plain].all(), "gestures tell the emotion of these"
    capsys.readouterr()
    assert main(["evaluate", str(tmp_path)]) == 0
    assert "Balanced accuracy" in capsys.readouterr().out
    assert main(["submit", str(tmp_path), "--out", str(tmp_path / "track3.csv")]) == 0
    assert main(["submit", "--check", str(tmp_path / "track3.csv")]) == 0
    assert (tmp_path / "track3.csv").read_text().startswith("video_id,label\n1,")


def test_all_together_goes_on_from_the_fusion_and_trains_the_encoders():
    first, second = (
        torch.load(f"runs/emotion/tiny/{stage}/last.ckpt", weights_only=True)["state_dict"] for stage in STAGES
    )
    assert all(key.startswith("network.fusion") for key in first), "frozen encoders are in no checkpoint"
    encoder, _, _ = load_network(Path("encoder.safetensors"))
    before = {f"network.video.{key}": value for key, value in encoder.state_dict().items()}
    moved = [key for key, value in before.items() if not torch.allclose(second[key], value, atol=1e-5)]
    assert len(moved) > len(before) / 2
    face = data(streams=["face"]).face
    for key, value in face.state_dict().items():
        if "running" in key or "head" in key:
            torch.testing.assert_close(second[f"network.face.{key}"], value, msg=f"{key} stays")
    changes = [(second[key] - value).abs().max() for key, value in first.items() if value.is_floating_point()]
    assert 0 < max(changes) < 0.01, "from there, at a lower rate"


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_leaves_weights_that_answer_as_it_did(stage):
    folder = Path("runs/emotion/tiny") / stage
    network, described, _ = load_network(folder / "weights.safetensors")
    assert described.classes == EMOTION
    assert described.training_data == "10 recordings of simulated iMiGUE"
    made = data(frame_windows=2 if stage == "2-together" else 0)
    made.prepare_data()
    made.setup()
    batch = next(iter(made.test_dataloader()))
    label, score, length = batch["gestures_tokens"].unbind(-1)
    gestures = Gestures(label.long(), score, batch["gestures_seconds"], length, batch["gestures_mask"])
    face, context = (
        Stream(*(batch[f"{name}_{part}"] for part in ("tokens", "seconds", "mask"))) for name in ("face", "context")
    )
    with torch.no_grad():
        out = network(face, context, gestures) if made.frame_windows else network.fuse(face, context, gestures)
    kept = Predictions.load(folder / "predictions_test.npz")
    assert kept.ids == ("0217",)
    assert out.logit.item() == pytest.approx(kept.logits[0, 1] - kept.logits[0, 0], abs=0.02)


def test_stopped_in_the_middle_it_ends_where_an_unbroken_run_ends(tmp_path, monkeypatch):
    given = [*DATA, *CPU, "--trainer.max_epochs=3", "--data.seed=3"]
    config = CONFIGS / "emotion/tiny/1-fusion.yaml"
    run(config, tmp_path / "whole", given)
    step = EmotionTask.training_step

    def fatal_step(self, batch, index):
        if self.global_step == 8:  # of 15, five an epoch
            raise ZeroDivisionError
        return step(self, batch, index)

    monkeypatch.setattr(EmotionTask, "training_step", fatal_step)
    with pytest.raises(ZeroDivisionError):
        run(config, tmp_path / "broken", given)
    monkeypatch.setattr(EmotionTask, "training_step", step)
    run(config, tmp_path / "broken", given)
    whole, resumed = (Predictions.load(tmp_path / name / "predictions_test.npz") for name in ("whole", "broken"))
    assert np.array_equal(whole.logits, resumed.logits)


OTHER = [
    path
    for path in sorted((CONFIGS / "emotion").rglob("*.yaml"))
    if path.parent.name != "tiny" and read_config(path)[0] == TASKS["emotion"]
]


@pytest.mark.parametrize("config", OTHER, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_other_config_takes_a_step(tmp_path, config):
    given = ["--model.preset=tiny", "--data.face=fer", "--data.workers=0", "--data.folds=0"]
    given += ["--trainer.max_epochs=1"]
    given += ["--trainer.limit_train_batches=1", "--trainer.limit_val_batches=1"]
    if config.stem == "2-together":
        given.append("--model.start=runs/emotion/tiny/1-fusion")
    run(config, tmp_path, [*DATA, *given, *CPU])
    assert (tmp_path / "weights.safetensors").exists()


def test_the_paper_s_network_is_put_together_at_its_size(tmp_path):
    given = ["--data.root=imigue", "--data.face=paper", "--data.video=paper", "--model.start=null", *CPU]
    cli = assemble(CONFIGS / "emotion/paper/2-together.yaml", tmp_path, given)
    sizes = {name: sum(p.numel() for p in part.parameters()) for name, part in cli.model.network.named_children()}
    assert sizes["face"] == pytest.approx(67.4e6, rel=0.01), "SwinFace"
    assert sizes["video"] == pytest.approx(34.2e6, rel=0.01), "MViTv2-S without its classifier"
    assert cli.trainer.accumulate_grad_batches * cli.datamodule.batch == 8


def test_what_does_not_go_together_is_told(tmp_path):
    with pytest.raises(KinesicsError, match=r"data\.streams: expected some of face, context, gestures"):
        data(streams=["voice"])
    with pytest.raises(KinesicsError, match=r"data\.fold: expected 0 to 2, found 3"):
        data(folds=3, fold=3).clips("train")
    with pytest.raises(KinesicsError, match=r"data\.folds: expected 0, or 2 and more"):
        data(folds=1)
    with pytest.raises(KinesicsError, match="face encoder mask: expected fer"):
        data(face="mask")
    with pytest.raises(KinesicsError, match="learned nothing yet"):
        data(face="tiny")
    given = [*DATA, *CPU, "--model.start=runs/emotion/tiny/1-fusion", "--model.fusion=mean"]
    with pytest.raises(KinesicsError, match=r"last\.ckpt: expected the same network as"):
        run(CONFIGS / "emotion/tiny/1-fusion.yaml", tmp_path, given)
    positions = np.zeros((3, 5, 8, 3), np.float32)
    split = np.array(["train", "train", "test"])
    np.savez(tmp_path / "natops.npz", positions=positions, label=np.zeros(3, int), split=split)
    with pytest.raises(KinesicsError, match="expected videos with emotions"):
        EmotionData(tmp_path / "natops.npz")
