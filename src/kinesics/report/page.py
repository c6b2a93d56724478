"""The report: one self-contained HTML file that needs no network and no program but a browser."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from kinesics.files import write_text
from kinesics.progress import Progress
from kinesics.report.pictures import Picture, read_pictures
from kinesics.skeleton import UPPER_BODY
from kinesics.skeleton.drawing import (
    ON_DARK,
    ON_LIGHT,
    Palette,
    Points,
    dots_of,
    fit_to_image,
    frames_at,
    hex_colour,
    points_at,
    strokes_of,
)
from kinesics.timeline import Event, Timeline
from kinesics.timeline.formats import Provenance, kinesics_json, table

if TYPE_CHECKING:
    from kinesics.inference.results import Analysis, Expressions, Recording
    from kinesics.inference.scores import Scores

_MOTION_RATE = 10.0  # skeletons a second, fewer in long recordings …
_MOTION_BYTES = 1_500_000  # … so that all of them together take no more than this
_REACH = 0.5  # a joint is kept up to this far outside the picture, in pictures
_CURVES, _CURVE_POINTS = 8, 1500
_FACE_POINTS = 1200
_GUESSES = 3
_HIGHLIGHTS = 3


def write_report(analysis: Analysis, out: Path, progress: Progress | None = None) -> None:
    """Write `analysis` as one HTML file: pictures, skeletons, timeline, events, scores, rates and the model's limits.

    progress: called with the share done, 0..1. Raises KinesicsError if the video cannot be read again or the file
    cannot be written.
    """
    recording = analysis.recording
    pictures: list[Picture] = []
    if recording.kind == "video":
        pictures = read_pictures(recording.path, analysis.timeline, progress)
    write_text(out, _render(analysis, pictures))
    if progress:
        progress(1.0)


def provenance_of(analysis: Analysis) -> Provenance:
    """What the timeline's files tell beside its events."""
    from kinesics.weights.specification import NONE

    recording = analysis.recording
    classes = analysis.scores[0].classes if analysis.scores else ()
    return Provenance(
        recording_facts(recording),
        analysis.model,
        expression_facts(analysis),
        [label for label in classes if label != NONE],
        recording.path if recording.kind == "video" else None,
        recording.fps,
    )


def recording_facts(recording: Recording) -> dict[str, Any]:
    """The recording as `timeline.json` tells it: by name, for a path may tell more than one wants to pass on."""
    return {
        "name": recording.path.name,
        "kind": recording.kind,
        "duration": recording.duration,
        "fps": recording.fps,
        "frames": recording.frames,
        "width": recording.width,
        "height": recording.height,
    }


def expression_facts(analysis: Analysis) -> dict[str, Any]:
    """The faces' looks in sum as `timeline.json` tells them; {} for a recording without pictures."""
    if not analysis.expressions:
        return {}
    people = [
        {
            "person": one.person,
            "seen": round(one.seen, 3),
            "shares": {label: round(share, 4) for label, share in one.shares().items()},
        }
        for one in analysis.expressions
    ]
    return {"expressions": {"people": people, "model": dict(analysis.expressions[0].model)}} | _reading_facts(analysis)


def _reading_facts(analysis: Analysis) -> dict[str, Any]:
    if not analysis.readings:
        return {}
    people = [
        {
            "person": one.person,
            "positive": round(one.positive, 3),
            "alone": {name: round(value, 3) for name, value in one.alone.items()},
            "faces": one.faces,
            "gestures": one.gestures,
        }
        for one in analysis.readings
    ]
    return {"readings": {"people": people, "model": dict(analysis.readings[0].model)}}


def _render(analysis: Analysis, pictures: list[Picture]) -> str:
    from kinesics.inference.analyze import unread_faces

    recording, timeline, today = analysis.recording, analysis.timeline, datetime.now()
    faces = expression_facts(analysis)
    assets = files("kinesics.report") / "assets"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"clock": _clock, "number": _number}
    return environment.from_string((assets / "report.html.j2").read_text("utf-8")).render(
        recording=recording,
        timeline=timeline,
        people=[person.person for person in analysis.people],
        lead=_lead(timeline),
        model={key: value for key, value in analysis.model.items() if value},
        faces=faces.get("expressions"),
        readings=faces.get("readings"),
        undecided=_undecided(analysis),
        unread_faces=unread_faces(analysis),
        analysed=f"{today.day} {today:%B %Y}",
        stem=recording.path.name.split(".")[0] or "recording",
        csv=_base64(table.to_text(timeline).encode("utf-8-sig")),
        json=_base64(kinesics_json.to_text(timeline, provenance_of(analysis)).encode()),
        css=_colours() + (assets / "report.css").read_text("utf-8"),
        script="\n".join((assets / name).read_text("utf-8") for name in ("report.js", "faces.js")),
        plotly=_plotly(),
        data=_data(analysis, pictures),
    )


@cache
def _plotly() -> str:
    """plotly.js as the Python package holds it, packed to a third of its size."""
    import plotly.offline

    return _base64(gzip.compress(plotly.offline.get_plotlyjs().encode(), mtime=0))


def _colours() -> str:
    """The skeleton's colours as CSS variables, on a light ground and on a dark one."""

    def variables(palette: Palette) -> str:
        return ":root { " + " ".join(f"--{side}: {hex_colour(colour)};" for side, colour in palette.items()) + " }"

    return f"{variables(ON_LIGHT)}\n@media (prefers-color-scheme: dark) {{ {variables(ON_DARK)} }}\n"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _lead(timeline: Timeline) -> str:
    """What was found, in a sentence."""
    counts, rates = timeline.counts(), timeline.rates()
    if not counts:
        return "No micro-gesture was found in this recording."
    if max(counts.values()) == 1:
        likeliest = [event.label for event in sorted(timeline, key=lambda event: -event.score)]
        rest = len(likeliest) - _HIGHLIGHTS
        others = f" and {rest} more" if rest > 0 else ""
        return f"Found once each: {', '.join(likeliest[:_HIGHLIGHTS])}{others}."
    most = [
        f"{label} {'twice' if count == 2 else f'{count} times'}" + (f" ({rates[label]:.1f} a minute)" if rates else "")
        for label, count in counts.items()
        if count > 1
    ]
    return f"Most often: {', '.join(most[:_HIGHLIGHTS])}."


def _undecided(analysis: Analysis) -> float:
    """Seconds, of all people together, in which the model saw something else than nothing but named no gesture."""
    from kinesics.weights.specification import NONE

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


def _clock(seconds: float) -> str:
    """1:02:03, or 2:03."""
    whole = round(seconds)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


# ── numbers for the script ────────────────────────────────────────────────────────────────────────────────────


def _data(analysis: Analysis, pictures: list[Picture]) -> dict[str, Any]:
    recording, people = analysis.recording, analysis.people
    plane, own_aspect = fit_to_image(people)
    known = recording.width / recording.height if recording.width and recording.height else 16 / 9
    rate, times = _motion_clock(recording.duration, len(people))
    shown = np.array([picture.time for picture in pictures])
    motion = [points_at(points, frames_at(person, times)) for person, points in zip(people, plane, strict=True)]
    by_person = {person.person: points for person, points in zip(people, plane, strict=True)}
    return {
        "duration": recording.duration,
        "aspect": known if own_aspect is None else own_aspect,
        "strokes": [vars(stroke) for stroke in strokes_of(UPPER_BODY)],
        "colours": {side: hex_colour(colour) for side, colour in ON_DARK.items()},
        "dots": list(dots_of(UPPER_BODY).items()),
        "eyes": UPPER_BODY.indices("left_eye", "right_eye"),
        "joints": len(UPPER_BODY),
        "reach": _REACH,
        "wrists": UPPER_BODY.indices("left_wrist", "right_wrist"),
        "people": [
            {
                "person": person.person,
                "motion": _pack(thinned),
                "on_pictures": _pack(points_at(points, frames_at(person, shown))),
            }
            for person, points, thinned in zip(people, plane, motion, strict=True)
        ],
        "box": _box(motion),
        "motion_rate": rate,
        "pictures": [vars(picture) for picture in pictures],
        "events": [
            _event(event, analysis.scores, _box([_during(event, by_person, analysis)])) for event in analysis.timeline
        ],
        "curves": [_curves(scores, analysis.timeline) for scores in analysis.scores],
        "faces": [_face(one) for one in analysis.expressions],
    }


def _motion_clock(duration: float, people: int) -> tuple[float, NDArray[np.float64]]:
    """(rate, times) at which skeletons are kept."""
    bytes_a_second = max(1, people) * len(UPPER_BODY) * 2 * np.dtype(np.uint16).itemsize
    rate = min(_MOTION_RATE, _MOTION_BYTES / (bytes_a_second * max(duration, 1.0)))
    return rate, np.arange(int(duration * rate) + 1) / rate


def _pack(points: Points) -> str:
    """(N, 42, 2) as little-endian uint16: 0 is missing, 1..65535 spans the picture and `_REACH` around it."""
    scaled = 1 + 65534 * (np.clip(points, -_REACH, 1 + _REACH) + _REACH) / (1 + 2 * _REACH)
    return _base64(np.where(np.isnan(scaled), 0, scaled).round().astype("<u2").tobytes())


def _during(event: Event, by_person: dict[int, Points], analysis: Analysis) -> Points:
    for person in analysis.people:
        if person.person == event.person:
            first, last = np.round((np.array([event.start, event.end]) - person.start) * person.fps).astype(int)
            return by_person[event.person][max(first, 0) : max(last, first + 1)]
    return np.zeros((0, len(UPPER_BODY), 2), np.float32)


def _box(plane: Iterable[Points]) -> list[float]:
    """(left, top, right, bottom) around nearly all joints; the whole picture if there are none."""
    joints = np.concatenate([points.reshape(-1, 2) for points in plane])
    joints = joints[~np.isnan(joints[:, 0])]
    if len(joints) == 0:
        return [0.0, 0.0, 1.0, 1.0]
    low, high = np.percentile(joints, [1, 99], axis=0)
    return [round(float(value), 4) for value in np.clip([*low, *high], -_REACH, 1 + _REACH)]


def _event(event: Event, scores: Iterable[Scores], box: list[float]) -> dict[str, Any]:
    told = {key: getattr(event, key) for key in ("label", "start", "end", "score", "person")}
    return told | {"box": box, "guesses": _guesses(event, scores)}


def _guesses(event: Event, scores: Iterable[Scores]) -> list[tuple[str, float]]:
    """What else the model saw in that time: classes by mean probability, from 5 % on."""
    for one in scores:
        during = (one.times >= event.start) & (one.times <= event.end)
        if one.person == event.person and during.any():
            mean = one.probability[during].mean(0)
            others = [
                c for c in np.argsort(-mean) if one.classes[c] in _gestures(one) and one.classes[c] != event.label
            ]
            return [(one.classes[c], round(float(mean[c]), 3)) for c in others[:_GUESSES] if mean[c] >= 0.05]
    return []


def _curves(scores: Scores, timeline: Timeline) -> dict[str, Any]:
    """The classes that became events, or else the strongest ones, thinned so that no peak is lost."""
    found = list(timeline.only(person=scores.person).counts())
    strongest = sorted(_gestures(scores), key=lambda label: -_column(scores, label).max(initial=0))
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
        "seen": one.seen,
    }


def _gestures(scores: Scores) -> list[str]:
    from kinesics.weights.specification import NONE

    return [label for label in scores.classes if label != NONE]


def _column(scores: Scores, label: str) -> NDArray[np.float32]:
    column: NDArray[np.float32] = scores.probability[:, scores.classes.index(label)]
    return column
