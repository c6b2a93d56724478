"""The page of a whole study: one self-contained HTML file that draws itself without a network and opens at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
import numpy as np

from kinesics.report.page import STYLES
from kinesics.study.charts import (
    ChartMark,
    ChartRow,
    barcode,
    interval_chart,
    line_chart,
    matrix_chart,
    number,
    strip_chart,
)
from kinesics.study.comparison import EVERYBODY, pooled_table
from kinesics.study.frames import stacked
from kinesics.study.measures import ALL, body_part
from kinesics.study.models import MODELS
from kinesics.study.recordings import Study
from kinesics.study.tables import StudyTables

if TYPE_CHECKING:
    import pandas as pd

_MOST_CLASSES = 20  # rows of the chart of rates
_MULTIPLES = 12  # panels of single classes
_MATRIX = 14  # classes of a matrix
_ALPHA = 0.05
_TIME_DRAWS = 400
_PARTS = ("body", "head", "hand", "body and hand", "head and hand", "illustrative", "face", "other")


def study_page(study: Study, tables: StudyTables, *, link: str = "..") -> str:
    """Draw a study.

    Parameters
    ----------
    study : whose recordings are linked.
    tables : what it says.
    link : the way from the page to the study's folder, for links to each report; "" for none.

    Returns
    -------
    The page's HTML.
    """
    today, assets = datetime.now(), files("kinesics.study") / "assets"
    styles = "\n".join((files("kinesics.report") / "assets" / name).read_text("utf-8") for name in STYLES)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"number": number, "p": p_value}
    series = _series(study)
    return environment.from_string((assets / "study.html.j2").read_text("utf-8")).render(
        name=study.folder.resolve().name,
        css=styles + (assets / "study.css").read_text("utf-8"),
        script=(assets / "study.js").read_text("utf-8"),
        lead=_lead(study, tables),
        facts=_facts(study, tables),
        groups=[name for name in study.groups],
        made=f"{today.day} {today:%B %Y}",
        rates=_rates(tables, series),
        differences=_differences(tables),
        models={model.name: model for model in MODELS.values()},
        multiples=_multiples(tables, series),
        times=_times(study, tables, series),
        matrices=_matrices(tables),
        faces=_faces(tables, series),
        synchrony=_synchrony(tables),
        tests={(test, of): p for test, of, _, p in tables.tests.itertuples(index=False)},
        recordings=_recordings(study, tables, link),
        parts=[(part, _slug(part)) for part in _PARTS if part in set(tables.events["body_part"])],
        notes=study.notes,
        files=sorted(tables.by_name()),
    )


def p_value(p: float) -> str:
    """As papers write it."""
    if not np.isfinite(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _series(study: Study) -> list[str]:
    """The groups of people that are drawn, by the number of their colour: everybody, where there are none."""
    return list(study.groups) if len(study.groups) > 1 else [EVERYBODY]


def _facts(study: Study, tables: StudyTables) -> list[tuple[str, str]]:
    people = tables.people
    recordings = people.drop_duplicates("recording")
    subjects = len(set(people["subject"]) - {""})
    hours = float(recordings["duration"].sum()) / 3600
    facts = [("Recordings", f"{len(study.recordings):,}")]
    facts += [("People", f"{subjects:,}")] if subjects else []
    facts += [("Hours", number(hours)), ("Events", f"{len(tables.events):,}")]
    return [*facts, ("Seen", f"{people['coverage'].mean():.0%}" if people["coverage"].notna().any() else "–")]


def _lead(study: Study, tables: StudyTables) -> str:
    """What was found, in a sentence or two."""
    every = _one(tables.pooled, group=EVERYBODY, measure="rate", label=ALL)
    if every is None or not every["value"] > 0:
        return "No micro-gesture was found in these recordings."
    lead = (
        f"{number(every['value'])} micro-gestures a minute in which people were seen (95 % interval {_between(every)})."
    )
    if tables.models is None:
        return lead
    for group in study.groups[1:]:
        fit = _one(tables.models, group=group, measure="rate", label=ALL)
        if fit is not None and np.isfinite(fit["estimate"]):
            verdict = "a difference" if fit["p"] < _ALPHA else "no clear difference"
            times = f"{number(fit['estimate'])} times the rate of {study.groups[0]} ({_between(fit)})"
            lead += f" Group {group} has {times}, {verdict}."
    return lead


def _one(table: pd.DataFrame, **wanted: str) -> pd.Series | None:
    found = table[np.logical_and.reduce([table[name] == value for name, value in wanted.items()])]
    return found.iloc[0] if len(found) else None


def _between(row: pd.Series | dict[str, Any]) -> str:
    return f"{number(row['low'])} to {number(row['high'])}"


def _interval(row: pd.Series, series: int, who: str, unit: str) -> ChartMark:
    found = f"{number(row['value'])} {unit} ({_between(row)}), {row['clusters']} people or recordings"
    title = f"{row['label']}, {who}: {found}"
    return ChartMark(series, float(row["value"]), float(row["low"]), float(row["high"]), title)


def _rows(tables: StudyTables, measure: str, level: str, series: Sequence[str], unit: str) -> list[ChartRow]:
    """A row a label, the greatest first, those that never happened left out."""
    pooled = tables.pooled.query("measure == @measure and level == @level")
    order = pooled[pooled["group"] == EVERYBODY].sort_values("value", ascending=False)
    rows = []
    for label in order.loc[order["value"] > 0, "label"]:
        one = pooled[pooled["label"] == label].set_index("group")
        marks = [_interval(one.loc[name], n, name, unit) for n, name in enumerate(series) if name in one.index]
        rows.append(ChartRow(label, marks))
    return rows


def _rates(tables: StudyTables, series: Sequence[str]) -> dict[str, Any]:
    unit = "a minute"
    top = [ChartRow(row.label, row.marks, head=True) for row in _rows(tables, "rate", "all", series, unit)]
    parts, classes = (_rows(tables, "rate", level, series, unit) for level in ("body part", "class"))
    classes = [row for row in classes if row.label not in _PARTS]  # illustrative is both
    draw = partial(interval_chart, name="events a minute", log=True, width=560)
    return {
        "parts": draw([*top, *parts]) if parts else "",
        "classes": draw(classes[:_MOST_CLASSES]) if classes else "",
        "left": len(classes[_MOST_CLASSES:]),
    }


def _differences(tables: StudyTables) -> list[dict[str, Any]]:
    """Of each group the ratios of rates by the model, and all that it compares as rows."""
    if tables.models is None or tables.comparison is None:
        return []
    found = []
    for (group, reference), fits in tables.models.groupby(["group", "reference"], sort=False):
        ratios = fits[(fits["measure"] == "rate") & fits["estimate"].notna()]
        rows = [
            _difference_row(fit)
            for fit in ratios.to_dict("records")
            if fit["level"] != "class" or fit["label"] not in _PARTS
        ]
        keys = ["group", "reference", "measure", "level", "label"]
        both = fits.merge(tables.comparison, on=keys, suffixes=("", "_effect"))
        clear = both[both["p_adjusted"] < _ALPHA].sort_values("p")
        chart = (
            interval_chart(rows, f"ratio of rates, {group} to {reference}", log=True, line=1, width=1040)
            if rows
            else ""
        )
        found.append({
            "group": group, "reference": reference, "chart": chart, "differing": clear.to_dict("records"),
            "tested": int(both["p"].notna().sum()), "untested": int(both["p"].isna().sum()),
        })  # fmt: skip
    return found


def _difference_row(fit: dict[str, Any]) -> ChartRow:
    strong = bool(fit["p_adjusted"] < _ALPHA)
    text = f"{number(fit['estimate'])} ({_between(fit)})  p {p_value(fit['p_adjusted'])}"
    mark = ChartMark(1, fit["estimate"], fit["low"], fit["high"], f"{fit['label']}: {text}", strong)
    return ChartRow(fit["label"], [mark], text, head=fit["level"] == "all")


def _multiples(tables: StudyTables, series: Sequence[str]) -> list[dict[str, str]]:
    """The most frequent classes, every recording a dot."""
    rows = [row for row in _rows(tables, "rate", "class", series, "a minute") if row.label not in _PARTS][:_MULTIPLES]
    rates = tables.rates[tables.rates["level"] == "class"]
    panels = []
    for row in rows:
        own = rates[rates["label"] == row.label]
        highest = float(np.nanpercentile(own["rate_seen"], 98)) * 1.1 if own["rate_seen"].notna().any() else 1.0
        groups = []
        for mark in row.marks:
            name = series[mark.series]
            values = own["rate_seen"] if name == EVERYBODY else own.loc[own["group"] == name, "rate_seen"]
            groups.append((values.to_numpy(float), mark))
            highest = max(highest, mark.high if np.isfinite(mark.high) else 0)
        chart = strip_chart(groups, f"{row.label}: events a minute, every recording a dot", (0, highest))
        panels.append({"title": row.label, "part": _slug(body_part(row.label)), "chart": chart})
    return panels


def _times(study: Study, tables: StudyTables, series: Sequence[str]) -> list[dict[str, str]]:
    """Of each body part its rate in each stretch of time, as long as half of the recordings last."""
    bins = tables.bins[tables.bins["level"] != "class"]
    lasting = bins.drop_duplicates(["recording", "start"]).groupby("start").size()
    starts = lasting.index[lasting >= max(2, len(study.recordings) / 2)]
    if len(starts) < 2:
        return []
    own = bins[bins["start"].isin(starts) & (bins["length"] > 0)]
    cluster = own.merge(study.people[["recording", "person", "cluster"]], on=["recording", "person"])
    measures = cluster.assign(
        measure="rate", level=cluster["label"], label=cluster["start"], numerator=cluster["count"],
        denominator=cluster["length"] / 60,
    )  # fmt: skip
    pooled = pooled_table(measures, draws=_TIME_DRAWS)
    labels = [label for label in (ALL, *_PARTS) if label in set(pooled.loc[pooled["value"] > 0, "level"])]
    step = float(starts[1] - starts[0])
    sizes = [(560, 210), *[(300, 130)] * len(labels)]  # all together stand by the rates
    return [
        _time_panel(pooled[pooled["level"] == label], label, series, step, size)
        for label, size in zip(labels, sizes, strict=False)
    ]


def _time_panel(
    pooled: pd.DataFrame, label: str, series: Sequence[str], step: float, size: tuple[int, int]
) -> dict[str, str]:
    lines = []
    for place, name in enumerate(series):
        one = pooled[pooled["group"] == name].sort_values("label")
        points = one[["label", "value", "low", "high"]].to_numpy(float)
        points[:, 0] = (points[:, 0] + step / 2) / 60
        lines.append((place, points))
    highest = 1.05 * max(float(np.nanmax(points[:, 3], initial=0)) for _, points in lines)
    chart = line_chart(lines, f"{label}: events a minute over the minutes of a recording", highest, *size)
    return {"title": label, "part": _slug(label), "chart": chart}


def _matrices(tables: StudyTables) -> list[dict[str, str]]:
    found = []
    for level in ("body part", "class"):
        following = tables.transitions[tables.transitions["level"] == level]
        together = tables.co_occurrence[tables.co_occurrence["level"] == level]
        labels = list(dict.fromkeys(following["first"]))[:_MATRIX]
        if len(labels) < 2:
            continue
        mirrored = together.rename(columns={"one": "other", "other": "one"})
        found.append({
            "level": level,
            "following": _matrix(following, labels, ("first", "next"), "next comes"),
            "together": _matrix(stacked([together, mirrored]), labels, ("one", "other"), "within seconds of"),
        })  # fmt: skip
    return found


def _matrix(table: pd.DataFrame, labels: Sequence[str], names: tuple[str, str], between: str) -> str:
    place = {label: n for n, label in enumerate(labels)}
    ratio = np.full((len(labels), len(labels)), np.nan)
    strong = np.zeros(ratio.shape, bool)
    z = np.full(ratio.shape, np.nan)
    titles = [[""] * len(labels) for _ in labels]
    for row in table.to_dict("records"):
        first, second = row[names[0]], row[names[1]]
        if first in place and second in place:
            i, j = place[first], place[second]
            ratio[i, j], z[i, j], strong[i, j] = row["ratio"], row["z"], row["p_adjusted"] < _ALPHA
            titles[i][j] = (
                f"{first} – {between} {second}: {row['observed']:g}, at random {number(row['expected'])}; "
                f"p {p_value(row['p'])}, for all pairs together {p_value(row['p_adjusted'])}"
            )
    return matrix_chart(labels, ratio, z, strong, titles, f"{names[0]} by {names[1]}: observed over expected")


def _faces(tables: StudyTables, series: Sequence[str]) -> list[dict[str, str]]:
    titles = {"expression": "Looks of faces", "action": "Facial actions"}
    found = []
    for level, title in titles.items():
        if rows := _rows(tables, "mean", level, series, "on the mean"):
            found.append({"title": title, "chart": interval_chart(rows, f"{title}: mean, 0 to 1", width=520)})
    return found


def _synchrony(tables: StudyTables) -> list[dict[str, Any]]:
    found = []
    for signal, pairs in tables.synchrony.groupby("signal", sort=False):
        values = pairs["z"].to_numpy(float)
        middle, spread = (
            float(values.mean()),
            1.96 * float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else np.nan,
        )
        mean = ChartMark(0, middle, middle - spread, middle + spread, f"mean z {number(middle)}")
        chart = strip_chart(
            [(values, mean)],
            f"synchrony of {signal}: z, every pair a dot",
            (min(-2.0, float(values.min())), max(3.0, float(values.max()))),
        )
        found.append({
            "signal": signal, "pairs": len(pairs), "above": int((pairs["p"] < _ALPHA).sum()), "chart": chart,
            "peak": float(pairs["peak"].mean()), "random": float(pairs["surrogate_mean"].mean()),
        })  # fmt: skip
    return found


def _recordings(study: Study, tables: StudyTables, link: str) -> list[dict[str, Any]]:
    people = dict(list(tables.people.groupby("recording", sort=False)))
    counted = tables.rates[tables.rates["level"] == "all"].groupby("recording")["count"].sum()
    rows = []
    for one in study.recordings:
        own = people.get(one.name)
        report, way = one.folder / "report.html", one.folder.relative_to(study.folder).as_posix()
        events = ((_slug(body_part(e.label)), e.start, e.end) for e in one.timeline)
        seen = float(own["seen"].sum()) / 60 if own is not None else 0.0
        count = int(counted.get(one.name, 0))
        rows.append({
            "name": one.name, "link": f"{link}/{quote(way)}/report.html" if link and report.exists() else "",
            "group": "" if own is None else ", ".join(dict.fromkeys(name for name in own["group"] if name)),
            "minutes": one.timeline.duration / 60, "count": count, "rate": count / seen if seen > 0 else float("nan"),
            "coverage": float("nan") if own is None else float(own["coverage"].mean()),
            "barcode": barcode(events, one.timeline.duration),
        })  # fmt: skip
    return rows


def _slug(part: str) -> str:
    """The class by which a body part gets its colour."""
    return "p-" + part.replace(" ", "-")
