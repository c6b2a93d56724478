"""Labels, names and notes that would be code elsewhere are text in everything that Kinesics writes and shows."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.recordings import FPS, MODEL, person, scores, talking

from kinesics.cli import main
from kinesics.errors import KinesicsError, printable
from kinesics.inference.results import Analysis, Recording
from kinesics.report import write_results
from kinesics.timeline import Event, Timeline
from kinesics.timeline.coding import tidy
from kinesics.timeline.formats import boris, elan, kinesics_json, table

CODE = "window.hacked = true"
KINDS = (
    f"<script>{CODE}</script>", f"</script><script>{CODE}</script>", f'<img src=x onerror="{CODE}">',
    f'"><svg onload="{CODE}">', f"' autofocus onfocus='{CODE}", f"<a href='javascript:{CODE}'>touch neck</a>",
    f"--><script>{CODE}</script><!--", f"]]><script>{CODE}</script>", "{{ 7 * 7 }}{% raw %}", f"${{{CODE}}}`",
    "<b>bold</b> & <i>not</i>", "&lt;b&gt; &amp; &#60;", "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)",
    '=HYPERLINK("http://x","y")', "'=quoted", "\x1b[2J\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "\b\b\bovertyped",
    "two\nlines", "two\r\nlines\twith a tab", "\u202eright to left\u202c", "\u2066isolated\u2069", "\u2028separator",
    "a,b;c|d", '"quoted" text', "back\\slash \\u0041 %n %s {0}", "[bold red]markup[/bold red] [/]", "..\\..\\windows",
    "../../etc/passwd", "NOTE a vtt comment", "00:00:01.000 --> 00:00:02.000", "STYLE ::cue { color: red }",
    "é e\u0301 Ä 手 🎥", "nul\0inside", "\ufeffmark", "\ud800lone",
)  # fmt: skip
LABELS = KINDS + tuple(f"{KINDS[number % len(KINDS)]}{number}" for number in range(len(KINDS), 200))


def hostile(recording: Recording) -> Analysis:
    """An event of every label, with the same texts in everything else that weights or files bring along."""
    events = tuple(Event(label, n, n, n + 0.5, 0.9, 1 + n % 2, KINDS[0]) for n, label in enumerate(LABELS))
    facts = {key: KINDS[n % 8] if isinstance(value, str) else value for n, (key, value) in enumerate(MODEL.items())}
    people = tuple(person(200.0, (), number) for number in (1, 2))
    shown = [replace(scores(200.0, (), one.person), classes=(*LABELS, "none")) for one in people]
    shown = [replace(one, probability=np.full((len(one.times), 201), 1 / 201, np.float32)) for one in shown]
    model = facts | {"classes": (*LABELS, "none")}
    return Analysis(recording, people, tuple(shown), Timeline(events, 200.0), model)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    name = "<img src=x onerror='window.hacked = true'> \x1b[2J\u202e.json"
    return hostile(Recording(Path(name), "landmarks", 200.0, FPS, 5000, notes=KINDS))


@pytest.fixture(scope="module")
def folder(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    write_results(analysis, out)
    return out


def test_there_are_200() -> None:
    assert len(LABELS) == len(set(LABELS)) == 200


def test_the_report_shows_them_as_text(browser, folder: Path) -> None:
    page = browser.new_page()
    page.set_default_timeout(120_000)
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))
    page.on("request", lambda sent: trouble.append(sent.url) if sent.url.startswith(("http", "ws")) else None)
    page.goto((folder / "report.html").as_uri())
    page.locator("#curves").scroll_into_view_if_needed()
    page.wait_for_selector("#curves .main-svg")
    shown = _squeezed(page.evaluate("document.body.textContent"))
    missing = [label for label in LABELS if _squeezed(label) not in shown]
    assert not missing, missing
    assert page.evaluate("window.hacked === undefined")
    assert page.locator("script", has_text="hacked").count() <= 1, "the block of data alone"
    assert page.locator("img[src=x], svg[onload], a[href^=javascript]").count() == 0
    legend = {_squeezed(text) for text in page.locator("#curves .legendtext").all_text_contents()}
    assert legend <= {_squeezed(label) for label in LABELS}, "no text was read as markup"
    assert trouble == []
    page.close()


def _squeezed(text: str) -> str:
    """As one compares what is seen: a browser shows no controls, and one space for several."""
    seen = "".join(letter for letter in text.encode("utf-8", "replace").decode() if printable(letter) == letter)
    return "".join(seen.replace("\ufffd", "?").replace("\ufeff", "").split())


def test_elan_holds_them_as_text(analysis: Analysis, folder: Path) -> None:
    root = ET.parse(folder / "timeline.eaf").getroot()
    texts = {one.text for one in root.iter("ANNOTATION_VALUE")}
    assert texts == {tidy(label) for label in LABELS}
    assert [event.label for event in elan.read(folder / "timeline.eaf")] == [tidy(label) for label in LABELS]


def test_boris_holds_them_as_text(folder: Path) -> None:
    content = (folder / "timeline.boris").read_bytes()
    assert content.isascii()
    codes = {one["code"] for one in json.loads(content)["behaviors_conf"].values()}
    assert codes == {tidy(label) for label in LABELS}
    assert [event.label for event in boris.read(folder / "timeline.boris")] == [tidy(label) for label in LABELS]


def test_captions_hold_them_as_text(folder: Path) -> None:
    cues = (folder / "timeline.vtt").read_text(encoding="utf-8").split("\n\n")[1:]
    assert len(cues) == len(LABELS)
    for cue, label in zip(cues, LABELS, strict=True):
        _, text = cue.rstrip("\n").split("\n")
        assert "<" not in text
        assert "-->" not in text
        assert html.unescape(text).partition(": ")[2] == f"{tidy(label)} (90%)"


def test_json_and_csv_hold_them_as_they_are(folder: Path) -> None:
    written = [label.encode("utf-8", "backslashreplace").decode() for label in LABELS]
    assert [event.label for event in kinesics_json.read(folder / "timeline.json")] == list(LABELS)
    assert [event.label for event in table.read(folder / "timeline.csv")] == written
    lines = (folder / "timeline.csv").read_text(encoding="utf-8-sig").split("\n")
    assert not [line for line in lines if re.match(r'"?[=+@-]', line)], "no cell begins a formula"


def test_the_terminal_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In messages, in tables and in the faults of a file nothing moves the cursor, and nothing is markup."""
    for text in KINDS:
        assert printable(text) == str(KinesicsError(text))
        assert "\n" not in printable(text)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", printable(text))
    labels = [tidy(text) for text in KINDS if tidy(text)]
    (tmp_path / "classes.txt").write_text("\n".join(dict.fromkeys(labels)), encoding="utf-8")
    rows = "".join(f'"{text}{n}","no such \x1b[2J[red]",train,\n' for n, text in enumerate(("a", "\x1b[2J[bold]")))
    (tmp_path / "manifest.csv").write_text("clip,label,split,skeleton\n" + rows)
    with pytest.raises(SystemExit):
        main(["data", "doctor", str(tmp_path)])
    said = capsys.readouterr()
    assert "\x1b[2J" not in said.out + said.err
    assert "[red]" in said.out


def test_the_summary_of_an_analysis(monkeypatch: pytest.MonkeyPatch, analysis: Analysis, tmp_path, capsys) -> None:
    """`analyze` prints every label of a real recording's events once, as text."""
    from kinesics import inference

    named = replace(analysis, recording=replace(talking().recording, notes=KINDS))
    monkeypatch.setattr(inference, "analyze", lambda *_, **__: named)
    video = tmp_path / "v\x1b[2J[red].skeleton.npz"
    video.write_bytes(b"x")
    monkeypatch.setenv("COLUMNS", "400")
    assert main(["analyze", str(video), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert [label for label in LABELS if printable(label) not in said] == []
    assert main(["analyze", str(video), "--out", str(tmp_path / "out"), "--json", "--force"]) == 0
    said = capsys.readouterr().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)
    assert [event["label"] for event in json.loads(said)["events"]] == list(LABELS)


def test_subjects_and_notes_of_codings(tmp_path: Path) -> None:
    from kinesics.data.annotations import read_codings

    for number, text in enumerate(KINDS):
        cell = text.replace('"', '""')
        path = tmp_path / f"{number}.csv"
        path.write_text(f'video,label,start,end,subject\nv.mp4,"{cell}",0,1,"{cell}"\n', "utf-8", "backslashreplace")
        try:
            (annotation,) = read_codings(path).codings[0].annotations
        except KinesicsError:  # refused in one line, as all are
            continue
        assert tidy(annotation.label) == annotation.label
        assert tidy(annotation.subject) == annotation.subject
