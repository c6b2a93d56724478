"""Trainings in several processes, as the command line starts them, and what they leave."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import nn

from kinesics.cli import main
from kinesics.weights.run_folder import RunFolder

TRAINER = """
seed_everything: 1
trainer: {accelerator: cpu, enable_progress_bar: false, num_sanity_val_steps: 0, log_every_n_steps: 1, max_epochs: %d,
  callbacks: [{class_path: support.several.NoDropout}]}
"""
GESTURE = "task: gesture\ndata: {frames: 8, batch: 8, augment: {}}\nmodel: {preset: tiny}" + TRAINER
EMOTION = (
    "task: emotion\ndata: {video: encoder.safetensors, streams: [context, gestures], gestures: labels, batch: 4, "
    "augment: {}}\nmodel: {preset: tiny}" + TRAINER
)


class NoDropout(L.Callback):
    """Turns off what is left out at random: processes draw that each for themselves."""

    def on_fit_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        for one in module.modules():
            if isinstance(one, nn.Dropout):
                one.p = 0.0
            if hasattr(getattr(one, "config", None), "stream_dropout"):
                one.config = replace(one.config, stream_dropout=0.0)


def natops(path: Path, clips: int = 72) -> Path:
    """A small NATOPS in whose class c both arms are held c units further aside, up and away from the trunk."""
    rng = np.random.default_rng(0)
    label = np.arange(clips) % 6
    positions = rng.normal(size=(clips, 20, 8, 3)).astype(np.float32) * 0.05
    positions += np.random.default_rng(1).normal(size=(1, 1, 8, 3)).astype(np.float32)
    positions += label[:, None, None, None]
    split = np.array(["train"] * (clips * 2 // 3) + ["test"] * (clips - clips * 2 // 3))
    np.savez(path, positions=positions, label=label, split=split)
    return path


class Fatal(L.Callback):
    """Kills the second process when it begins a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: L.Trainer, *_: object) -> None:
        if trainer.global_rank == 1 and trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def train(
    config: Path, data: Path, out: Path, processes: int, batch: int, more: Sequence[str] = ()
) -> list[int | None]:
    """A training on so many processes, each with its share of the batch, started as torchrun does; their exit codes.

    What each says goes to `errors0`, … in its folder.
    """
    context = multiprocessing.get_context("forkserver")  # forks from a process that has imported everything
    context.set_forkserver_preload(["support.several", "kinesics.training.run", "torch.utils.tensorboard"])
    out.mkdir(exist_ok=True)
    given = ["train", "--config", str(config), "--data", str(data), "--out", str(out), "--"]
    given += [f"--data.batch={batch // processes}", f"--trainer.devices={processes}", *more]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    started = [context.Process(target=_rank, args=(given, i, processes, port, out)) for i in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def _rank(given: list[str], number: int, count: int, port: str, out: Path) -> None:
    sys.stderr = (out / f"errors{number}").open("w")
    torch.set_num_threads(1)
    if count > 1:
        ranks = dict.fromkeys(("RANK", "LOCAL_RANK"), str(number)) | {"GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "1"}
        sizes = dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(count))
        os.environ |= ranks | sizes | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    sys.exit(main(given))


def losses(out: Path) -> np.ndarray:
    """The training loss of every step."""
    with (RunFolder(out).logs / "metrics.csv").open() as file:
        found = {int(row["step"]): float(row["train_loss"]) for row in csv.DictReader(file) if row["train_loss"]}
    return np.array([found[step] for step in sorted(found)])
