"""The report: one self-contained HTML file that needs no network and no program but a browser."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from kinesics.files import write_text, written_on
from kinesics.inference.action_events import ONSETS
from kinesics.inference.previews import Preview, read_previews
from kinesics.progress import Progress, part_of
from kinesics.report.folder import recording_stem
from kinesics.report.page_data import as_base64, page_data, provenance_of, undecided_seconds
from kinesics.skeleton.drawing import ON_DARK, ON_LIGHT, Palette, hex_colour
from kinesics.timeline import Timeline
from kinesics.timeline.formats import kinesics_json, table

if TYPE_CHECKING:
    from kinesics.inference.results import Analysis

SCRIPTS = ("tools.js", "skeleton.js", "base.js", "frames.js", "plots.js", "report.js")  # in this order they are one
STYLES = ("base.css", "report.css")
_HIGHLIGHTS = 3


def write_report(analysis: Analysis, out: Path, progress: Progress | None = None) -> None:
    """Write an analysis as one HTML file: images, skeletons, timeline, events, scores, rates and the model's limits.

    Parameters
    ----------
    analysis : what to show; a video whose previews it does not hold is read for them, if it may be shown.
    out : the file to write.
    progress : called with the share done, 0..1.

    Raises
    ------
    KinesicsError
        for a video that has to be read and cannot be, or a file that cannot be written.
    """
    previews = analysis.previews
    if analysis.recording.kind == "video" and not previews and not analysis.skeleton_only:
        path, timeline = analysis.recording.path, analysis.timeline
        previews = read_previews(path, timeline, part_of(progress, 0, 1), analysis.hider)
    write_text(out, _render(analysis, previews))
    part_of(progress, 0, 1)(1.0)


def _render(analysis: Analysis, previews: Sequence[Preview]) -> str:
    timeline, today, facts = analysis.timeline, written_on(), analysis.to_dict()
    recording, model = facts.pop("recording"), facts.pop("model")
    assets = files("kinesics.report") / "assets"
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"clock": _clock, "number": _number}
    return environment.from_string((assets / "report.html.j2").read_text("utf-8")).render(
        recording=recording,
        timeline=timeline,
        people=[person.person for person in analysis.people],
        lead=_lead(timeline),
        model={key: value for key, value in model.items() if value},
        onsets=_onsets(model),
        actions=facts.get("actions"),
        faces=facts.get("expressions"),
        emotion=facts.get("readings"),
        undecided=undecided_seconds(analysis),
        analysed=f"{today.day} {today:%B %Y}",
        stem=recording_stem(analysis.recording.path),
        notes=analysis.recording.notes,
        csv=as_base64(table.to_text(timeline).encode("utf-8-sig", "backslashreplace")),
        json=as_base64(kinesics_json.to_text(timeline, provenance_of(analysis)).encode("utf-8", "backslashreplace")),
        css=skeleton_colours() + "\n".join((assets / name).read_text("utf-8") for name in STYLES),
        script=_script(),
        plotly=_plotly(),
        data=page_data(analysis, previews),
    )


def _script() -> str:
    """The modules as one script, for a page that is one file; the workbench loads those that it shares as they are."""
    texts = [(files("kinesics.report") / "assets" / name).read_text("utf-8") for name in SCRIPTS]
    parts = [re.sub(r"^export ", "", text, flags=re.MULTILINE) for text in texts]
    return '"use strict";\n' + "\n".join(parts)


@cache
def _plotly() -> str:
    """plotly.js as the Python package holds it, packed to a third of its size."""
    import plotly.offline

    return as_base64(gzip.compress(plotly.offline.get_plotlyjs().encode(), mtime=0))


def skeleton_colours() -> str:
    """The skeleton's colours as CSS variables, on a light ground and on a dark one."""

    def variables(palette: Palette) -> str:
        return ":root { " + " ".join(f"--{side}: {hex_colour(colour)};" for side, colour in palette.items()) + " }"

    return f"{variables(ON_LIGHT)}\n@media (prefers-color-scheme: dark) {{ {variables(ON_DARK)} }}\n"


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


def _onsets(model: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Onsets of single classes and of the rules of facial actions, by "classes" and "rules"."""
    rule = model.get("rule", {})
    given = rule.get("by_class") or {}
    return {
        "classes": {label: onset for label, onset in given.items() if label not in ONSETS},
        "rules": {label: given.get(label, rule.get("onset", usual)) for label, usual in ONSETS.items()},
    }


def _clock(seconds: float) -> str:
    """1:02:03, or 2:03."""
    whole = round(seconds)
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
