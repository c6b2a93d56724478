"""One training run, from a config to a checkpoint and predictions; killed at any moment, it goes on where it was."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import lightning as L
import numpy as np
import torch
import yaml
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor

from kinesics.data.dataset import Split
from kinesics.evaluation import Predictions, evaluate
from kinesics.metrics import fit_temperature
from kinesics.models.optimised import best_dtype
from kinesics.training.gesture.data import GestureData
from kinesics.training.gesture.task import GestureTask
from kinesics.weights.load import save_weights
from kinesics.weights.pretrained import RUN_WEIGHTS

TaskName = Literal["gesture", "emotion"]


class EpochStart(L.Callback):
    """Makes an epoch depend on the seed and its number alone, so that a resumed run sees what an unbroken one sees."""

    def on_train_epoch_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        trainer.datamodule.windows("train").epoch = trainer.current_epoch  # type: ignore[attr-defined]

    def on_train_batch_start(self, trainer: L.Trainer, module: L.LightningModule, batch: Any, batch_idx: int) -> None:
        # not when the epoch starts: a loader draws a number then, in a resumed run before that and in others after it
        if batch_idx == 0:
            seed = trainer.datamodule.seed  # type: ignore[attr-defined]
            # dropout and its kind, another one in each process
            torch.manual_seed(100_003 * seed + trainer.current_epoch + 7919 * trainer.global_rank)


class TrainingCLI(LightningCLI):
    """LightningCLI with what the data know passed on to the network."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument("--task", type=TaskName, default="gesture")
        # what a benchmark should reach; `kinesics reproduce` reads it
        parser.add_argument("--expect", type=dict[str, Any] | None, default=None)
        parser.link_arguments("data.facts", "model.facts", apply_on="instantiate")

    def before_instantiate_classes(self) -> None:
        trainer = self.config.trainer
        trainer.precision = supported_precision(trainer.precision, trainer.accelerator)


def checkpoint_callback(out: Path) -> ModelCheckpoint:
    """What writes `out/last.ckpt` after every epoch, in place of the one before."""
    # `save_last` with `save_top_k=0` would write it at the very end alone, as of Lightning 2.6
    return ModelCheckpoint(out, filename="last", enable_version_counter=False)


def supported_precision(precision: Any, accelerator: str = "auto") -> Any:
    """`precision`, or float32 in place of bfloat16 on a processor that is slower in it: ten times without AVX-512."""
    on_cpu = accelerator == "cpu" or not torch.cuda.is_available()
    if precision != "bf16-mixed" or not on_cpu or best_dtype() is torch.bfloat16:
        return precision
    return "32-true"


def run(config: Path, out: Path, arguments: Sequence[str] = ()) -> Path:
    """Train as `config` says (further `arguments` as LightningCLI takes them) and write everything to `out`.

    Left there: last.ckpt (after every epoch), predictions_val.npz, predictions_test.npz, weights.safetensors and, in
    `logs`, config.yaml and what TensorBoard and a CSV file log. An existing last.ckpt is gone on from. Data in folds
    leave this in `fold0`, `fold1`, … and the predictions of all folds in `out`. Returns `out`.
    """
    cli = assemble(config, out, arguments)
    if getattr(cli.datamodule, "folds", 0) and cli.datamodule.fold is None:
        return _run_folds(config, out, arguments, cli.datamodule.folds)
    trainer: L.Trainer = cli.trainer
    last = out / "last.ckpt"
    trainer.fit(cli.model, cli.datamodule, ckpt_path=last if last.exists() else None)
    if trainer.is_global_zero:
        # averaged weights, if the run keeps some; the trainer brings them back only right after training
        cli.model.load_state_dict(torch.load(last, map_location="cpu", weights_only=True)["state_dict"])
        save_predictions(cli.model, cli.datamodule, out)
        save_run_weights(cli.model, out)
    return out


def assemble(config: Path, out: Path, arguments: Sequence[str] = ()) -> TrainingCLI:
    """The task, its data and the trainer of a config, for `run`."""
    quiet()
    return TrainingCLI(
        *_classes(config),
        args=["--config", str(config), f"--trainer.default_root_dir={out}", *arguments],
        run=False,
        save_config_callback=SaveConfigCallback,
        save_config_kwargs={"overwrite": True},
        seed_everything_default=1,
        auto_configure_optimizers=False,
        trainer_defaults={
            "enable_model_summary": False,
            "log_every_n_steps": 10,
            "use_distributed_sampler": False,  # the data know what each process gets
            "callbacks": [checkpoint_callback(out), EpochStart()],
            "logger": [CSVLogger(out, name=None, version="logs"), TensorBoardLogger(out, name=None, version="logs")],
        },
    )


def save_run_weights(task: Any, out: Path) -> None:
    """The network with its specification, the temperature that validation teaches, and the figures of test."""
    network, described = task.weights()
    held, test = (_labelled(out / f"predictions_{split}.npz") for split in ("val", "test"))
    if held is not None:
        described = replace(described, temperature=fit_temperature(held.logits, held.labels))
    if test is not None:
        figures = evaluate(test).figures
        described = replace(described, metrics={name: figure.value for name, figure in figures.items()})
    save_weights(out / RUN_WEIGHTS, network, described)


def _labelled(path: Path) -> Predictions | None:
    """What was kept of a split, if its labels are known."""
    kept = Predictions.load(path) if path.exists() else None
    return kept if kept is not None and (kept.labels >= 0).all() else None


def _run_folds(config: Path, out: Path, arguments: Sequence[str], folds: int) -> Path:
    """One run a fold; what an interrupted call has finished is kept."""
    parts = [out / f"fold{fold}" for fold in range(folds)]
    for fold, part in enumerate(parts):
        if not (part / "predictions_test.npz").exists():
            run(config, part, [*arguments, f"--data.fold={fold}"])
    for name in ("predictions_val.npz", "predictions_test.npz"):
        Predictions.joined([Predictions.load(part / name) for part in parts]).save(out / name)
    return out


def _classes(config: Path) -> tuple[type[L.LightningModule], type[L.LightningDataModule]]:
    """What the config's `task` trains, and on what."""
    if yaml.safe_load(config.read_text("utf-8")).get("task") == "emotion":
        from kinesics.training.emotion.data import EmotionData
        from kinesics.training.emotion.task import EmotionTask

        return EmotionTask, EmotionData
    return GestureTask, GestureData


def quiet() -> None:
    """Lightning's tips advertise a cloud service, and warn of choices that are made on purpose here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for package in ("lightning", "jsonargparse"):
        warnings.filterwarnings("ignore", module=f"{package}.*")


def save_predictions(task: L.LightningModule, data: Any, out: Path) -> None:
    """The network's answers to the validation and test clips, for `kinesics evaluate` and `ensemble`."""
    splits: tuple[Split, ...] = ("val", "test")
    for split in splits:
        clips = data.clips(split)
        if not clips:
            continue
        loader = data.val_dataloader() if split == "val" else data.test_dataloader()
        Predictions(
            ids=tuple(clip.id for clip in clips),
            logits=predict(task, loader),
            labels=np.array([-1 if clip.label is None else clip.label for clip in clips], np.int64),
            subjects=tuple(clip.subject for clip in clips),
            classes=data.facts.classes,
        ).save(out / f"predictions_{split}.npz")


@torch.no_grad()
def predict(task: L.LightningModule, batches: Any) -> Any:
    """(N, classes) float32 logits in eval mode, in the order of the batches."""
    task.eval()
    logits: list[Tensor] = [task({k: v.to(task.device) for k, v in batch.items()}).float().cpu() for batch in batches]
    return torch.cat(logits).numpy()
