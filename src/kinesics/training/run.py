"""One training run, from a config to a checkpoint, predictions and weights; killed at any moment, it resumes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
import yaml
from jsonargparse import ArgumentError
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from numpy.typing import NDArray

from kinesics.data.dataset import SPLITS, Split
from kinesics.errors import KinesicsError
from kinesics.evaluation import Predictions, evaluate
from kinesics.metrics import fit_temperature
from kinesics.reading import read_yaml
from kinesics.training.checkpoints import newest_checkpoint, read_checkpoint
from kinesics.training.run_identity import remember_run, run_identity
from kinesics.training.trainer import resume, shared_settings, silence_logs, supported_precision
from kinesics.weights.load import save_weights
from kinesics.weights.run_folder import RunFolder

_PREDICTED: tuple[Split, ...] = ("val", "test")


@dataclass(frozen=True)
class TaskClasses:
    """A task of training: the import paths of its two classes.

    model: a LightningModule made with `spec`, whose `forward` takes a batch (a dict of tensors) and gives logits
    (N, classes), and whose `weights()` gives the network and its Specification.
    data: a LightningDataModule with `spec` (its `classes` are those of the logits), `clips(split)`,
    `windows("train")` (on which the epoch's number is set) and `seed`; `folds` and `fold` where it deals in folds.

    A model that answers with something else than logits has a `save_run(data, out)` of its own.
    """

    model: str
    data: str


TASKS: dict[str, TaskClasses] = {
    "gesture": TaskClasses("kinesics.training.gesture.task.GestureTask", "kinesics.training.gesture.data.GestureData"),
    "emotion": TaskClasses("kinesics.training.emotion.task.EmotionTask", "kinesics.training.emotion.data.EmotionData"),
    "spotting": TaskClasses(
        "kinesics.training.spotting.task.SpottingTask", "kinesics.training.spotting.data.SpottingData"
    ),
    "spotting-tokens": TaskClasses(
        "kinesics.training.spotting.task.SpottingTask", "kinesics.training.spotting.tokens.TokenData"
    ),
    "interviews": TaskClasses(
        "kinesics.training.emotion.task.EmotionTask", "kinesics.training.emotion.interviews.InterviewData"
    ),
    "utterances": TaskClasses(
        "kinesics.training.emotion.task.EmotionTask", "kinesics.training.emotion.utterances.UtteranceData"
    ),
}
# options that had another name before, by section
_RENAMED = {"data": {"view": "video_augment", "pictures": "frame_windows"}}


class TrainingCLI(LightningCLI):
    """LightningCLI with what the data know passed on to the network."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options that are neither the trainer's nor the task's."""
        parser.add_argument(
            "--task",
            type=str | dict[str, str],
            default="gesture",
            help="gesture, emotion, spotting, spotting-tokens, or classes",
        )
        parser.add_argument(
            "--expect",
            type=dict[str, Any] | None,
            default=None,
            help="what a benchmark should reach: metric, value and seeds; `kinesics reproduce` reads it",
        )
        parser.link_arguments("data.spec", "model.spec", apply_on="instantiate")

    def instantiate_trainer(self, **kwargs: Any) -> L.Trainer:
        """The trainer; raises KinesicsError for devices that are not there, and options that do not go together."""
        try:
            return super().instantiate_trainer(**kwargs)
        except (MisconfigurationException, ValueError, RuntimeError, ImportError) as error:
            given = self.config.trainer
            raise KinesicsError(
                f"--trainer: expected devices of this machine, found accelerator {given.accelerator} and devices "
                f"{given.devices} ({str(error).splitlines()[0]}); leave both away to use what there is"
            ) from error

    def before_instantiate_classes(self) -> None:
        """Take a precision that this machine is fast in."""
        trainer = self.config.trainer
        trainer.precision = supported_precision(trainer.precision, trainer.accelerator)


def run(config: Path, out: Path, arguments: Sequence[str] = ()) -> Path:
    """Train as a config says and write everything to `out`, or resume what was interrupted there.

    The files are those of `RunFolder`; the logs hold config.yaml and what TensorBoard and a CSV file log. Data in folds
    leave this in the folder of each fold, and the predictions of all folds in `out`.

    Parameters
    ----------
    config : a YAML file with the sections `data`, `model` and `trainer`, and `task`, a row of `TASKS`; sections `data`
        and `model` may instead name any class by `class_path` and `init_args`.
    out : the run's folder.
    arguments : further options as LightningCLI takes them, which go before the config's.

    Returns
    -------
    Path : `out`.

    Raises
    ------
    KinesicsError : for an unknown task, for whatever the task or its data do not take, for a folder that holds a run on
        other data or of another config, and where its checkpoints are damaged.
    """
    cli = assemble(config, out, arguments)
    if getattr(cli.datamodule, "folds", 0) and cli.datamodule.fold is None:
        return _run_folds(config, out, arguments, cli.datamodule.folds)
    trainer: L.Trainer = cli.trainer
    _remember(cli, out)
    resume(trainer, cli.model, cli.datamodule, out)
    if trainer.is_global_zero:
        # averaged weights, if the run keeps some; the trainer brings them back only right after training
        checkpoint = read_checkpoint(RunFolder(out).checkpoint)
        cli.model.load_state_dict(checkpoint["state_dict"])
        save_run(cli.model, cli.datamodule, out)
    return out


def _remember(cli: TrainingCLI, out: Path) -> None:
    data = cli.datamodule
    clips = [clip for split in SPLITS for clip in data.clips(split)]
    config = yaml.safe_load(cli.parser.dump(cli.config, skip_check=True))
    identity = run_identity(data.spec.classes, clips, config)
    resumes = newest_checkpoint(out) is not None
    remember_run(out, identity, resumes=resumes, writes=cli.trainer.is_global_zero)


def assemble(config: Path, out: Path, arguments: Sequence[str] = ()) -> TrainingCLI:
    """Build the task, its data and the trainer of a config.

    Parameters
    ----------
    config, out, arguments : as `run` takes them.

    Returns
    -------
    The trainer with its task and data, not yet run.
    """
    silence_logs()
    classes, sections = read_config(config)
    task, data = (import_class(path, config) for path in (classes.model, classes.data))
    try:
        return _assemble((task, data), sections, out, arguments)
    except ArgumentError as error:
        found = " ".join(str(error).split())
        raise KinesicsError(
            f"{config}: expected options that the task and its data take, found {found}; the API pages explain them all"
        ) from error


def _assemble(
    classes: tuple[type[Any], type[Any]], sections: dict[str, Any], out: Path, arguments: Sequence[str]
) -> TrainingCLI:
    logs = RunFolder(out).logs.name
    return TrainingCLI(
        *classes,
        parser_kwargs={"exit_on_error": False},
        args=[
            "--config",
            yaml.safe_dump(sections),
            f"--trainer.default_root_dir={out}",
            *map(renamed, arguments),
        ],
        run=False,
        save_config_callback=SaveConfigCallback,
        save_config_kwargs={"overwrite": True},
        seed_everything_default=1,
        auto_configure_optimizers=False,
        trainer_defaults={
            **shared_settings(out),
            "use_distributed_sampler": False,  # the data know what each process gets
            "logger": [CSVLogger(out, name=None, version=logs), TensorBoardLogger(out, name=None, version=logs)],
        },
    )


def read_config(config: Path) -> tuple[TaskClasses, dict[str, Any]]:
    """Read a config: the classes that it trains, and its sections with the classes' options alone.

    Raises KinesicsError for a task without a row in `TASKS`.
    """
    sections = read_yaml(config)
    task = sections.get("task", "gesture")
    if not (_is_classes(task) or (isinstance(task, str) and task in TASKS)):
        raise KinesicsError(
            f"{config}: expected task {', '.join(TASKS)}, or classes named by model.class_path and data.class_path, "
            f"found {task!r}; mend it"
        )
    paths = dict(task) if isinstance(task, Mapping) else vars(TASKS[task]).copy()
    if not _section(config, sections, "trainer"):
        sections.pop("trainer", None)
    for name in ("model", "data"):
        section = _section(config, sections, name)
        if "class_path" in section:
            paths[name] = str(section["class_path"])
            section = section.get("init_args") or {}
            sections["task"] = paths
        renamed = _RENAMED.get(name, {})
        if section or name in sections:
            sections[name] = {renamed.get(option, option): value for option, value in section.items()}
    return TaskClasses(**paths), sections


def _section(config: Path, sections: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = sections.get(name) or {}
    if not isinstance(section, Mapping) or not isinstance(section.get("init_args") or {}, Mapping):
        raise KinesicsError(f"{config}: expected options in the section {name}, found {section!r}; mend it")
    return section


def _is_classes(task: object) -> bool:
    """Whether a task is named by the import paths of its two classes."""
    paths = task if isinstance(task, Mapping) else {}
    return {*paths} == {"model", "data"} and all(isinstance(path, str) for path in paths.values())


def renamed(argument: str) -> str:
    """Give an argument of the command line its option's present name."""
    for section, names in _RENAMED.items():
        for before, now in names.items():
            prefix = f"--{section}.{before}"
            if argument.startswith((f"{prefix}=", f"{prefix}.")) or argument == prefix:
                return f"--{section}.{now}{argument.removeprefix(prefix)}"
    return argument


def import_class(path: str, config: Path) -> type[Any]:
    """Import a class by its path `package.module.Class`; raises KinesicsError where the config names none."""
    module, _, name = path.rpartition(".")
    try:
        found: type[Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise KinesicsError(
            f"{config}: expected the import path of a class, found {path!r} ({error}); mend it"
        ) from error
    return found


def save_run(task: Any, data: Any, out: Path) -> None:
    """Write predictions and weights, or what a task with a `save_run` of its own writes.

    Parameters
    ----------
    task : trained.
    data : the task's data, set up.
    out : the run's folder.
    """
    if hasattr(task, "save_run"):
        task.save_run(data, out)
        return
    save_predictions(task, data, out)
    save_run_weights(task, out)


def save_run_weights(task: Any, out: Path) -> None:
    """Write the network with its specification, the temperature fitted on validation and the figures of test."""
    network, described = task.weights()
    validation, test = (_labelled(RunFolder(out).predictions(split)) for split in _PREDICTED)
    if validation is not None:
        described = replace(described, temperature=fit_temperature(validation.logits, validation.labels))
    if test is not None:
        figures = evaluate(test).figures
        described = replace(described, metrics={name: figure.value for name, figure in figures.items()})
    save_weights(RunFolder(out).weights, network, described)


def _labelled(path: Path) -> Predictions | None:
    """The predictions of a split, if its labels are known."""
    found = Predictions.load(path) if path.exists() else None
    return found if found is not None and (found.labels >= 0).all() else None


def _run_folds(config: Path, out: Path, arguments: Sequence[str], folds: int) -> Path:
    """One run a fold; what an interrupted call has finished is not run again."""
    whole = RunFolder(out)
    parts = [whole.fold(number) for number in range(folds)]
    for number, part in enumerate(parts):
        if not part.predictions("test").exists():
            run(config, part.path, [*arguments, f"--data.fold={number}"])
    for split in _PREDICTED:
        Predictions.joined([Predictions.load(part.predictions(split)) for part in parts]).save(whole.predictions(split))
    return out


def save_predictions(task: L.LightningModule, data: Any, out: Path) -> None:
    """Write the network's predictions of the validation and test clips, for `kinesics evaluate` and `ensemble`.

    Parameters
    ----------
    task : gives logits for a batch.
    data : the task's data, set up.
    out : the run's folder.
    """
    for split in _PREDICTED:
        clips = data.clips(split)
        if not clips:
            continue
        loader = data.val_dataloader() if split == "val" else data.test_dataloader()
        Predictions(
            ids=tuple(clip.id for clip in clips),
            logits=predict_logits(task, loader),
            labels=np.array([-1 if clip.label is None else clip.label for clip in clips], np.int64),
            subjects=tuple(clip.subject for clip in clips),
            classes=data.spec.classes,
        ).save(RunFolder(out).predictions(split))


@torch.no_grad()
def predict_logits(task: L.LightningModule, batches: Iterable[Mapping[str, torch.Tensor]]) -> NDArray[np.float32]:
    """Compute the logits of all batches in eval mode.

    Parameters
    ----------
    task : gives logits for a batch.
    batches : each a dict of tensors.

    Returns
    -------
    (N, classes) float32, in the order of the batches.
    """
    task.eval()
    logits = [task({k: v.to(task.device) for k, v in batch.items()}).float().cpu() for batch in batches]
    found: NDArray[np.float32] = torch.cat(logits).numpy()
    return found
