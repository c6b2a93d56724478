"""Interviews without a picture: what the file holds, how it is dealt out, and the search over heads with its chance."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.training.emotion.data import fold_parts
from kinesics.training.emotion.interviews import INTERVIEW_STREAMS, InterviewData
from kinesics.training.reproduce import CONFIGS
from kinesics.training.run import run

PEOPLE, EACH = 12, 3
WIDTHS = {"context": 4, "gestures": 3, "face_actions": 52, "face_motion": 104, "poses": 3432}
GRID = """
title: A search
config: {config}
split: test
metrics: [accuracy, auc]
seeds: [1]
permuted: true
rows:
  gestures: {{data.streams: [gestures]}}
  face motion: {{data.streams: [face_motion]}}
ensembles:
  both: [gestures, face motion]
"""
CONFIG = """
task: interviews
data: {folds: 2, batch: 8}
model: {preset: tiny, rate: 0.003}
trainer: {max_epochs: 4, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}
"""


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    """A file as `kinesics simulate --streams` writes it, in which facial motion tells the emotion."""
    rng = np.random.default_rng(0)
    count = PEOPLE * EACH
    label = np.arange(count) % 2
    arrays = {"label": label, "subject": np.repeat(np.arange(PEOPLE), EACH), "duration": np.full(count, 60.0)}
    for name, width in WIDTHS.items():
        each = 2 if name == "poses" else 6
        tokens = rng.normal(size=(count * each, width)).astype(np.float16)
        if name == "gestures":
            tokens = np.abs(tokens) % 1 + rng.integers(0, 32, (count * each, 1)) * [1, 0, 0]
        if name == "face_motion":
            tokens[:, :20] += 2 * np.repeat(label, each)[:, None]
        arrays[f"{name}_tokens"] = tokens.astype(np.float16)
        arrays[f"{name}_seconds"] = np.sort(rng.uniform(0, 60, (count, each)), 1).ravel().astype(np.float32)
        arrays[f"{name}_count"] = np.full(count, each)
    path = tmp_path_factory.mktemp("streams") / "people.npz"
    np.savez(path, **arrays)
    return path


def test_nobody_is_on_two_sides_and_each_interview_is_tested_once(streams):
    tested = []
    for fold in range(3):
        data = InterviewData(streams, list(INTERVIEW_STREAMS), folds=3, fold=fold)
        people = [{clip.subject for clip in data.clips(split)} for split in ("train", "val", "test")]
        assert sum(map(len, people)) == len(set.union(*people))
        tested += [clip.id for clip in data.clips("test")]
    assert sorted(tested) == sorted(clip.id for split in ("train", "val", "test") for clip in data.clips(split))


def test_permuted_labels_are_the_same_labels_of_others(streams):
    own, dealt = InterviewData(streams, folds=3), InterviewData(streams, folds=3, permuted=7)
    labels = [
        {clip.id: clip.label for split in ("train", "val", "test") for clip in data.clips(split)}
        for data in (own, dealt)
    ]
    assert sorted(labels[0].values()) == sorted(labels[1].values())
    assert 0.3 < np.mean([labels[0][name] == labels[1][name] for name in labels[0]]) < 0.7
    item, label = dealt.windows("train")[0]
    clip = dealt.clips("train")[0]
    assert label == labels[1][clip.id]
    row = int(clip.id) - 1
    with np.load(streams) as file:
        expected = file["face_motion_tokens"][6 * row : 6 * row + 6].astype(np.float32)
    torch.testing.assert_close(item["face_motion"][0], torch.from_numpy(expected))


def test_what_is_not_there_is_refused(streams):
    with pytest.raises(KinesicsError, match="context, gestures, face_actions, face_motion, poses, found face"):
        InterviewData(streams, ["face"])
    with pytest.raises(KinesicsError, match="expected 2 and more, found 1"):
        InterviewData(streams, folds=1)
    with pytest.raises(KinesicsError, match="expected 0 to 2, found 3"):
        fold_parts(InterviewData(streams, folds=3).clips("train"), 3, 3)


def test_a_search_tells_what_it_finds_by_chance_and_chooses_on_validation(streams, tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(CONFIG)
    (tmp_path / "grid.yaml").write_text(GRID.format(config=tmp_path / "c.yaml"))
    command = ["ablate", str(tmp_path / "grid.yaml"), "--data", str(streams), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    table = (tmp_path / "out/ablation.md").read_text()
    assert "in parentheses the same on permuted labels" in table
    told = json.loads((tmp_path / "out/ablation.json").read_text())
    assert set(told["cells"]) == set(told["permuted"]) == {"gestures", "face motion", "both", "chosen on validation"}
    assert told["cells"]["face motion"]["accuracy"]["mean"] > 0.8
    assert told["permuted"]["face motion"]["accuracy"]["mean"] < 0.75
    assert "permuted seed 1, both: accuracy" in capsys.readouterr().out


def test_the_shipped_config_takes_a_step(streams, tmp_path):
    given = [f"--data.root={streams}", "--data.fold=0", "--trainer.max_epochs=1", "--trainer.limit_train_batches=1"]
    run(CONFIGS / "emotion/interviews.yaml", tmp_path, [*given, "--data.batch=8"])
    assert (tmp_path / "weights.safetensors").exists()


def test_simulated_streams_are_read_back(tmp_path):
    command = ["simulate", "--streams", "3", "--seconds", "6", "--workers", "1", "--link", "null"]
    assert main([*command, "--out", str(tmp_path / "people.npz")]) == 0
    with np.load(tmp_path / "people.npz") as file:
        assert str(file["link"]) == "null"
        assert len(file["label"]) == 3
        for name, width in (WIDTHS | {"context": 64}).items():
            tokens, seconds, count = (file[f"{name}_{part}"] for part in ("tokens", "seconds", "count"))
            assert tokens.shape == (count.sum(), width), name
            assert (seconds >= 0).all()
            assert (seconds <= 6).all()
        assert (file["face_actions_tokens"] >= 0).all()
