"""Two processes against one with the same global batch, on both tracks; and a process that is killed.

    python benchmarks/ddp.py --out benchmarks/results/ddp.md

Tiny networks on tiny data sets, gloo on the processor, processes started as torchrun does. What is left out at random
is turned off: processes draw that each for themselves. Rounding, which AdamW makes larger, moves the numbers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.imigue_sample import add_videos, write_sample
from support.several import EMOTION, GESTURE, losses, natops, train

from kinesics.evaluation import Predictions, evaluate
from kinesics.models.video.mvit import TINY, VideoEncoder
from kinesics.weights.load import Specification, save_weights

BATCH = {"gesture": 8, "emotion": 4}
PRECISIONS = ("32-true",)


def prepare(folder: Path, epochs: int) -> dict[str, tuple[Path, Path]]:
    """The config and the data of each track."""
    natops(folder / "natops.npz")
    write_sample(folder / "imigue")
    add_videos(folder / "imigue")
    torch.manual_seed(0)
    described = Specification("tiny", "mvit", asdict(TINY), (), "", "", "", "")
    save_weights(folder / "encoder.safetensors", VideoEncoder(TINY), described)
    made = {}
    for track, text, data in (("gesture", GESTURE, "natops.npz"), ("emotion", EMOTION, "imigue")):
        (folder / f"{track}.yaml").write_text(text % epochs)
        made[track] = folder / f"{track}.yaml", folder / data
    return made


def figures(out: Path) -> dict[str, float]:
    found = Predictions.load(out / "predictions_test.npz")
    if (found.labels < 0).any():
        found = Predictions.load(out / "predictions_val.npz")
    return {name: figure.value for name, figure in evaluate(found).figures.items()}


def compared(folder: Path, track: str, config: Path, data: Path, precision: str) -> str:
    """A row: loss curves and final figures of one process and of two."""
    outs = [folder / f"{track}-{precision}-{processes}" for processes in (1, 2)]
    for processes, out in zip((1, 2), outs, strict=True):
        codes = train(config, data, out, processes, BATCH[track], [f"--trainer.precision={precision}"])
        assert codes == [0] * processes, (out / "errors0").read_text()
    one, two = map(losses, outs)
    apart = np.abs(two / one - 1)
    found = [figures(out) for out in outs]
    same = "the same" if found[0] == found[1] else f"{found[0]} and {found[1]}"
    logits = [Predictions.load(out / "predictions_test.npz").logits for out in outs]
    row = (
        f"| {track} | {precision} | {len(one)} | {one[0]:.4f} | {one[-1]:.4f} | {apart[0]:.1e} | {apart.max():.1e} | "
        f"{np.abs(logits[0] - logits[1]).max():.1e} | {same} |"
    )
    print(row, flush=True)
    return row


def killed(folder: Path, config: Path, data: Path, step: int) -> str:
    """What the other process says when one is killed, and whether the run ends as an unbroken one."""
    out, whole = folder / "killed", folder / "gesture-32-true-2"
    precise = "--trainer.precision=32-true"
    fatal = ["--trainer.callbacks+=support.several.Fatal", f"--trainer.callbacks.step={step}", precise]
    codes = train(config, data, out, 2, BATCH["gesture"], fatal)
    lines = [line for line in (out / "errors0").read_text().splitlines() if line.startswith("kinesics: ")]
    again = train(config, data, out, 2, BATCH["gesture"], [precise])
    logits = [Predictions.load(run / "predictions_test.npz").logits for run in (out, whole)]
    return (
        f"The second of two processes was killed (SIGKILL) before step {step}. The first ended with exit code "
        f"{codes[0]} and {len(lines)} line: `{lines[0].replace(str(out), 'runs/two')}`. Called again, both ended with "
        f"{again}, and the logits of the test clips differ from those of an unbroken run by "
        f"{np.abs(logits[0] - logits[1]).max():.1e} at most."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        made = prepare(folder, options.epochs)
        os.chdir(folder)
        rows = [compared(folder, track, *made[track], one) for track in made for one in PRECISIONS]
        told = killed(folder, *made["gesture"], 9)
        os.chdir("/")
    table = "\n".join(rows)
    text = f"""\
# Two processes against one

`python benchmarks/ddp.py {" ".join(sys.argv[1:])}`: tiny networks, gloo on the processor, AdamW with one cycle; \
the global batch is {BATCH["gesture"]} clips and {BATCH["emotion"]} recordings in all runs. Differences of the \
loss are relative.

| track | precision | steps | first loss | last loss | first loss differs | largest difference | test logits differ | \
figures |
|---|---|---:|---:|---:|---:|---:|---:|---|
{table}

{told}
"""
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
