"""Configs run, resume, and reproduce, on a tiny data set whose classes differ in one plain way."""

import json
import multiprocessing
import re
import signal

import numpy as np
import pytest
import torch
import yaml

pytest.importorskip("lightning", reason="the train extra is not installed")

from support.training_process import train_or_die

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions
from kinesics.reading import read_yaml
from kinesics.training import trainer
from kinesics.training.reproduce import CONFIGS
from kinesics.training.run import TASKS, TaskClasses, assemble, read_config, renamed, run
from kinesics.weights.run_folder import RunFolder

CONFIG = """
data: {frames: 8, batch: 8}
model: {preset: tiny}
trainer: {max_epochs: 4, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}
expect: {metric: top1, value: %s, seeds: [1, 2]}
"""


@pytest.fixture
def natops(tmp_path, monkeypatch):
    """A small NATOPS in whose class c both arms are held c units further aside, up and away from the trunk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    label = np.tile(np.arange(6), 12)
    positions = rng.normal(size=(72, 20, 8, 3)).astype(np.float32) * 0.05
    positions += np.random.default_rng(1).normal(size=(1, 1, 8, 3)).astype(np.float32)
    positions += label[:, None, None, None]
    split = np.array(["train"] * 48 + ["test"] * 24)
    np.savez(tmp_path / "natops.npz", positions=positions, label=label, split=split)
    return tmp_path / "natops.npz"


def write_config(folder, value=0.5):
    path = folder / "c.yaml"
    path.write_text(CONFIG % value)
    return path


def test_a_run_learns_and_leaves_predictions(tmp_path, natops):
    out = run(
        write_config(tmp_path),
        tmp_path / "run",
        [f"--data.root={natops}", "--trainer.max_epochs=25"],
    )
    kept = Predictions.load(out / "predictions_test.npz")
    assert len(kept.ids) == 24
    assert (kept.logits.argmax(1) == kept.labels).mean() > 0.4, "a sixth would be chance"
    assert (out / "last.ckpt").exists()
    assert list((out / "logs").glob("events*"))
    assert (out / "logs" / "metrics.csv").exists()


@pytest.fixture(scope="module")
def process():
    """Runs a function in a process of its own, forked from one that has imported everything and started no thread."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kinesics.training.run", "tensorboard.compat", "torch.utils.tensorboard"])

    def in_process(function, *arguments):
        child = context.Process(target=function, args=arguments)
        child.start()
        child.join()
        return child.exitcode

    return in_process


def test_killed_three_times_it_ends_where_an_unbroken_run_ends(tmp_path, natops, process):
    config = write_config(tmp_path)
    for die_at, finished in ((2, 0), (9, 1), (17, 2)):
        assert process(train_or_die, config, tmp_path / "broken", natops, die_at) == -signal.SIGKILL
        last = tmp_path / "broken" / "last.ckpt"
        assert last.exists() == (finished > 0)
        assert not finished or torch.load(last, weights_only=True)["epoch"] == finished - 1
    for name in ("broken", "whole"):
        assert process(train_or_die, config, tmp_path / name, natops) == 0
    whole, resumed = (Predictions.load(tmp_path / name / "predictions_test.npz") for name in ("whole", "broken"))
    assert np.array_equal(whole.logits, resumed.logits)


def test_killed_after_training_it_ends_likewise(tmp_path, natops):
    config = write_config(tmp_path)
    train_or_die(config, tmp_path / "run", natops)
    files = [tmp_path / "run" / name for name in ("predictions_test.npz", "weights.safetensors")]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    train_or_die(config, tmp_path / "run", natops)
    assert [file.read_bytes() for file in files] == before


def test_two_processes_train_one_network(tmp_path, natops, process):
    two = ("--trainer.devices=2", "--trainer.strategy=ddp_fork", "--data.batch=4", "--trainer.max_epochs=1")
    assert process(train_or_die, write_config(tmp_path), tmp_path / "run", natops, None, two) == 0
    kept = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 48 // 2 // 4, "each process sees its half of the clips"
    assert Predictions.load(tmp_path / "run" / "predictions_test.npz").logits.shape == (24, 6)


def test_reproduce_says_whether_the_number_was_reached(tmp_path, natops, monkeypatch, capsys):
    (tmp_path / "benchmarks").mkdir()
    monkeypatch.setattr("kinesics.training.reproduce.CONFIGS", tmp_path)
    one_seed = CONFIG.replace("[1, 2]", "[1]")
    for name, text in (("easy", CONFIG % 0.1), ("impossible", one_seed % 1.01)):
        (tmp_path / "benchmarks" / f"{name}.yaml").write_text(text)
    command = ["reproduce", "easy", "--data", str(natops), "--out", str(tmp_path / "easy")]
    assert main(command) == 0
    assert "reached" in capsys.readouterr().out
    told = json.loads((tmp_path / "easy" / "results.json").read_text())
    assert told["reached"]
    assert set(told["values"]) == {"1", "2"}
    with pytest.raises(SystemExit) as stopped:
        main(["reproduce", "impossible", "--data", str(natops), "--out", str(tmp_path / "impossible")])
    assert stopped.value.code == 1
    assert "NOT reached" in capsys.readouterr().out
    beside_another, alone = (
        Predictions.load(tmp_path / name / "seed1" / "predictions_test.npz").logits for name in ("easy", "impossible")
    )
    np.testing.assert_allclose(beside_another, alone, rtol=1e-3, atol=1e-3)


# that of utterances runs in tests/training/emotion/test_utterances.py
GESTURE_BENCHMARKS = [path for path in sorted(CONFIGS.glob("benchmarks/*.yaml")) if "task" not in read_yaml(path)]


@pytest.mark.parametrize("config", GESTURE_BENCHMARKS, ids=lambda path: path.stem)
def test_every_benchmark_runs(tmp_path, natops, config):
    small = ["--trainer.max_epochs=1", "--trainer.limit_train_batches=1", "--data.frames=8", "--model.preset=tiny"]
    run(config, tmp_path / "run", [f"--data.root={natops}", *small])
    assert (tmp_path / "run" / "predictions_test.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--config", "nothing"], "expected a config file"),
        (["--config", "benchmarks/natops", "--data", "nowhere"], "no such file"),
        (["--config", "benchmarks/natops", "--data", ".", "--", "--model.nonsense=3"], "model.nonsense"),
    ],
)
def test_mistakes_are_told(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--out", str(tmp_path / "run"), *arguments]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("faster", "precision"), [(torch.float32, "32-true"), (torch.bfloat16, "bf16-mixed")])
def test_bfloat16_is_used_only_where_the_processor_is_faster_in_it(tmp_path, natops, monkeypatch, faster, precision):
    monkeypatch.setattr(trainer, "best_dtype", lambda: faster)
    arguments = [f"--data.root={natops}", "--trainer.precision=bf16-mixed"]
    assert assemble(write_config(tmp_path), tmp_path / "run", arguments).trainer.precision == precision
    arguments[1] = "--trainer.precision=64-true"
    assert assemble(write_config(tmp_path), tmp_path / "run", arguments).trainer.precision == "64-true"


DUMMY = '''
import torch
from kinesics.training.gesture.data import GestureData
from kinesics.training.gesture.task import GestureTask


class LineData(GestureData):
    pass


class LineTask(GestureTask):
    """A single layer on the mean position of each joint."""

    def __init__(self, spec, slope: float = 1.0):
        super().__init__(spec, preset="tiny")
        self.slope = slope
        self.line = torch.nn.LazyLinear(len(spec.classes))
        self.line(torch.zeros(1, 3 * len(spec.layout)))

    def forward(self, batch):
        return self.line(self.slope * batch["skeleton"][:, :3].mean(2).flatten(1))

    def training_step(self, batch, _):
        return torch.nn.functional.cross_entropy(self(batch), batch["label"])

    def configure_optimizers(self):
        return torch.optim.Adam(self.line.parameters(), 0.02)
'''
SECTIONS = {
    "a row of the table": ("task: line", "", ""),
    "a class path": ("", "class_path: line_task.LineTask", "class_path: line_task.LineData"),
}


@pytest.mark.parametrize("named", SECTIONS)
def test_a_task_of_ones_own_is_trained_by_the_command_line(tmp_path, natops, monkeypatch, named):
    (tmp_path / "line_task.py").write_text(DUMMY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(TASKS, "line", TaskClasses("line_task.LineTask", "line_task.LineData"))
    task, model, data = SECTIONS[named]
    options = "{frames: 8, batch: 8}"
    trainer = "{max_epochs: 40, accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0}"
    config = tmp_path / "line.yaml"
    if task:
        config.write_text(f"{task}\ndata: {options}\nmodel: {{slope: 2.0}}\ntrainer: {trainer}\n")
    else:
        sections = f"model: {{{model}, init_args: {{slope: 2.0}}}}\ndata: {{{data}, init_args: {options}}}"
        config.write_text(f"{sections}\ntrainer: {trainer}\n")
    out = tmp_path / "run"
    command = ["train", "--config", str(config), "--data", str(natops), "--out", str(out)]
    assert main([*command, "--", "--data.batch=6"]) == 0
    found = Predictions.load(RunFolder(out).predictions("test"))
    assert (found.logits.argmax(1) == found.labels).mean() > 0.4, "a sixth would be chance"
    saved = yaml.safe_load((RunFolder(out).logs / "config.yaml").read_text())
    assert saved["model"] == {"slope": 2.0}
    assert saved["data"]["batch"] == 6
    same = {name: saved[name] for name in ("task", "model", "data", "seed_everything")}
    config.write_text(yaml.safe_dump(same | {"trainer": yaml.safe_load(trainer)}))
    again = run(config, tmp_path / "again")
    np.testing.assert_array_equal(Predictions.load(RunFolder(again).predictions("test")).logits, found.logits)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("task: juggling", "expected task gesture, emotion"),
        ("model: {class_path: kinesics.Nothing}", "expected the import path of a class"),
        ("model: {class_path: nowhere.at.all}", "expected the import path of a class"),
    ],
)
def test_a_task_that_there_is_not_is_refused(tmp_path, text, told):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(KinesicsError, match=told):
        run(tmp_path / "c.yaml", tmp_path / "run")


def test_options_by_their_older_names_are_understood(tmp_path):
    text = "task: emotion\ndata: {pictures: 2, batch: 3}\nmodel: {preset: tiny}\n"
    (tmp_path / "c.yaml").write_text(text)
    classes, sections = read_config(tmp_path / "c.yaml")
    assert classes == TASKS["emotion"]
    assert sections["data"] == {"frame_windows": 2, "batch": 3}
    assert renamed("--data.view.crop=[0.5,1]") == "--data.video_augment.crop=[0.5,1]"
    assert renamed("--data.viewer=1") == "--data.viewer=1"


@pytest.mark.parametrize("config", ["gesture/tiny/1-skeleton", "emotion/tiny/1-fusion"])
def test_help_explains_every_option(tmp_path, monkeypatch, capsys, config):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["train", "--config", config, "--", "--help"]) == 0
    told = capsys.readouterr().out
    for option in ("--model.encoder_rate", "--data.workers", "--data.augment", "--expect"):
        explained = re.search(rf"^  {re.escape(option)} .*\s+[A-Za-z]\w+ \w+", told, re.MULTILINE)
        assert explained, f"{option}: expected a sentence"
    assert "The share of it that the encoders get" in told
