"""Recordings as tokens."""

import numpy as np
import pytest

from kinesics.errors import KinesicsError
from kinesics.evaluation.spots import SpottedRecordings
from kinesics.training.reproduce import find_config
from kinesics.training.run import run
from kinesics.training.spotting.tokens import TokenData, TokenRecording, load_tokens, save_tokens
from kinesics.weights.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 2), ("test", 2)):
        (tmp_path / split).mkdir()
        for n in range(count):
            tokens = rng.normal(size=(300, 8)).astype(np.float32)
            events = ((n % 2, 4.0, 6.0), (1, 12.0, 15.0))
            for label, start, end in events:
                tokens[round(start * 12.5) : round(end * 12.5), label] += 3
            save_tokens(tmp_path / split / f"{n}.npz", TokenRecording(tokens, events, 12.5))
    return tmp_path


def test_tokens_come_back_as_they_were_written(folder):
    found = load_tokens(folder / "train" / "0.npz")
    assert found.tokens.shape == (300, 8)
    assert found.events == ((0, 4.0, 6.0), (1, 12.0, 15.0))


def test_windows_are_of_the_length_asked_for_and_hold_more_events_than_were_there(folder):
    data = TokenData(folder, seconds=20.48, copies=30)
    frames, real, _ = data.windows("train")[0]
    assert frames.shape == (256, 8)
    assert real.all()
    counts = [len(data.windows("train")[i][2]) for i in range(len(data.windows("train")))]
    assert max(counts) > 2
    whole, real, _ = data.windows("val")[0]
    assert whole.shape == (304, 8)
    assert real.sum() == 300


def test_a_spotter_trains_on_them(folder, tmp_path):
    small = ["--model.width=16", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    out = run(find_config("spotting/tokens"), tmp_path / "run", [f"--data.root={folder}", *small])
    spotted = SpottedRecordings.load(RunFolder(out).events("test"))
    assert len(spotted.truth) == 4
    assert spotted.seconds.tolist() == [24, 24]


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(KinesicsError, match="train"):
        TokenData(tmp_path)


def test_another_file_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", tokens=np.zeros(3), events=np.zeros((1, 3)), fps=12.5)
    with pytest.raises(KinesicsError, match="tokens of a recording"):
        load_tokens(tmp_path / "a.npz")
