"""The report's numbers: all that its scripts draw, as plain data."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kinesics.inference.action_events import RULE
from kinesics.inference.scores import gesture_names
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.drawing import (
    ON_DARK,
    Points,
    dots_of,
    fit_to_image,
    hex_colour,
    points_at,
    strokes_of,
)
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance
from kinesics.weights.specification import NONE

if TYPE_CHECKING:
    from kinesics.inference.facial_actions import FacialActions
    from kinesics.inference.previews import Preview
    from kinesics.inference.results import Analysis, Expressions
    from kinesics.inference.scores import Scores

_MOTION_RATE = 10.0  # skeletons a second, fewer in long recordings …
_MOTION_BYTES = 1_500_000  # … so that all of them together take no more than this
_REACH = 0.5  # a joint is kept up to this far outside the image, in images
_CURVES, _CURVE_POINTS = 8, 1500
_FACE_POINTS = 1200
_GUESSES = 3


def provenance_of(analysis: Analysis) -> Provenance:
    """Where an analysis' timeline comes from, as its files tell it beside the events."""
    facts, recording = analysis.to_dict(), analysis.recording
    classes = gesture_names(analysis.scores[0].classes) if analysis.scores else ()
    media = recording.path if recording.kind == "video" else None
    return Provenance(facts.pop("recording"), facts.pop("model"), facts, classes, media, recording.fps)


def page_data(analysis: Analysis, previews: Sequence[Preview]) -> dict[str, Any]:
    """All that the page draws, as data for JSON.

    Parameters
    ----------
    analysis : what to show; positions are given as 0..1 across the image, times in seconds.
    previews : images of the video in order of time; empty for landmarks.
    """
    recording, people = analysis.recording, analysis.people
    plane, own_aspect = fit_to_image(people)
    known = recording.width / recording.height if recording.width and recording.height else 16 / 9
    rate, times = _motion_clock(recording.duration, len(people))
    frame_times = np.array([preview.time for preview in previews])
    motion = [points_at(points, person.rows_at(times)) for person, points in zip(people, plane, strict=True)]
    by_person = {person.person: points for person, points in zip(people, plane, strict=True)}
    return {
        "duration": recording.duration,
        "aspect": known if own_aspect is None else own_aspect,
        **drawing_facts(),
        "people": [
            {
                "person": person.person,
                "motion": pack_points(thinned),
                "on_frames": pack_points(points_at(points, person.rows_at(frame_times))),
            }
            for person, points, thinned in zip(people, plane, motion, strict=True)
        ],
        "box": _box(motion),
        "motion_rate": rate,
        "frames": [{"time": one.time, "uri": f"data:image/webp;base64,{as_base64(one.webp)}"} for one in previews],
        "events": [
            _event(event, analysis.scores, _box([_during(event, by_person, analysis)])) for event in analysis.timeline
        ],
        "curves": [_curves(scores, analysis.timeline) for scores in analysis.scores],
        "actions": [_actions(one) for one in analysis.actions],
        "faces": [_face(one) for one in analysis.expressions],
    }


def drawing_facts() -> dict[str, Any]:
    """How a page draws skeletons and unpacks their positions: strokes, dots and colours."""
    return {
        "strokes": [vars(stroke) for stroke in strokes_of(UPPER_BODY)],
        "colours": {side: hex_colour(colour) for side, colour in ON_DARK.items()},
        "dots": list(dots_of(UPPER_BODY).items()),
        "eyes": UPPER_BODY.indices("left_eye", "right_eye"),
        "joints": len(UPPER_BODY),
        "reach": _REACH,
        "wrists": UPPER_BODY.indices("left_wrist", "right_wrist"),
    }


def undecided_seconds(analysis: Analysis) -> float:
    """Seconds, of all people together, in which "none" was improbable and yet no event was found."""
    seconds = 0.0
    for scores in analysis.scores:
        if NONE not in scores.classes or len(scores.times) < 2:
            continue
        open_ = scores.probability[:, scores.classes.index(NONE)] < 0.5
        for event in analysis.timeline:
            if event.person == scores.person:
                open_ &= (scores.times < event.start) | (scores.times > event.end)
        seconds += float(open_.sum() * (scores.times[1] - scores.times[0]))
    return seconds


def as_base64(content: bytes) -> str:
    """Bytes as a page holds them."""
    return base64.b64encode(content).decode("ascii")


def _motion_clock(duration: float, people: int) -> tuple[float, NDArray[np.float64]]:
    """(rate, times) of the skeletons in the page."""
    bytes_a_second = max(1, people) * len(UPPER_BODY) * 2 * np.dtype(np.uint16).itemsize
    rate = min(_MOTION_RATE, _MOTION_BYTES / (bytes_a_second * max(duration, 1.0)))
    return rate, np.arange(int(duration * rate) + 1) / rate


def pack_points(points: Points) -> str:
    """Positions as a page holds them: base64 of little-endian uint16, 0 where one is missing.

    Parameters
    ----------
    points : (N, 42, 2), 0..1 across the image; up to half an image outside it they are kept.

    Returns
    -------
    The text; 1..65535 spans the image and what is kept around it.
    """
    scaled = 1 + 65534 * (np.clip(points, -_REACH, 1 + _REACH) + _REACH) / (1 + 2 * _REACH)
    return as_base64(np.where(np.isnan(scaled), 0, scaled).round().astype("<u2").tobytes())


def _during(event: Event, by_person: dict[int, Points], analysis: Analysis) -> Points:
    for person in analysis.people:
        if person.person == event.person:
            first, last = person.rows_at([event.start, event.end], held=True)
            return by_person[event.person][first : max(last, first + 1)]
    return np.zeros((0, len(UPPER_BODY), 2), np.float32)


def _box(plane: Iterable[Points]) -> list[float]:
    """(left, top, right, bottom) around nearly all joints; the whole image if there are none."""
    joints = np.concatenate([points.reshape(-1, 2) for points in plane])
    joints = joints[~np.isnan(joints[:, 0])]
    if len(joints) == 0:
        return [0.0, 0.0, 1.0, 1.0]
    low, high = np.percentile(joints, [1, 99], axis=0)
    return [round(float(value), 4) for value in np.clip([*low, *high], -_REACH, 1 + _REACH)]


def _event(event: Event, scores: Iterable[Scores], box: list[float]) -> dict[str, Any]:
    facts = {key: getattr(event, key) for key in ("label", "start", "end", "score", "person")}
    return facts | {"box": box, "guesses": _guesses(event, scores), "by": _by_rule(event)}


def _by_rule(event: Event) -> str:
    """In words, what a plain rule had to do with the event; "" for the network's own."""
    if event.source == RULE:
        return "by a plain rule, not by the network"
    return "by the network and by a plain rule" if event.source.endswith(f" and {RULE}") else ""


def _guesses(event: Event, scores: Iterable[Scores]) -> list[tuple[str, float]]:
    """The next classes by mean probability in that time, from 5 % on; none beside a rule's event."""
    for one in scores if event.source != RULE else ():
        during = (one.times >= event.start) & (one.times <= event.end)
        if one.person == event.person and during.any():
            mean = one.probability[during].mean(0)
            others = [c for c in np.argsort(-mean) if one.classes[c] not in (NONE, event.label)]
            return [(one.classes[c], round(float(mean[c]), 3)) for c in others[:_GUESSES] if mean[c] >= 0.05]
    return []


def _curves(scores: Scores, timeline: Timeline) -> dict[str, Any]:
    """The classes that became events, or else the strongest ones, thinned so that no peak is lost."""
    found = [label for label in timeline.only(person=scores.person).counts() if label in scores.classes]
    strongest = sorted(gesture_names(scores.classes), key=lambda label: -_column(scores, label).max(initial=0))
    labels = list(dict.fromkeys([*found, *strongest[:3]]))[:_CURVES]
    step = max(1, -(-len(scores.times) // _CURVE_POINTS))
    first = range(0, len(scores.times), step)
    return {
        "person": scores.person,
        "times": [round(float(scores.times[i : i + step].mean()), 2) for i in first],
        "classes": {
            label: [round(float(_column(scores, label)[i : i + step].max()), 3) for i in first] for label in labels
        },
    }


def _actions(one: FacialActions) -> dict[str, Any]:
    """The main actions in whole percent, None where no face could be read; thinned so that no peak is lost."""
    step = max(1, -(-len(one.times) // _CURVE_POINTS))
    first = range(0, len(one.times), step)
    return {
        "person": one.person,
        "readable": one.readable,
        "times": [round(float(one.times[i : i + step].mean()), 2) for i in first],
        "curves": [  # a list, for the page sorts by names
            {"label": label, "percent": [_peak(values[i : i + step]) for i in first]}
            for label, values in one.main().items()
        ],
    }


def _peak(values: NDArray[np.float32]) -> int | None:
    known = values[np.isfinite(values)]
    return round(100 * float(known.max())) if len(known) else None


def _face(one: Expressions) -> dict[str, Any]:
    """One row of shares a step, or None where no face could be read; long recordings are thinned by means."""
    thinned = max(1, -(-len(one.times) // _FACE_POINTS))
    parts = [one.probability[i : i + thinned] for i in range(0, len(one.times), thinned)]
    known = [part[~np.isnan(part[:, 0])] for part in parts]
    return {
        "person": one.person,
        "classes": one.classes,
        "step": thinned * float(one.times[1] - one.times[0]) if len(one.times) > 1 else 1.0,
        "first": float(one.times[:thinned].mean()),
        "rows": [[round(float(share), 3) for share in part.mean(0)] if len(part) else None for part in known],
        "shares": one.shares(),
        "readable": one.readable,
    }


def _column(scores: Scores, label: str) -> NDArray[np.float32]:
    column: NDArray[np.float32] = scores.probability[:, scores.classes.index(label)]
    return column
