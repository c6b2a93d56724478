"""The report in a real browser."""

import base64
import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.recordings import landmarks_only, nothing_found, talking, three_people, with_actions, with_faces

from kinesics.errors import KinesicsError
from kinesics.inference.previews import read_previews
from kinesics.inference.results import EmotionPrediction
from kinesics.perception.actions import MAIN_ACTIONS
from kinesics.report import write_report
from kinesics.timeline import Timeline

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"needs Debian's chromium at {CHROMIUM}")
    with playwright.sync_playwright() as running:
        yield running.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGS)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the report of an analysis; at the end nothing may have gone wrong or to the network."""
    trouble = []

    def open_report(analysis, width=1200, **context):
        path = tmp_path / "report.html"
        write_report(analysis, path)
        page = browser.new_page(viewport={"width": width, "height": 800}, **context)
        page.set_default_timeout(120_000)  # on a busy machine a page takes its time
        page.on("console", lambda said: trouble.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda sent: trouble.append(sent.url) if not _is_local(sent.url) else None)
        page.goto(path.as_uri())
        return page

    yield open_report
    assert trouble == []


def _is_local(url):
    return url.startswith(("file:", "data:", "blob:"))


def _playhead(page):
    return float(page.locator("#ruler").get_attribute("aria-valuenow"))


def _is_painted(page, canvas):
    """Has, or soon has, more than one colour on it."""
    element = page.locator(canvas).first
    element.scroll_into_view_if_needed()
    colours = """(canvas) => {
        const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(image.data.buffer)).size;
    }"""
    _until(page, lambda: element.evaluate(colours) > 1)
    return True


def _until(page, happened):
    """Wait for it; the page's own policy forbids the browser's way of polling."""
    for _ in range(200):
        if happened():
            return
        page.wait_for_timeout(25)
    pytest.fail("waited 5 s in vain")


def _show_curves(page):
    page.locator("#curves").scroll_into_view_if_needed()
    page.wait_for_selector("#curves .main-svg")


def test_everything_is_drawn(opened):
    page = opened(talking())
    assert all(_is_painted(page, canvas) for canvas in ("#frame", "#skeleton", "#strip", ".card canvas"))
    _show_curves(page)
    assert page.locator("#curves .legendtext").count() >= 2
    assert page.locator("#rates tbody tr").count() == len(talking().timeline.counts())
    assert "touching ears twice" in page.locator(".lead").inner_text()


def test_an_event_of_the_timeline_can_be_clicked(opened):
    analysis = talking()
    page = opened(analysis)
    for number, event in enumerate(analysis.timeline):
        bar = page.locator(f'.bar[data-event="{number}"]')
        bar.click()
        _until(page, lambda after=event.start: _playhead(page) > after)
        assert event.start < _playhead(page) < event.end
        assert bar.get_attribute("aria-pressed") == "true"
        assert page.locator(".bar[aria-pressed=true]").count() == 1
        assert page.locator(".card.selected .pick").inner_text() == event.label
        assert event.label in page.locator("#now").inner_text()


def test_a_card_is_chosen_and_played(opened):
    analysis = talking()
    last = analysis.timeline.events[-1]
    page = opened(analysis)
    page.locator(".card .pick").last.click()
    _until(page, lambda: _playhead(page) > 0)
    assert last.start < _playhead(page) < last.end
    page.locator(".card").last.get_by_role("button", name="Play").click()
    _until(page, lambda: _playhead(page) >= last.end - 0.06)
    page.wait_for_selector("#play[aria-label=Play]")  # it stopped at the event's end


def test_the_keyboard_is_enough(opened):
    analysis = talking()
    page = opened(analysis)
    page.keyboard.press("ArrowRight")
    _until(page, lambda: _playhead(page) == 0.2)
    page.keyboard.press("n")
    assert page.locator(".bar[aria-pressed=true]").get_attribute("data-event") == "0"
    page.keyboard.press("n")
    assert page.locator(".bar[aria-pressed=true]").get_attribute("data-event") == "1"
    page.keyboard.press("Home")
    _until(page, lambda: _playhead(page) == 0)
    page.keyboard.press(" ")
    page.wait_for_selector("#play[aria-label=Pause]")
    _until(page, lambda: _playhead(page) > 0)


def test_the_ruler_scrubs(opened):
    analysis = talking()
    page = opened(analysis)
    page.locator("#ruler").scroll_into_view_if_needed()
    box = page.locator("#ruler").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 10)
    page.wait_for_selector("#ghost", state="attached")
    assert _playhead(page) == 0  # a glance does not move the playhead
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10, steps=4)
    page.mouse.up()
    _until(page, lambda: _playhead(page) > 0)
    assert _playhead(page) == pytest.approx(analysis.recording.duration / 2, abs=0.15)


def test_filters_hide_and_sort(opened):
    analysis = talking()
    timeline = analysis.timeline
    page = opened(analysis)
    label = next(iter(timeline.counts()))
    page.locator(".chip", has_text=label).click()
    assert page.locator(".card").count() == len(timeline) - len(timeline.only(label))
    assert page.locator(".bar:visible").count() == page.locator(".card").count()
    assert label not in page.locator("#rates").inner_text()
    page.locator(".chip", has_text=label).click()
    page.locator("#floor").fill("60")
    assert page.locator(".card").count() == sum(event.score >= 0.6 for event in timeline)
    page.locator("#floor").fill("100")
    assert page.locator("#nothing").is_visible()
    page.locator("#floor").fill("0")
    page.locator("#sort").select_option("score")
    best = max(timeline, key=lambda event: event.score)
    assert f"{best.score:.0%}".rstrip("%") in page.locator(".card").first.inner_text()


def test_the_tables_can_be_taken_along(opened):
    analysis = talking()
    page = opened(analysis)
    hrefs = [link.get_attribute("href") for link in page.locator("a[download]").all()]
    table, data = (base64.b64decode(href.split(",")[1]).decode("utf-8-sig") for href in hrefs)
    assert [row["label"] for row in csv.DictReader(io.StringIO(table))] == [e.label for e in analysis.timeline]
    assert [e["label"] for e in json.loads(data)["events"]] == [e.label for e in analysis.timeline]


def test_long_lists_come_in_parts(opened):
    analysis = talking()
    first = analysis.timeline.events[0]
    many = [replace(first, start=0.1 * i, end=0.1 * i + 0.05, score=0.5 + i / 100) for i in range(35)]
    page = opened(replace(analysis, timeline=Timeline(tuple(many), 4.0)))
    assert page.locator(".card").count() == 24
    page.locator('.bar[data-event="30"]').click()
    assert page.locator(".card.selected").get_attribute("data-event") == "30"
    page.get_by_role("button", name="Show all 35 events").click()
    assert page.locator(".card").count() == 35
    assert page.locator("#all").is_hidden()


@pytest.mark.parametrize("model", [{}, {"name": "other", "rule": {"onset": 0.4}, "metrics": {"top-1": 0.8712}}])
def test_a_model_may_say_little(opened, model):
    page = opened(replace(talking(), model=model))
    assert page.locator("#limits").is_visible()
    assert ("40 % confidence" in page.locator(".model").inner_text()) == bool(model)


def test_nothing_found(opened):
    page = opened(nothing_found())
    assert page.locator("#nothing").is_visible()
    assert page.locator(".bar, .card, .chip").count() == 0
    assert _is_painted(page, "#frame")
    _show_curves(page)
    page.keyboard.press("n")


def test_landmarks_alone_have_no_picture(opened):
    page = opened(landmarks_only())
    assert page.locator("#frame").is_hidden()
    assert _is_painted(page, "#skeleton")
    page.locator(".bar").first.click()
    assert page.locator(".card.selected canvas").count() == 1


def test_several_people_are_told_apart(opened):
    analysis = three_people()
    page = opened(analysis)
    assert page.locator(".group").all_inner_texts() == [f"Person {one.person}" for one in analysis.people]
    assert re.search(r"Person \d", page.locator(".card").first.inner_text())
    _show_curves(page)
    page.locator("#curve-person").select_option(index=1)
    second = set(analysis.timeline.only(person=analysis.people[1].person).counts())
    _until(page, lambda: set(page.locator("#curves .legendtext").all_text_contents()) >= second)


def _show_actions(page):
    page.locator("#actions").scroll_into_view_if_needed()
    page.wait_for_selector("#action-curves .main-svg")


def test_facial_actions_have_a_curve_each(opened):
    analysis = with_actions(talking())
    rule = analysis.model["rule"] | {"by_class": {"touching jaw": 0.4, "lips pressed": 0.35}}
    page = opened(replace(analysis, model=analysis.model | {"rule": rule}))
    _show_actions(page)
    assert page.locator("#action-curves .annotation-text").all_text_contents()[::-1] == list(MAIN_ACTIONS)
    assert page.locator("#action-curves .scatterlayer .trace").count() == len(MAIN_ACTIONS)
    shown = page.evaluate("document.getElementById('action-curves').data.map((one) => [one.name, one.customdata])")
    rows = dict(shown)
    assert max(value for value in rows["smile"] if value is not None) == 90
    assert None in rows["jaw open"], "where the face cannot be read"
    told = page.locator("#actions").inner_text()
    assert "as one network measured it" in told
    assert "not feeling" in told
    model = page.locator(".model").inner_text()
    assert "50 % confidence; touching jaw at 40 %\n" in model
    assert "Events by plain rules begin at lips pressed 35 %, brows raised 50 %" in model
    box = page.locator("#action-curves .plotly .draglayer .nsewdrag").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2)
    _until(page, lambda: _playhead(page) == pytest.approx(3.0, abs=0.2))


def test_actions_lead_and_expressions_step_behind(opened):
    page = opened(with_actions(with_faces(talking())))
    heads = page.locator("main section h2").all_inner_texts()
    places = [heads.index(head) for head in ("What the face did", "Facial expression: one network's guess")]
    assert places == sorted(places)
    assert heads.index("Confidence over time") > places[0]
    assert opened(talking()).locator("#actions").count() == 0


def test_actions_of_several_people_follow_the_choice_and_the_curves(opened):
    page = opened(with_actions(three_people()), width=360, color_scheme="dark")
    _show_actions(page)
    assert page.locator("#action-person option").all_inner_texts() == ["1", "2", "3"]
    page.locator("#action-person").select_option(index=2)
    _show_curves(page)
    page.evaluate("Plotly.relayout('curves', { 'xaxis.range': [1, 2] })")
    _until(page, lambda: page.evaluate("document.getElementById('action-curves').layout.xaxis.range") == [1, 2])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_event_says_that_a_rule_found_it(opened):
    analysis = talking()
    first, second, third = analysis.timeline.events
    ruled = replace(first, label="jaw open", index=-1, source="rule")  # which is no class of the network
    sources = (ruled, replace(second, source="gesture-skeleton and rule"), third)
    page = opened(replace(analysis, timeline=replace(analysis.timeline, events=sources)))
    told = [card.inner_text() for card in page.locator(".card").all()]
    found = [("by a plain rule, not" in text, "by the network and by a plain rule" in text) for text in told]
    assert found == [(True, False), (False, True), (False, False)]
    assert "jaw open" in page.locator("#rates").inner_text()
    _show_curves(page)
    assert "jaw open" not in page.locator("#curves").inner_text()


def test_facial_expressions_have_a_strip(opened):
    analysis = with_faces(talking())
    page = opened(analysis)
    assert _is_painted(page, ".expressions-plot canvas")
    (face,) = analysis.expressions
    told = page.locator(".expressions li").all_inner_texts()
    names = [text.split("\n")[0] for text in told]
    assert names == [*face.shares(), "no face to read"]
    assert f"{1 - face.readable:.0%}".rstrip("%") in told[-1]
    assert "58 times in a hundred" in page.locator("#faces").inner_text()
    assert "not what somebody feels" in page.locator("#faces").inner_text()
    box = page.locator(".expressions-plot").bounding_box()
    across = (box["x"] + 44, box["width"] - 52)  # the curves' margins
    for share, look in ((0.1, "neutral"), (0.5, "no face to read"), (0.9, "happiness")):
        page.mouse.click(across[0] + share * across[1], box["y"] + 50)
        _until(page, lambda moment=share: _playhead(page) == pytest.approx(moment * 4, abs=0.1))
        _until(page, lambda name=look: name in page.locator("#faces-now").inner_text())
        assert look in page.locator("#tip").inner_text()


def test_the_strip_follows_the_curves_when_they_are_enlarged(opened):
    page = opened(with_faces(talking()))
    _show_curves(page)
    box = page.locator("#curves .plotly .draglayer").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, y, steps=5)
    page.mouse.up()
    _until(page, lambda: page.locator(".mark").is_hidden())  # the beginning is out of view
    first, last = page.evaluate("faceSpan")
    assert 1 < first < last < 4
    page.mouse.dblclick(box["x"] + box["width"] / 2, y)
    _until(page, lambda: page.evaluate("faceSpan") == pytest.approx([0, 4.0], abs=0.05))


def test_a_strip_a_person(opened):
    page = opened(with_faces(three_people()), width=360, color_scheme="dark")
    assert page.locator(".expressions-plot canvas").count() == 3
    assert page.locator("#strips h3").all_inner_texts() == ["Person 1", "Person 2", "Person 3"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_prediction_is_shown_as_an_illustration(opened):
    model = {"classes": ("negative", "positive"), "training_data": "32 recordings of simulated iMiGUE",
             "metrics": {"accuracy": 0.63}, "limits": "Reads movement, not minds."}  # fmt: skip
    analysis = with_faces(three_people())
    alone, stretches = {"face": 0.55, "gestures": 0.7}, ((0.0, 60.0, 0.5), (60.0, 120.0, None), (120.0, 180.0, 0.74))
    predictions = (EmotionPrediction(1, 0.62, ("negative", "positive"), alone, 40, 3, model, stretches),)
    page = opened(replace(analysis, emotion_predictions=predictions), width=360)
    panel = page.locator("#emotion").inner_text()
    assert "62 of 100 towards positive, from 40 images of the face and 3 micro-gestures" in panel
    assert "The gestures alone: 70." in panel
    assert "Read in 3 stretches, of which 1 is left open" in panel
    assert "second 120 to 180 leaned most, 74 of 100" in panel
    assert "63 times in a hundred" in panel
    assert "on real people it has never been measured" in panel
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    left = page.locator(".lean i").bounding_box()["x"] + 8  # its middle
    bar = page.locator(".lean > div").bounding_box()
    assert (left - bar["x"]) / bar["width"] == pytest.approx(0.62, abs=0.02)
    assert opened(analysis).locator("#emotion").count() == 0


def test_what_is_undecided_is_told(opened):
    analysis = talking()
    (one,) = analysis.scores
    unsure = one.probability.copy()
    unsure[:, one.classes.index("none")] = 0.2
    page = opened(replace(analysis, scores=(replace(one, probability=unsure),), timeline=Timeline((), 4.0)))
    assert re.search(
        r"In [34] seconds it found some movement but was not confident enough", page.locator("body").inner_text()
    )
    assert "was not confident enough" not in opened(analysis).locator("body").inner_text()


def test_without_pictures_there_is_no_strip(opened):
    page = opened(landmarks_only())
    assert page.locator("#faces").count() == 0
    assert "look of a face" not in page.locator("#limits").inner_text()


def test_a_face_that_is_never_seen(opened):
    analysis = with_faces(talking())
    (face,) = analysis.expressions
    page = opened(
        replace(analysis, expressions=(replace(face, probability=face.probability * float("nan"), model={}),))
    )
    assert page.locator(".expressions li").all_inner_texts() == ["no face to read\n100 %"]
    assert _is_painted(page, ".expressions-plot canvas")


def test_names_are_text_and_never_markup(opened, tmp_path):
    nasty = "</script><img src=x onerror=\"document.title='broken'\">{{ 7*7 }}"
    analysis = landmarks_only()
    events = tuple(replace(event, label=nasty) for event in analysis.timeline)
    analysis = replace(
        analysis,
        recording=replace(analysis.recording, path=Path(nasty.replace("/", "∕"))),
        timeline=Timeline(events, analysis.timeline.duration),
        scores=tuple(replace(one, classes=(nasty, *one.classes[1:])) for one in analysis.scores),
        model={**analysis.model, "name": nasty, "classes": [nasty]},
    )
    page = opened(analysis)
    page.locator(".bar").first.click()
    page.wait_for_timeout(100)
    assert page.locator("img").count() == 0
    assert "broken" not in page.title().split("·")[1]
    assert nasty in page.locator(".card .pick").first.inner_text()
    assert nasty.replace("/", "∕") in page.locator("h1").inner_text()


@pytest.mark.parametrize("width", [360, 800])
def test_it_fits_a_narrow_screen(opened, width):
    page = opened(talking(), width=width, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#frame").is_visible()


def test_a_video_that_is_gone_leaves_no_report(tmp_path):
    analysis = talking()
    analysis = replace(analysis, recording=replace(analysis.recording, path=tmp_path / "gone.mp4"))
    with pytest.raises(KinesicsError, match=r"gone\.mp4"):
        write_report(analysis, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_previews_of_the_analysis_need_no_video(tmp_path):
    analysis = talking()
    previews = read_previews(analysis.recording.path, analysis.timeline)
    write_report(analysis, tmp_path / "read.html")
    gone = replace(analysis.recording, path=tmp_path / analysis.recording.path.name)
    write_report(replace(analysis, recording=gone, previews=previews), tmp_path / "held.html")
    assert (tmp_path / "held.html").read_bytes() == (tmp_path / "read.html").read_bytes()
