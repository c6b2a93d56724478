"""Every emotion head on interviews in which nothing tells the emotion: what it finds there is found by chance.

kinesics simulate --streams 100 --seconds 60 --prior imigue --link null --out null.npz
python benchmarks/emotion_null.py null.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from kinesics.metrics import emotion_report
from kinesics.models.emotion.net import HEADS, build_head
from kinesics.models.emotion.streams import EmotionConfig, EmotionHead, EmotionOutput, Gestures, Stream
from kinesics.training.emotion.data import EmotionVideos, collate_recordings, fold_parts
from kinesics.training.emotion.interviews import InterviewData
from kinesics.training.inputs.batches import Batch

STREAMS, READS_POSES = ["face_motion", "gestures"], ("pose_statistics", "hypergraph")
FOLDS, EPOCHS, BATCH, RATE = 5, 4, 16, 3e-3


def main() -> None:
    """Write a line a head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--heads", nargs="+", default=list(HEADS))
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| head | balanced accuracy | ROC-AUC |\n|---|---|---|")
    for head in options.heads:
        streams = [*STREAMS, "poses"] if head in READS_POSES else STREAMS
        found = np.array([judge(head, options.data, streams, repeat) for repeat in range(1, options.repeats + 1)])
        error = 1.96 * found.std(0, ddof=1) / options.repeats**0.5
        means = (f"{100 * mean:.1f} ± {100 * half:.1f}" for mean, half in zip(found.mean(0), error, strict=True))
        print(f"| {head} | {' | '.join(means)} |", flush=True)


def judge(head: str, path: Path, streams: list[str], repeat: int) -> tuple[float, float]:
    """Balanced accuracy and ROC-AUC with labels dealt out anew, both the folds' mean.

    Over all folds together both would be below chance: where a class is rare in test it is frequent in training.
    """
    data = InterviewData(path, streams, folds=FOLDS, permuted=repeat)
    clips, spec = data.labelled, data.spec
    windows = EmotionVideos(clips, data.opened, None, repeat)
    batch = collate_recordings([windows[row] for row in range(len(clips))])
    row = {clip.id: number for number, clip in enumerate(clips)}
    reports = []
    for fold in range(FOLDS):
        parts = fold_parts(clips, FOLDS, fold)
        train, test = (torch.tensor([row[clip.id] for clip in parts[split]]) for split in ("train", "test"))
        torch.manual_seed(repeat * FOLDS + fold)
        widths: dict[str, Any] = {"gestures": spec.gestures, **spec.widths}
        network = build_head(head, EmotionConfig(width=32, heads=4, blocks=1, **widths))
        fit(network, batch, train)
        with torch.no_grad():
            logit = output(network.eval(), batch, test).logit.numpy()
        reports.append(emotion_report(logit, batch["label"][test].numpy()))
    balanced, auc = (float(np.nanmean([one[name] for one in reports])) for name in ("balanced_accuracy", "auc"))
    return balanced, auc


def fit(network: EmotionHead, batch: Batch, rows: torch.Tensor) -> None:
    """Train as `emotion/interviews` does, without augmentation."""
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.05)
    network.train()
    for _ in range(EPOCHS):
        for some in rows[torch.randperm(len(rows))].split(BATCH):
            out = output(network, batch, some)
            target = batch["label"][some].float() * 0.9 + 0.05
            alone = [logit for logit in out.stream_logits if logit is not None]
            loss = F.binary_cross_entropy_with_logits(out.logit, target)
            loss = loss + 0.5 * torch.stack([F.binary_cross_entropy_with_logits(x, target) for x in alone]).mean()
            if out.unsupervised is not None:
                loss = loss + 0.1 * out.unsupervised.mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()


def output(network: EmotionHead, batch: Batch, rows: torch.Tensor) -> EmotionOutput:
    """The head's output for some recordings of a batch."""
    streams: dict[str, Any] = {}
    for name in network.config.streams:
        tokens, seconds, mask = (batch[f"{name}_{part}"][rows] for part in ("tokens", "seconds", "mask"))
        streams[name] = Stream(tokens, seconds, mask)
        if name == "gestures":
            label, score, length = tokens.unbind(-1)
            streams[name] = Gestures(label.long(), score, seconds, length, mask)
    found: EmotionOutput = network(**streams)
    return found


if __name__ == "__main__":
    main()
