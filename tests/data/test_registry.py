"""A new data set is a file and a row: a dummy one, registered here, goes through every verb that takes a data set."""

from functools import cached_property

import numpy as np
import PIL.Image
import pytest

from kinesics.cli import main
from kinesics.data.dataset import ClipInfo, DatasetNotFoundError, GestureDataset
from kinesics.data.registry import DATASETS, open_dataset
from kinesics.evaluation import Predictions
from kinesics.skeleton import UPPER_BODY, SkeletonSequence

CONFIG = """
data: {frames: 8, batch: 8}
model: {preset: tiny}
trainer: {max_epochs: 1, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}
"""


class Signals(GestureDataset):
    """Clips named in `signals.txt`, `<split> <class>` a line; a raised hand is higher than a lowered one."""

    name = "Signals"
    access = "nobody's"
    classes = ("raised", "lowered")

    @cached_property
    def clips(self):
        rows = [line.split() for line in (self.folder / "signals.txt").read_text().splitlines()]
        return tuple(
            ClipInfo(f"c{k}", int(label), split, f"{split}{k % 2}", 0.0, 1.0, skeleton=self.folder / "signals.txt")
            for k, (split, label) in enumerate(rows)
        )

    @classmethod
    def recognises(cls, folder):
        return (folder / "signals.txt").is_file()

    def read_skeleton(self, clip):
        rng = np.random.default_rng(int(clip.id[1:]))
        xyz = rng.normal(0, 0.05, (20, len(UPPER_BODY), 3)).astype(np.float32)
        xyz[:, UPPER_BODY.index("neck"), 1] -= 1
        xyz[:, UPPER_BODY.index("right_wrist"), 1] += 2 * clip.label - 1
        return SkeletonSequence(xyz, np.ones(xyz.shape[:2], np.float32), 20.0, UPPER_BODY)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rows = [f"{split} {k % 2}" for split, count in (("train", 16), ("val", 4), ("test", 4)) for k in range(count)]
    folder = tmp_path / "signals"
    folder.mkdir()
    (folder / "signals.txt").write_text("\n".join(rows))
    return folder


@pytest.fixture
def _registered(monkeypatch):
    monkeypatch.setitem(DATASETS, Signals.name, Signals)


def test_rows_are_named_as_their_classes():
    assert all(name == dataset.name for name, dataset in DATASETS.items())


def test_an_unknown_folder_is_told_what_is_known(folder):
    with pytest.raises(DatasetNotFoundError, match=rf"expected a data set \({', '.join(DATASETS)}\)"):
        open_dataset(folder)


@pytest.mark.usefixtures("_registered")
def test_the_doctor_examines_a_registered_set(folder, capsys):
    main(["data", "doctor", str(folder)])
    printed = capsys.readouterr().out
    assert printed.startswith("Signals in ")
    assert "raised" in printed
    assert "every check passed" in printed


@pytest.mark.usefixtures("_registered")
def test_a_clip_of_a_registered_set_is_shown(folder, tmp_path):
    main(["data", "show", str(folder), "c3", "--out", str(tmp_path / "c3.png")])
    assert PIL.Image.open(tmp_path / "c3.png").width > 1000


@pytest.mark.usefixtures("_registered")
def test_a_network_is_trained_on_a_registered_set(folder, tmp_path):
    pytest.importorskip("lightning", reason="the train extra is not installed")
    (tmp_path / "c.yaml").write_text(CONFIG)
    main(["train", "--config", str(tmp_path / "c.yaml"), "--data", str(folder), "--out", str(tmp_path / "run")])
    predictions = Predictions.load(tmp_path / "run" / "predictions_test.npz")
    assert predictions.classes == Signals.classes
    assert predictions.ids == ("c20", "c21", "c22", "c23")
