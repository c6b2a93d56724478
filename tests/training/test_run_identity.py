"""Training in a folder goes on with what it began with, or is refused with what differs."""

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.skeleton import UPPER_BODY, SkeletonSequence, save_skeletons
from kinesics.weights.load import load_network

SMALL = ["--", "--trainer.enable_progress_bar=false"]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A clip folder of two classes and one run on it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "mine" / "skeletons").mkdir(parents=True)
    xyz = np.random.default_rng(0).normal(size=(60, 42, 3)).astype(np.float32)
    person = SkeletonSequence(xyz, np.ones((60, 42), np.float32), 10.0, UPPER_BODY)
    save_skeletons(tmp_path / "mine" / "skeletons" / "one.skeleton.npz", [person])
    rows = ["clip,label,split,subject,video,start,end,skeleton,person"]
    for i, split in enumerate(["train"] * 4 + ["val"] * 2 + ["test"] * 2):
        rows.append(
            f"c{i},{('wave', 'nod')[i % 2]},{split},{split},,{i * 0.5},{i * 0.5 + 1.5},skeletons/one.skeleton.npz,"
        )
    (tmp_path / "mine" / "manifest.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "mine" / "classes.txt").write_text("wave\nnod\n")
    return tmp_path / "mine"


def train(mine, *more, out="run"):
    where = ["--data", str(mine), "--out", str(mine.parent / out)]
    return main(["train", "--config", "gesture/tiny/1-skeleton", *where, *SMALL, *more])


def reword(path, *pairs):
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def test_the_same_command_resumes_on_whatever_there_is(mine):
    assert train(mine) == 0
    moved = mine.rename(mine.with_name("moved"))
    assert train(moved, "--trainer.accelerator=cpu", "--data.workers=0") == 0


@pytest.mark.parametrize(
    ("changes", "more", "told"),
    [
        ({"classes.txt": [("nod\n", "nod\nshrug\n")]}, (), "the classes wave, nod, shrug in place of wave, nod"),
        (
            {"classes.txt": [("wave", "beckon")], "manifest.csv": [(",wave,", ",beckon,")]},
            (),
            "the classes beckon, nod in place of wave, nod",
        ),
        ({"manifest.csv": [("c0,wave", "c0,nod")]}, (), "clips with other labels, splits, times or files"),
        ({"manifest.csv": [("c0,wave,train", "c0,wave,val")]}, (), "clips with other labels"),
        ({}, ("--model.rate=0.5",), "model.rate 0.5 in place of"),
        ({}, ("--trainer.max_epochs=3",), "trainer.max_epochs 3 in place of 2"),
    ],
)
def test_another_run_in_the_same_folder_is_refused(mine, capsys, changes, more, told):
    assert train(mine) == 0
    before = (mine.parent / "run" / "weights.safetensors").read_bytes()
    for name, pairs in changes.items():
        reword(mine / name, *pairs)
    assert train(mine, *more) == 2
    assert told in capsys.readouterr().err
    assert (mine.parent / "run" / "weights.safetensors").read_bytes() == before
    assert train(mine, *more, out="another") == 0


@pytest.mark.parametrize("given", ["--trainer.accelerator=cuda:0", "--trainer.devices=0", "--trainer.accelerator=tpu"])
def test_devices_that_are_not_there(mine, capsys, given):
    assert train(mine, given) == 2
    assert "expected devices of this machine" in capsys.readouterr().err


def test_open_ends_are_as_long_as_the_recording(mine):
    rows = [line.split(",") for line in (mine / "manifest.csv").read_text().splitlines()]
    end = rows[0].index("end")
    open_ended = [rows[0], *([*row[:end], "", *row[end + 1 :]] for row in rows[1:])]
    (mine / "manifest.csv").write_text("\n".join(map(",".join, open_ended)))
    assert train(mine) == 0
    _, specification, _ = load_network(mine.parent / "run" / "weights.safetensors")
    assert 1 < specification.fps < 100


def test_a_damaged_checkpoint_costs_an_epoch(mine):
    assert train(mine, "--trainer.max_epochs=2") == 0
    whole = (mine.parent / "run" / "weights.safetensors").read_bytes()
    (mine.parent / "run" / "last.ckpt").write_bytes(b"cut off")
    assert train(mine, "--trainer.max_epochs=2") == 0
    assert (mine.parent / "run" / "weights.safetensors").read_bytes() == whole
