"""The page of a study in a real browser."""

from dataclasses import replace

import pytest
from support.recordings import event
from support.studies import random_events, write_recording, write_study

from kinesics.study.page import p_value, study_page
from kinesics.study.recordings import read_study
from kinesics.study.tables import study_tables

WITHOUT_NET = ("file:", "data:", "blob:")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Eighteen recordings of nine people in two groups, one of them with two people; the first has a report."""
    import numpy as np

    folder = tmp_path_factory.mktemp("interviews")
    people = write_study(folder, 18, effect=3.0)
    rng = np.random.default_rng(0)
    pair = [e for person in (1, 2) for e in random_events(rng, person=person)]
    write_recording(folder / "two <b>people</b> & more", pair, seen={1: 1.0, 2: 0.9})
    (folder / "r0000" / "report.html").write_text("<title>the report</title>")
    study = read_study(folder, groups=people)
    return study, study_tables(study)


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page in the study's folder; at the end nothing may have gone wrong or to the network."""
    trouble = []

    def open_page(study, tables, **context):
        path = study.folder / "stats" / "study.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(study_page(study, tables), "utf-8")
        page = browser.new_page(viewport={"width": 1200, "height": 900}, **context)
        page.set_default_timeout(120_000)
        page.on("console", lambda line: trouble.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith(WITHOUT_NET) else trouble.append(sent.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_drawn(opened, whole, scheme):
    page = opened(*whole, color_scheme=scheme)
    for section in (
        "rates",
        "differences1",
        "multiples",
        "times",
        "pairs1",
        "synchrony",
        "faces",
        "recordings-section",
    ):
        box = page.locator(f"#{section}").bounding_box()
        assert box["height"] > 100, section
        assert page.locator(f"#{section} svg").count() > 0, section
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#recordings tbody tr").count() == 19
    ink = page.locator("#rates text").first.evaluate("(element) => getComputedStyle(element).fill")
    assert (ink == "rgb(232, 234, 240)") == (scheme == "dark")


def test_the_planted_difference_is_told(opened, whole):
    study, tables = whole
    page = opened(study, tables)
    lead = page.locator(".lead").inner_text()
    assert "Group tense has" in lead
    assert "a difference" in lead
    fit = tables.models.query("measure == 'rate' and level == 'all'").iloc[0]
    assert f"{fit['estimate']:.1f} times the rate of calm" in lead
    assert page.locator("#differences1 .mark:not(.weak)").count() >= 1
    page.locator("#differences1 summary").click()
    shown = int((tables.models["p_adjusted"] < 0.05).sum())
    assert page.locator("#differences1 tbody tr").count() == shown


def test_a_report_is_one_click_away(opened, whole):
    page = opened(*whole)
    assert page.locator("#recordings a").count() == 1  # the others have none
    page.locator("#recordings a").click()
    page.wait_for_url("**/r0000/report.html")
    assert page.title() == "the report"


def test_recordings_are_sorted_and_filtered(opened, whole):
    page = opened(*whole)
    counts = page.locator("#recordings tbody td:nth-child(5)")
    page.get_by_role("button", name="micro-gestures").click()
    values = [int(text) for text in counts.all_inner_texts()]
    assert values == sorted(values, reverse=True)
    page.get_by_role("button", name="micro-gestures").click()
    assert [int(text) for text in counts.all_inner_texts()] == sorted(values)
    page.locator("#filter").fill("tense")
    assert page.locator("#recordings tbody tr:visible").count() == 8
    assert page.locator("#count").inner_text() == "8 of 19"


def test_names_are_text(opened, whole):
    page = opened(*whole)
    assert page.locator("#recordings b").count() == 0
    assert page.get_by_text("two <b>people</b> & more").count() == 1


def test_a_study_without_groups_or_events_is_a_page(opened, tmp_path):
    write_recording(tmp_path / "a", [])
    study = read_study(tmp_path)
    page = opened(study, study_tables(study))
    assert page.locator(".lead").inner_text() == "No micro-gesture was found in these recordings."
    assert page.locator("#rates").count() == 0
    assert page.locator("#method").count() == 1


def test_a_single_event_is_enough(opened, tmp_path):
    write_recording(tmp_path / "a", [event("touching ears", 1, 2)])
    study = replace(read_study(tmp_path), notes=("Something was left out.",))
    page = opened(study, study_tables(study))
    assert page.locator("#rates svg").count() == 2
    assert page.locator(".notes li").inner_text() == "Something was left out."


@pytest.mark.parametrize(("p", "text"), [(0.0004, "< 0.001"), (0.0123, "0.012"), (0.234, "0.23"), (float("nan"), "–")])
def test_p_is_written_as_in_papers(p, text):
    assert p_value(p) == text
