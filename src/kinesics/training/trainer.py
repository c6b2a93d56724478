"""What the trainings of all tasks share: checkpoints, resuming, precision, the trainer, and starting from a run."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor, nn

from kinesics.errors import KinesicsError
from kinesics.models.optimised import best_dtype
from kinesics.training.checkpoints import KeepOneBefore, newest_checkpoint, read_checkpoint
from kinesics.training.several import WholeBatchNorms, together
from kinesics.weights.run_folder import RunFolder

State = dict[str, Tensor]  # a network's tensors by name


class EpochStart(L.Callback):
    """Make an epoch depend on the seed and its number alone, so that a resumed run sees what an unbroken one sees."""

    def on_train_epoch_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Tell the training windows which epoch it is."""
        trainer.datamodule.windows("train").epoch = trainer.current_epoch  # type: ignore[attr-defined]

    def on_train_batch_start(self, trainer: L.Trainer, module: L.LightningModule, batch: Any, batch_idx: int) -> None:
        """Seed dropout and its kind before the first batch of an epoch, otherwise in each process.

        Parameters
        ----------
        trainer : knows the epoch and the process.
        module : is not used.
        batch : is not used.
        batch_idx : the batch's number in its epoch.
        """
        # not when the epoch starts: a loader draws a number then, in a resumed run before that and in others after it
        if batch_idx == 0:
            seed = trainer.datamodule.seed  # type: ignore[attr-defined]
            torch.manual_seed(100_003 * seed + trainer.current_epoch + 7919 * trainer.global_rank)


def checkpoint_callback(out: Path) -> ModelCheckpoint:
    """Build what writes the run's checkpoint after every epoch, in place of the one before."""
    # `save_last` with `save_top_k=0` would write it at the very end alone, as of Lightning 2.6
    return ModelCheckpoint(out, filename=RunFolder(out).checkpoint.stem, enable_version_counter=False)


def supported_precision(precision: Any, accelerator: str = "auto") -> Any:
    """Give `precision`, or float32 in place of bfloat16 on a processor that is slower in it.

    Without AVX-512 a processor is ten times slower in bfloat16.
    """
    on_cpu = accelerator == "cpu" or not torch.cuda.is_available()
    if precision != "bf16-mixed" or not on_cpu or best_dtype() is torch.bfloat16:
        return precision
    return "32-true"


def shared_settings(out: Path) -> dict[str, Any]:
    """Give what every `Trainer` that writes to `out` is made with."""
    return {
        "enable_model_summary": False,
        "log_every_n_steps": 10,
        "callbacks": [checkpoint_callback(out), EpochStart()],
        "plugins": [KeepOneBefore(), WholeBatchNorms()],
    }


def resume(trainer: L.Trainer, task: L.LightningModule, data: L.LightningDataModule, out: Path) -> None:
    """Train from the last checkpoint in `out` that is whole, or from the start where there is none.

    Parameters
    ----------
    trainer : how long, where and how precisely.
    task : what is trained.
    data : its batches.
    out : the run's folder.

    Raises
    ------
    KinesicsError
        where all checkpoints are damaged, and where another process of this training ends.
    """
    with together(trainer, out):
        trainer.fit(task, data, ckpt_path=newest_checkpoint(out))


def fit(
    task: L.LightningModule, data: L.LightningDataModule, out: Path, *, epochs: int, accelerator: str = "auto"
) -> None:
    """Train a task that has no config, or resume its training.

    Parameters
    ----------
    task : what is trained.
    data : its batches; `windows("train")` and `seed` are what `EpochStart` needs.
    out : the folder of the checkpoint and the logs.
    epochs : how many in all, those of an interrupted training included.
    accelerator : as Lightning names it.
    """
    settings = shared_settings(out)
    trainer = L.Trainer(
        **settings | {"callbacks": [*settings["callbacks"], RichProgressBar()]},
        max_epochs=epochs,
        accelerator=accelerator,
        precision=supported_precision("bf16-mixed", accelerator),
        logger=CSVLogger(out, name=RunFolder(out).logs.name),
        gradient_clip_val=1.0,
    )
    resume(trainer, task, data, out)


def initialise_from_run(folder: Path, choose: Callable[[State], tuple[nn.Module, State]], shared_options: str) -> None:
    """Load the network of an earlier run's checkpoint, with its averaged weights if the run kept some.

    Parameters
    ----------
    folder : of the earlier run.
    choose : given the earlier network's tensors, the module to load and the tensors for it.
    shared_options : the options that both runs must have alike, for the message.

    Raises
    ------
    KinesicsError : where there is no checkpoint, or one of another network.
    """
    path = newest_checkpoint(folder)
    if path is None:
        raise KinesicsError(
            f"{RunFolder(folder).checkpoint}: no such file; model.start wants the folder of a finished run"
        )
    state = read_checkpoint(path)["state_dict"]
    module, tensors = choose(without_prefix(state, "network."))
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise KinesicsError(
            f"{path}: expected the same network as this run's, found another; give both runs the same {shared_options}"
        ) from error


def without_prefix(state: State, prefix: str) -> State:
    """The tensors whose names begin with `prefix`, by the rest of their names."""
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def silence_logs() -> None:
    """Silence Lightning's tips, which advertise a cloud service and warn of choices that are made on purpose here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for package in ("lightning", "jsonargparse"):
        warnings.filterwarnings("ignore", module=f"{package}.*")
