"""One training step at full size, stage by stage: seconds, clips a second, peak memory.

`python full_size.py` takes one step of 8 clips on the CPU; `--track emotion` one of 8 recordings; `--device cuda
--steps 10` is for a GPU, in bf16. Data are random numbers of the right shapes: the step costs the same, whatever it
sees. Each stage runs in a process of its own, so that its peak is its own.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import platform
import resource
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import lightning as L
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from kinesics.data.sets.imigue.classes import CLASSES, TRAIN_CLIPS
from kinesics.models.emotion.streams import STREAM_NAMES
from kinesics.models.face.swinface import SwinFaceTokens
from kinesics.models.video.mvit import PAPER, VideoEncoder
from kinesics.skeleton import UPPER_BODY
from kinesics.training.emotion.data import FACES_A_WINDOW, EmotionDataSpec
from kinesics.training.emotion.task import EmotionTask
from kinesics.training.gesture.data import GestureDataSpec
from kinesics.training.gesture.task import GestureTask

CLIPS = 8  # of a step, by accumulation; recordings, for emotion
WINDOWS = 4  # of a recording, as emotion/paper/2-together draws them
MINUTE = {"face": 150, "context": 30, "gestures": 20}  # tokens of a minute
FRAMES = 64  # of a skeleton
Stage = Callable[[], tuple[L.LightningModule, dict[str, Tensor]]]  # a task, and one clip for it


def gesture(frozen: bool, **options: Any) -> tuple[L.LightningModule, dict[str, Tensor]]:
    """The paper preset: MViTv2-S on 16×224×224, two-stream AGCN, their fusion."""
    encoder = VideoEncoder(PAPER)
    encoder.requires_grad_(not frozen)
    spec = GestureDataSpec(CLASSES, UPPER_BODY, TRAIN_CLIPS, encoder)
    clip = {
        "skeleton": torch.rand(4, FRAMES, len(UPPER_BODY), 1),
        "label": torch.tensor(3),
        "places": torch.rand(FRAMES, len(UPPER_BODY), 2),
    }
    if frozen:
        clip |= {"tokens": torch.randn(*encoder.grid, encoder.width), "pooled": torch.randn(encoder.width)}
    else:
        clip |= {"video": torch.randn(3, encoder.frames, encoder.size, encoder.size)}
    return GestureTask(spec, "paper", **options), clip


def emotion(pictures: bool) -> tuple[L.LightningModule, dict[str, Tensor]]:
    """The paper preset: SwinFace on 112×112, MViTv2-S on 16×224×224, InterFusion."""
    face, video = SwinFaceTokens(), VideoEncoder(PAPER)
    spec = EmotionDataSpec(STREAM_NAMES, face, "paper", video, len(CLASSES), pictures, "random numbers")
    count = MINUTE | ({"face": WINDOWS * FACES_A_WINDOW, "context": WINDOWS} if pictures else {})
    shapes = {"face": (face.width,), "context": (video.width,), "gestures": (3,)}
    if pictures:
        shapes |= {"face": (3, face.size, face.size), "context": (3, video.frames, video.size, video.size)}
    recording = {"label": torch.tensor(1)}
    for name in STREAM_NAMES:
        recording[f"{name}_tokens"] = torch.rand(count[name], *shapes[name])
        recording[f"{name}_seconds"] = torch.rand(count[name]) * 60
        recording[f"{name}_mask"] = torch.ones(count[name], dtype=torch.bool)
    return EmotionTask(spec, "paper"), recording


TRACKS: dict[str, dict[str, Stage]] = {
    "gesture": {
        "1 skeleton encoder": partial(gesture, True, modality="skeleton"),
        "2 video encoder": partial(gesture, False, modality="video"),
        "3 fusion on frozen encoders": partial(gesture, True, modality="both", part="fusion"),
        "4 all together": partial(gesture, False, modality="both", encoder_rate=0.1),
        "5 classifiers": partial(gesture, True, modality="both", part="classifier"),
    },
    "emotion": {
        "1 fusion on frozen encoders": partial(emotion, False),
        "2 all together": partial(emotion, True),
    },
}


class Clock(L.Callback):
    """Seconds of every optimiser step, of all its batches."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_train_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        self.steps, self.begun = 0, time.perf_counter()

    def on_train_batch_end(self, trainer: L.Trainer, *_: Any) -> None:
        if trainer.global_step > self.steps:
            if trainer.strategy.root_device.type == "cuda":
                torch.cuda.synchronize()
            now = time.perf_counter()
            self.seconds.append(now - self.begun)
            self.steps, self.begun = trainer.global_step, now


def measure(track: str, stage: str, options: argparse.Namespace) -> str:
    """One line of the table: of several steps the first, which sets things up, does not count."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    task, clip = TRACKS[track][stage]()
    clock = Clock()
    trainer = L.Trainer(
        accelerator=options.device,
        devices=1,
        precision=options.precision,
        max_steps=options.steps,
        accumulate_grad_batches=CLIPS // options.batch,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(task, DataLoader([clip] * (CLIPS * options.steps), options.batch))
    seconds = clock.seconds[1:] or clock.seconds
    each = sum(seconds) / len(seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    if options.device == "cuda":
        peak = torch.cuda.max_memory_allocated()
    parameters = sum(p.numel() for p in task.parameters() if p.requires_grad)
    return f"| {stage} | {parameters / 1e6:.1f} | {each:.2f} | {CLIPS / each:.2f} | {peak / 2**30:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--track", choices=TRACKS, default="gesture")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", default="bf16-mixed")
    parser.add_argument("--batch", type=int, default=1, help="clips at once; a step has 8 (default 1)")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    device = torch.cuda.get_device_name() if options.device == "cuda" else f"CPU, {options.threads} threads"
    print(f"{options.track}, {device} ({platform.machine()}), {options.precision}, {CLIPS} clips a step by ", end="")
    print(f"{options.batch}, torch {torch.__version__}\n")
    print("| stage | trained parameters, M | s a step | clips a second | peak memory, GiB |\n|---|---|---|---|---|")
    for stage in TRACKS[options.track]:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(measure, (options.track, stage, options)), flush=True)


if __name__ == "__main__":
    main()
