"""Write docs/model_card.md from the specification inside the shipped weights."""

from collections.abc import Mapping
from pathlib import Path

from kinesics.weights.load import DEFAULT, NONE, Specification, load_weights

CARD = """\
# Model card: {name}

Written by `python scripts/model_card.py` from the specification inside the weights file.

| | |
|---|---|
| what | 2s-AGCN, joint and bone stream, {parameters:,} parameters, {size:.1f} MB as safetensors (half precision) |
| sees | {frames} frames at {fps} a second ({seconds:.2f} s) of 42 upper-body joints: x, y, z and score, and how near \
hands are to face and body |
| says | the 32 gestures of iMiGUE's class table, or "none" |
| learned from | {training_data} |
| licence | {licence} |
| sha256 | `{digest}` |
| made by | `kinesics train --start`, in steps ([how](training.md)), on two processor cores |

**It has never learned from a real micro-gesture.** {limits} Nothing of iMiGUE, SMG or any other recording of people
was trained on. Treat its events as proposals to look at, its scores as an order among them and not as chances of being
right. It reads movement, not minds: it does not tell what somebody feels, and it does not detect lies.

## On held-out simulated people

Other bodies, cameras, movements and noise than in training; windows on the middle of each gesture. Simulated
detections: the true joints, disturbed as a model of the landmark engine disturbs them. Tracked: what the real landmark
engine finds in rendered videos of simulated people.

| | simulated detections | tracked |
|---|---|---|
{totals}

| events of recordings of 40 s, at the thresholds below | simulated detections | rendered videos, tracked |
|---|---|---|
{events}

| class | simulated detections | tracked | an event begins at |
|---|---|---|---|
{classes}

On real footage: [66 clips of real people](../benchmarks/results/real_clips.md), by which training, prior and thresholds
were chosen, and [samples whose content is known](../benchmarks/results/samples.md).

## What fails

- Movement that the simulator does not know: eating, telephoning, walking may be called gestures. It has seen simulated
  people talk, turn, read, sign, drink, type and write.
- It has not learned from what the present landmark engine sees in rendered videos, and was not measured on them.
- At the thresholds above about a third of the gestures of real clips is missed, and half of those in simulated
  recordings, whose people do each in several ways, some of them begun before the clip. Who would rather have too many
  events takes `--threshold 0.4`.
- Touches of neighbouring places (neck, chin, forehead, eyes, facial parts) are taken for one another.
- Head-and-shoulders views: hands and elbows out of view are missing, and with them most gestures.
- Small face movements (pressed lips, puffed cheeks) need a face of some 80 pixels or more, and good light.
- Hands that the landmark engine loses (folded, moving fast, behind things) leave the network with the arms alone.
- People whose looks or movement the landmark engine serves badly are served badly here as well.
"""


TOTALS = {
    "top1": 'top-1, 32 gestures and "none"',
    "top1_gestures_only": "top-1 among the 32 gestures",
    "top5": "top-5",
    "mean_class": "mean-class accuracy",
    "top1_joint": "top-1, joint stream alone",
    "top1_bone": "top-1, bone stream alone",
}


EVENTS = {
    "event_f1": "F1 (same gesture, overlap above 0.3)",
    "event_precision": "precision",
    "event_recall": "recall",
    "false_alarms_a_minute": "false alarms a minute where nobody gestures",
}


def _begins(specification: Specification, label: str) -> str:
    return "" if label == NONE else f"{specification.thresholds[label]:.2f}"


def _figures(metrics: Mapping[str, float], key: str, digits: int) -> str:
    """Of simulated detections and of tracked clips, a dash where they were not measured."""
    both = (metrics.get(name) for name in (key, f"tracked/{key}"))
    return " | ".join("–" if figure is None else f"{figure:.{digits}f}" for figure in both)


def main() -> None:
    network, specification, digest = load_weights()
    metrics = specification.metrics
    rows = [
        f"| {label} | {_figures(metrics, f'class/{label}', 2)} | {_begins(specification, label)} |"
        for label in specification.classes
    ]
    events = [f"| {what} | {_figures(metrics, key, 2)} |" for key, what in EVENTS.items()]
    totals = [f"| {what} | {_figures(metrics, key, 3)} |" for key, what in TOTALS.items()]
    text = CARD.format(
        name=specification.name,
        parameters=sum(p.numel() for p in network.parameters()),
        size=DEFAULT.stat().st_size / 1e6,
        frames=specification.frames,
        fps=specification.fps,
        seconds=specification.frames / specification.fps,
        training_data=specification.training_data,
        licence=specification.licence,
        digest=digest,
        limits=specification.limits,
        classes="\n".join(rows),
        totals="\n".join(totals),
        events="\n".join(events),
        **{name: value for name, value in metrics.items() if "/" not in name},
    )
    Path("docs/model_card.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
