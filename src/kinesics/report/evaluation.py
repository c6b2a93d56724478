"""The evaluation page: a run's figures, per-class bars, confusion, calibration and worst errors in one HTML file."""

from __future__ import annotations

import html
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import jinja2
import numpy as np
import plotly.graph_objects as go
from plotly.io import to_html

from kinesics.evaluation.evaluate import EMOTION, Error, Evaluation
from kinesics.files import write_text
from kinesics.metrics import roc_curve
from kinesics.report.page import STYLES
from kinesics.skeleton import SkeletonSequence
from kinesics.skeleton.drawing import ON_LIGHT, hex_colour, lines_of, with_gaps

FIGURES = {
    "top1": "Top-1 accuracy",
    "top5": "Top-5 accuracy",
    "mean_class": "Mean-class accuracy",
    "macro_f1": "Macro F1",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "auc": "ROC-AUC",
    "f1": "F1 (positive)",
    "weighted_f1": "F1 (weighted)",
}
_MISTAKES = 24
_MOMENTS = 4  # of a mistake's movement
_INK, _ACCENT, _SECOND = "#1d2330", "#0f766e", "#c2570c"


def write_evaluation(
    evaluation: Evaluation, out: Path, *, name: str, skeleton: Callable[[str], SkeletonSequence] | None = None
) -> None:
    """Write the page.

    Parameters
    ----------
    evaluation : what to show.
    out : the file to write.
    name : of the run, for the title.
    skeleton : gives that of a clip by its id, to draw the errors; None draws none.

    Raises
    ------
    KinesicsError
        for a file that cannot be written.
    """
    assets = files("kinesics.report") / "assets"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    shown = evaluation.errors[:_MISTAKES]
    page = environment.from_string((assets / "evaluation.html.j2").read_text("utf-8")).render(
        name=name,
        evaluation=evaluation,
        things="videos" if evaluation.videos else "clips",
        figures={FIGURES[key]: figure for key, figure in evaluation.figures.items()},
        css="\n".join((assets / name).read_text("utf-8") for name in STYLES),
        charts=_charts(evaluation),
        errors=[(error, _strip_of(error, skeleton)) for error in shown],
    )
    write_text(out, page)


def _charts(evaluation: Evaluation) -> dict[str, str]:
    own = {"roc": _roc, "scores": _scores} if evaluation.videos else {"classes": _classes}
    figures = {name: draw(evaluation) for name, draw in (own | {"confusion": _confusion}).items()}
    figures["calibration"] = _calibration(evaluation)
    return {
        name: to_html(
            figure.update_layout(
                template="plotly_white",
                margin={"l": 10, "r": 10, "t": 10, "b": 10},
                font={"color": _INK, "size": 13},
                paper_bgcolor="rgba(0,0,0,0)",
            ),
            full_html=False,
            include_plotlyjs=number == 0,  # once, with the first
            config={"displaylogo": False, "responsive": True, "displayModeBar": False},
        )
        for number, (name, figure) in enumerate(figures.items())
    }


def _roc(evaluation: Evaluation) -> go.Figure:
    positive = np.array([video.positive for video in evaluation.videos])
    labels = np.array([EMOTION.index(video.truth) for video in evaluation.videos])
    lines = [go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": "#9aa3b4"}, name="chance")]
    if len(set(labels.tolist())) == 2:
        false, true = roc_curve(positive, labels)
        lines.append(go.Scatter(x=false, y=true, mode="lines", line={"color": _ACCENT}, name="this run"))
    figure = go.Figure(lines, {"height": 420, "legend": {"orientation": "h", "y": 1.08, "x": 0}})
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="negative videos called positive")
    return figure.update_yaxes(range=[0, 1.01], tickformat=".0%", title="positive videos called positive")


def _scores(evaluation: Evaluation) -> go.Figure:
    """How the probabilities of positive spread, for either truth."""
    bars = [
        go.Histogram(
            x=[video.positive for video in evaluation.videos if video.truth == truth],
            xbins={"start": 0, "end": 1, "size": 0.05}, name=truth, marker_color=colour, opacity=0.7,
        )
        for truth, colour in zip(EMOTION, (_SECOND, _ACCENT), strict=True)
    ]  # fmt: skip
    layout = {"height": 320, "barmode": "overlay", "legend": {"orientation": "h", "y": 1.12, "x": 0}}
    figure = go.Figure(bars, layout)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="probability of positive")
    return figure.update_yaxes(title="videos")


def _classes(evaluation: Evaluation) -> go.Figure:
    """Recall and precision of each class, the most frequent on top."""
    rows = sorted(evaluation.classification.by_class.items(), key=lambda row: row[1]["clips"])
    labels = [f"{html.escape(name)} ({int(row['clips'])})" for name, row in rows]
    bars = [
        go.Bar(y=labels, x=[row[key] for _, row in rows], name=key, orientation="h", marker_color=colour)
        for key, colour in (("precision", _SECOND), ("recall", _ACCENT))
    ]
    layout = {"height": 90 + 30 * len(rows), "bargap": 0.3, "legend": {"orientation": "h", "y": 1.02, "x": 0}}
    figure = go.Figure(bars, layout)
    return figure.update_xaxes(range=[0, 1], tickformat=".0%").update_legends(traceorder="reversed")


def _confusion(evaluation: Evaluation) -> go.Figure:
    """Rows are the truth, in shares of the row; only classes that occur or were predicted."""
    matrix = np.array(evaluation.classification.confusion)
    there = np.flatnonzero(matrix.sum(0) + matrix.sum(1))
    names = [html.escape(evaluation.classification.classes[i]) for i in there]
    counts = matrix[np.ix_(there, there)]
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    heat = go.Heatmap(
        z=share, x=names, y=names, customdata=counts, zmin=0, zmax=1, xgap=1, ygap=1,
        colorscale=[[0, "#f6f5f1"], [1, _ACCENT]], showscale=False,
        hovertemplate="truth %{y}<br>predicted %{x}<br>%{customdata} clips, %{z:.0%}<extra></extra>",
    )  # fmt: skip
    size = 220 + 22 * len(there)
    figure = go.Figure(heat, {"height": size})
    figure.update_yaxes(autorange="reversed", title="truth")
    return figure.update_xaxes(title="predicted", tickangle=-60)


def _calibration(evaluation: Evaluation) -> go.Figure:
    lines = [go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": "#9aa3b4"}, name="perfect")]
    for (name, curve), colour in zip(evaluation.calibration_curves.items(), (_SECOND, _ACCENT), strict=False):
        confidence, correct, count = zip(*curve, strict=True)
        lines.append(
            go.Scatter(
                x=confidence, y=correct, text=[f"{n} clips" for n in count], name=f"{name} scaling",
                mode="lines+markers",
                marker={"size": 6 + 14 * np.sqrt(np.array(count) / max(count)), "opacity": 0.7}, line={"color": colour},
            )
        )  # fmt: skip
    figure = go.Figure(lines, {"height": 420, "legend": {"orientation": "h", "y": 1.08, "x": 0}})
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="confidence")
    return figure.update_yaxes(range=[0, 1], tickformat=".0%", title="share that is correct")


def _strip_of(error: Error, skeleton: Callable[[str], SkeletonSequence] | None) -> str | None:
    return None if skeleton is None else skeleton_strip(skeleton(error.id))


def skeleton_strip(sequence: SkeletonSequence, moments: int = _MOMENTS) -> str:
    """An SVG of the skeleton at several moments side by side, whatever its layout; the person's left is teal."""
    rows = np.linspace(0, len(sequence) - 1, moments + 2).round().astype(int)[1:-1]
    known = sequence.score > 0
    points = sequence.xyz[..., :2]
    if not known[rows].any():
        return f'<svg viewBox="0 0 {100 * moments} 100" role="img"><title>nobody found</title></svg>'
    low, high = np.percentile(points[known], [1, 99], axis=0)
    scale = 88 / max(float((high - low).max()), 1e-6)
    lines = []
    for number, t in enumerate(rows):
        frame = (points[t] - (low + high) / 2) * scale + [100 * number + 50, 50]
        for stroke, line in lines_of(with_gaps(frame, sequence.score[t]), sequence.layout):
            corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
            colour, width = hex_colour(ON_LIGHT[stroke.side]), 1.6 * stroke.width
            lines.append(f'<polyline points="{corners}" stroke="{colour}" stroke-width="{width:.2g}"/>')
    return (
        f'<svg viewBox="0 0 {100 * moments} 100" role="img" fill="none" stroke-linecap="round">'
        f"<title>the movement at {moments} moments</title>{''.join(lines)}</svg>"
    )
