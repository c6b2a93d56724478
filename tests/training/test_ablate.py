"""A grid of runs: what is finished is kept, cells go on from others, and the table tells means and spreads."""

import json
import statistics

import numpy as np
import pytest
import yaml

pytest.importorskip("lightning", reason="the train extra is not installed")

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.training import ablate as ablate_room
from kinesics.training.ablate import Ablation
from kinesics.training.reproduce import CONFIGS, find_config

CONFIG = """
data: {frames: 8, batch: 8}
model: {preset: tiny}
trainer: {max_epochs: 2, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}
"""
GRID = """
title: A grid
config: %s
split: test
metrics: [mean_class, top1]
seeds: [1, 2]
rows:
  joint: {model.modality: joint}
  both:
  classifier: {columns: true, model.start: "@both", model.part: classifier}
columns:
  as they come: {}
  balanced: {data.balance: 1}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A small NATOPS of six classes, a config, and a grid."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    label = np.tile(np.arange(6), 6)
    positions = rng.normal(size=(36, 10, 8, 3)).astype(np.float32)
    positions[:, :, 0, 1] += 3 * label[:, None]
    split = np.array(["train"] * 24 + ["test"] * 12)
    np.savez(tmp_path / "natops.npz", positions=positions, label=label, split=split)
    (tmp_path / "c.yaml").write_text(CONFIG)
    (tmp_path / "grid.yaml").write_text(GRID % (tmp_path / "c.yaml"))
    return tmp_path


def test_a_grid_is_run_once_and_told(place, monkeypatch, capsys):
    runs = []

    def counted(config, folder, arguments):
        runs.append((folder.relative_to(place / "out"), arguments))
        return run(config, folder, arguments)

    run = ablate_room.run
    monkeypatch.setattr(ablate_room, "run", counted)
    command = ["ablate", str(place / "grid.yaml"), "--data", str(place / "natops.npz"), "--out", str(place / "out")]
    assert main(command) == 0
    assert [str(folder) for folder, _ in runs[:4]] == [
        "joint/seed1", "both/seed1", "classifier/as-they-come/seed1", "classifier/balanced/seed1"
    ]  # fmt: skip
    assert f"--model.start={place / 'out/both/seed2'}" in runs[-1][1]
    assert len(runs) == 8
    told = json.loads((place / "out/ablation.json").read_text())
    assert set(told["cells"]) == {"joint", "both", "classifier/as they come", "classifier/balanced"}
    kept = told["cells"]["joint"]["top1"]
    values = kept["seeds"].values()
    assert set(kept["seeds"]) == {"1", "2"}
    assert kept["mean"] == pytest.approx(statistics.fmean(values))
    assert kept["spread"] == pytest.approx(statistics.stdev(values))
    line = f"| joint | {100 * told['cells']['joint']['mean_class']['mean']:.1f} ± "
    assert line in (place / "out/ablation.md").read_text()
    assert line in capsys.readouterr().out

    (place / "out/joint/seed2/predictions_test.npz").unlink()
    assert main(command) == 0
    assert len(runs) == 9
    assert json.loads((place / "out/ablation.json").read_text()) == told
    assert main([*command, "--seeds", "1", "--set", "trainer.max_epochs=1", "data.batch=4"]) == 0
    assert len(runs) == 9, "all that it asks for is there"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("split: test", "splits: test"), "expected an ablation"),
        (("mean_class, ", "beauty, "), "expected metrics among top1, top5, mean_class, macro_f1, found beauty"),
        (("joint}", "jaw}"), "model.modality: expected skeleton, joint, bone, video, both, found jaw"),
        (("@both", "@nobody"), "wants the folder of a finished run"),
    ],
)
def test_mistakes_are_told(place, capsys, change, told):
    grid = place / "grid.yaml"
    grid.write_text(grid.read_text().replace(*change))
    assert main(["ablate", str(grid), "--data", str(place / "natops.npz"), "--out", str(place / "out")]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("ablations/*.yaml")), ids=lambda path: path.stem)
def test_the_grids_that_ship_can_be_read(path):
    """Their configs are run by tests of their own; here, that every option is one that a config could have."""
    ablation = Ablation.read(path)
    assert len(ablation.cells) > 3
    names = [cell.name for cell in ablation.cells]
    for number, cell in enumerate(ablation.cells):
        said = yaml.safe_load(find_config(cell.config).read_text())
        assert {key.split(".")[0] for key in cell.overrides} <= set(said)
        for value in cell.overrides.values():
            if isinstance(value, str) and value.startswith("@"):
                assert value[1:] in names[:number], "it comes before"


def test_an_unknown_grid_names_those_that_there_are():
    with pytest.raises(KinesicsError, match="ablations/gesture"):
        find_config("ablations/nothing")
