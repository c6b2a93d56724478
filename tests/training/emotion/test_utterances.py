"""Utterances with their neighbours, on a small archive like MOSI's in which the text tells the label."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.cli import main
from kinesics.data.sets.mosi import read_mosi
from kinesics.errors import KinesicsError
from kinesics.training.emotion.utterances import SECONDS, UtteranceData
from kinesics.training.reproduce import CONFIGS
from kinesics.weights.load import load_network

RECORDINGS, LENGTH = 12, 8
SHORT = ["--trainer.max_epochs=3", "--trainer.enable_progress_bar=false"]


@pytest.fixture
def archive(tmp_path):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, RECORDINGS * LENGTH).astype(np.int8)
    recording, utterance = np.divmod(np.arange(RECORDINGS * LENGTH), LENGTH)
    text = rng.normal(size=(len(label), 10)) + 3 * label[:, None] * (np.arange(10) < 5)
    np.savez(
        tmp_path / "mosi.npz",
        audio=np.full((len(label), 4), 7.0, np.float32),  # a feature that never changes
        video=rng.normal(size=(len(label), 6)).astype(np.float32),
        text=text.astype(np.float32),
        label=label,
        split=np.where(recording < 8, "train", "test"),
        recording=recording,
        utterance=utterance + 1,
    )
    return tmp_path / "mosi.npz"


def test_neighbours_are_of_the_same_recording_and_the_utterance_itself_is_at_zero(archive):
    data = UtteranceData(archive, reach=2)
    first, middle = (data.windows("train")[row][0] for row in (0, 4))
    assert first["text"][1].tolist() == [0, SECONDS, 2 * SECONDS]
    assert middle["text"][1].tolist() == [-2 * SECONDS, -SECONDS, 0, SECONDS, 2 * SECONDS]
    found = read_mosi(archive)
    np.testing.assert_array_equal(middle["text"][0], found.features["text"][2:7])
    assert {clip.split for clip in data.clips("test")} == {"test"}
    assert data.clips("val") == ()


def test_features_are_standardised_on_train_and_those_that_never_change_are_zero(archive):
    found = read_mosi(archive)
    train = np.array([clip.split == "train" for clip in found.clips])
    np.testing.assert_allclose(found.features["text"][train].mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(found.features["text"][train].std(0), 1, atol=1e-4)
    assert (found.features["audio"] == 0).all()


def test_training_swaps_a_stream_as_often_as_it_is_told_and_test_never(archive):
    data = UtteranceData(archive, reach=0, swap={"text": 0.5})
    windows, own = data.windows("train"), read_mosi(archive).features
    same = {name: [] for name in ("text", "context")}
    for epoch in range(20):
        windows.epoch = epoch
        for row in range(len(windows)):
            item = windows[row][0]
            for name, found in same.items():
                found.append(np.array_equal(item[name][0][0], own[name][row]))
    assert np.mean(same["text"]) == pytest.approx(0.5, abs=0.05)
    assert all(same["context"])
    windows.epoch = 3
    torch.testing.assert_close(windows[5][0]["text"][0], windows[5][0]["text"][0])
    rows = len(windows)
    test = data.windows("test")
    assert all(np.array_equal(test[row][0]["text"][0][0], own["text"][rows + row]) for row in range(len(test)))


def test_a_stream_that_is_not_there_is_refused(archive):
    with pytest.raises(KinesicsError, match="context, audio, text, found text, smell"):
        UtteranceData(archive, streams=["text", "smell"])


def test_another_file_is_refused_in_one_line(tmp_path, capsys):
    np.savez(tmp_path / "mosi.npz", label=np.zeros(3))
    assert main(["reproduce", "mosi", "--data", str(tmp_path / "mosi.npz"), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "mosi.npz: expected an archive with the arrays video, audio, text" in told
    assert told.count("\n") == 1


def test_it_is_reproduced_beside_text_alone_and_concatenation(archive, tmp_path, monkeypatch, capsys):
    (tmp_path / "benchmarks").mkdir()
    config = (CONFIGS / "benchmarks/mosi.yaml").read_text()
    for before, now in (
        ("[1, 2, 3, 4, 5]", "[1]"),
        ("batch: 256", "batch: 8"),
        ("max_epochs: 20", "max_epochs: 6"),
        ("value: 0.78", "value: 0.7"),
        ("text: 0.5}", "text: 0.0}"),  # 64 utterances are too few to see through swapped ones
        ("reach: 4", "reach: 0"),
    ):
        assert before in config
        config = config.replace(before, now)
    (tmp_path / "benchmarks/mosi.yaml").write_text(config)
    monkeypatch.setattr("kinesics.training.reproduce.CONFIGS", tmp_path)
    assert main(["reproduce", "mosi", "--data", str(archive), "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "plain concatenation: accuracy" in told
    results = json.loads((tmp_path / "out/results.json").read_text())
    assert set(results["compared"]) == {"text alone", "plain concatenation", "concatenation, trained alike"}
    assert set(results["compared"]["text alone"]) == {"accuracy", "auc", "weighted_f1"}
    network, specification, _ = load_network(tmp_path / "out/seed1/weights.safetensors")
    assert network.fusion.config.streams == ("context", "audio", "text")
    assert "real people" in specification.training_data
