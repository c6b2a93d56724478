"""A spotting run from config to events, weights and figures, on hands that make two plain gestures."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.hands import write_hands

from kinesics.cli import main
from kinesics.evaluation.runs import figures_of
from kinesics.evaluation.spots import SpottedRecordings, evaluate_spots
from kinesics.models.gesture.spotting_net import SPOTTERS
from kinesics.training.reproduce import CONFIGS
from kinesics.training.run import assemble, run
from kinesics.weights.load import load_network
from kinesics.weights.run_folder import RunFolder

CONFIG = CONFIGS / "benchmarks" / "shrec21.yaml"
QUICK = ["--trainer.enable_progress_bar=false", "--data.seconds=10.24", "--model.width=32", "--model.drop=0"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The data, and a run's folder in which the shipped config has run at a small size."""
    root = tmp_path_factory.mktemp("spotting")
    data = write_hands(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        run(CONFIG, root / "run", [f"--data.root={data}", "--data.batch=4", "--trainer.max_epochs=30", *QUICK])
    return data, root / "run"


@pytest.fixture(autouse=True)
def _cache(trained, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(trained[0].parent / "cache"))


def test_a_run_learns_to_find_gestures(trained):
    folder = RunFolder(trained[1])
    test, held = (SpottedRecordings.load(folder.events(split)) for split in ("test", "val"))
    assert len(test.recordings) == 6
    assert len(held.recordings) == 2, "every sixth of fifteen"
    judged = evaluate_spots(test, held, draws=20)
    assert judged.figures["f1"].value > 0.6
    assert judged.figures["detection_rate"].value > 0.6
    assert figures_of(trained[1], "test")["f1"] == judged.figures["f1"].value


def test_weights_answer_as_the_run_did(trained):
    network, described, _ = load_network(RunFolder(trained[1]).weights)
    assert described.network == "spotting_net"
    assert described.classes[:2] == ("ONE", "TWO")
    assert described.metrics["f1"] > 0.6
    assert set(described.thresholds) == set(described.classes)
    again = assemble(CONFIG, trained[1], [f"--data.root={trained[0]}", *QUICK])
    again.model.network.load_state_dict(network.state_dict())
    batch = next(iter(again.datamodule.test_dataloader()))
    (spots,) = again.model.eval()(batch)
    kept = SpottedRecordings.load(RunFolder(trained[1]).events("test"))
    best = kept.found[kept.found[:, 0] == 0]
    best = best[best[:, 4].argmax()]
    assert spots.label[0] == best[1]
    np.testing.assert_allclose(spots.span[0], best[2:4], atol=0.02)


@pytest.mark.parametrize(("name", "classes"), [("benchmarks/shrec21_contest", 18), ("spotting/joints", 17)])
def test_the_other_configs_run(trained, tmp_path, name, classes):
    short = ["--trainer.max_epochs=1", "--trainer.limit_train_batches=1", "--trainer.accelerator=cpu"]
    out = run(CONFIGS / f"{name}.yaml", tmp_path / "run", [f"--data.root={trained[0]}", *short, *QUICK])
    spotted = SpottedRecordings.load(RunFolder(out).events("test"))
    assert len(spotted.classes) == classes
    assert spotted.truth.shape == SpottedRecordings.load(RunFolder(trained[1]).events("test")).truth.shape


def test_evaluate_shows_the_events_figures(trained, tmp_path, capsys):
    assert main(["evaluate", str(trained[1]), "--out", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "evaluation.json").read_text())
    assert told["chosen_on"] == "validation"
    for name in ("f1", "f1_organisers", "map_10", "map_70", "segmental_f1_25", "edit", "jaccard", "start_error_ms"):
        assert told["figures"][name]["low"] <= told["figures"][name]["value"] + 1e-9
    assert main(["evaluate", str(trained[1]), "--out", str(tmp_path)]) == 0
    assert "6 recordings" in capsys.readouterr().out


@pytest.mark.parametrize("network", sorted(SPOTTERS))
def test_every_network_trains_and_gives_gradients(trained, network):
    there = assemble(CONFIG, trained[1], [f"--data.root={trained[0]}", f"--model.network={network}", *QUICK])
    batch = next(iter(there.datamodule.train_dataloader()))
    there.model.log = lambda *args, **options: None
    loss = there.model.training_step(batch, 0)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in there.model.network.parameters())
    spots = there.model.eval()(batch)
    assert len(spots) == len(batch["frames"])
