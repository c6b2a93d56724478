"""The workbench in a real browser, from the first upload to the files that coders take home."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from support.recordings import event, real_clip
from support.workbench import Served, analysed_by_hand, served, until

from kinesics.timeline.formats import FORMATS

LABELS = ("touching ears", "illustrative", "folding arms", "pressing lips")
ABORTED = "net::ERR_ABORTED"  # what a browser says of a request that it no longer wants, as of a video's end
NAMELESS = """() => [...document.querySelectorAll("button, input, select, a, canvas[role=img]")]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.closest("label")?.textContent.trim()))
    .map((one) => one.outerHTML)"""
PROPOSED = tuple(
    event(LABELS[i % 4], start, start + 0.25, 0.4 + 0.025 * i) for i, start in enumerate(np.arange(22) * 0.165 + 0.1)
)


@contextmanager
def opened(browser: Any, one: Served, *, refused: int = 0, **context: Any) -> Iterator[Any]:
    """The page in a browser of its own; at the end nothing may have gone wrong, nor out of this machine.

    refused: the status of an answer that is expected to refuse.
    """
    trouble: list[str] = []
    with browser.new_context(viewport={"width": 1300, "height": 800}, **context) as visitor:
        page = visitor.new_page()
        page.set_default_timeout(600_000)  # on a busy machine an analysis takes its time
        page.on("console", lambda told: trouble.extend(alarming(told, refused)))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda sent: trouble.extend([] if is_own(one, sent.url) else [sent.url]))
        page.on("response", lambda got: trouble.extend([got.url] if refused != got.status >= 400 else []))
        page.on("requestfailed", lambda lost: trouble.extend([] if lost.failure == ABORTED else [lost.url]))
        page.goto(one.address)
        try:
            yield page
        finally:
            assert trouble == []


def alarming(told: Any, refused: int) -> list[str]:
    expected = refused and f"status of {refused}" in told.text
    return [told.text] if told.type in ("error", "warning") and not expected else []


def is_own(one: Served, url: str) -> bool:
    return url.startswith((one.base, "data:", "blob:"))


def open_review(page: Any, name: str = "", *, blind: bool = False) -> None:
    """Open the recording that the page shows first, as somebody of this name."""
    if name:
        page.wait_for_selector("dialog.who")
        page.locator("#who-name").fill(name)
        if blind:
            page.locator("#who-blind").check()
        page.keyboard.press("Enter")
    page.wait_for_selector("body[data-ready]")


def another_coder(page: Any, name: str, *, blind: bool = False) -> None:
    """Somebody else sits down at the same recording."""
    page.locator("#coder").click()
    page.wait_for_selector("dialog.who")
    page.locator("#who-name").fill(name)
    page.locator("#who-blind").set_checked(blind)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("body[data-ready]")


def tiers_of(page: Any) -> list[str]:
    """The names of the tiers, as soon as they are drawn."""
    labels = page.locator(".vis-label")
    texts = until(lambda: labels.count() and all(one.strip() for one in labels.all_inner_texts()) and labels)
    return [text.strip() for text in texts.all_inner_texts()]


def tier_of(one: Served, coder: str, recording: int = 1) -> dict[str, Any]:
    number = next(row["id"] for row in one.get("/api/coders") if row["name"] == coder)
    return dict(one.post(f"/api/recordings/{recording}/reviews", {"coder": number})["tier"])


def is_saved(page: Any) -> Any:
    page.wait_for_selector("#saved[data-state=saved]", state="attached")
    return page


def chosen(page: Any) -> str:
    return str(page.locator(".row[aria-selected=true]").get_attribute("data-uid"))


def type_label(page: Any, label: str) -> None:
    page.wait_for_selector("#picker[open]")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    page.wait_for_selector("#picker:not([open])", state="attached")


def review_twenty(page: Any) -> None:
    """Twenty events by keyboard alone, in every way that there is."""
    for key in "aaaaaaaaxxxx":  # judges, and goes on to the next open one
        page.keyboard.press(key)
    page.keyboard.press("l")
    type_label(page, "touching jaw")  # mended is accepted
    page.keyboard.press("u")
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("[")
    page.keyboard.press("j")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type("left hand, <b>hardly</b> in view")
    page.keyboard.press("Enter")
    for key in "aaaa":
        page.keyboard.press(key)


def test_the_whole_line(browser, tmp_path):
    folder = tmp_path / "interviews"
    folder.mkdir()
    clip = tmp_path / "talk.mp4"
    shutil.copy(real_clip(), clip)
    with served(folder) as one, opened(browser, one) as page:
        page.wait_for_selector("#empty:visible")
        assert "token" not in page.url
        page.locator("#files").set_input_files(clip)
        page.locator("#rows .name a", has_text="talk.mp4").wait_for()
        page.get_by_role("button", name="Analyse all 1 new").click()
        page.locator("#rows progress").wait_for()
        page.locator("#rows .mark.analysed").wait_for()
        assert (folder / "talk_kinesics" / "report.html").exists()
        analysed_by_hand(folder, "talk.mp4", PROPOSED, 4.0)  # the clip holds few gestures: these are to be judged
        page.locator("#rows .name a").click()
        open_review(page, "Anna")
        assert page.locator("#count").inner_text() == "0 of 22 judged"

        review_twenty(page)
        is_saved(page)
        marks = {mark["uid"]: mark for mark in tier_of(one, "Anna")["marks"]}
        judged = [mark for mark in marks.values() if mark["status"] != "open"]
        assert len(judged) >= 20
        assert sum(mark["status"] == "rejected" for mark in judged) == 4
        assert any(mark["label"] == "touching jaw" and mark["status"] == "accepted" for mark in judged)
        assert any(mark["start"] > mark["origin"]["start"] + 0.05 for mark in judged)
        assert any(mark["end"] < mark["origin"]["end"] - 0.05 for mark in judged)
        assert [mark["note"] for mark in judged if mark["note"]] == ["left hand, <b>hardly</b> in view"]

        version = tier_of(one, "Anna")["version"]
        for _ in range(5):
            page.keyboard.press("z")
        until(lambda: tier_of(one, "Anna")["version"] == version + 5)
        undone = tier_of(one, "Anna")["marks"]
        assert undone != list(marks.values())
        page.reload()
        page.wait_for_selector("body[data-ready]")
        assert tier_of(one, "Anna")["marks"] == undone
        for _ in range(5):
            page.keyboard.press("Shift+Z")
        until(lambda: tier_of(one, "Anna")["version"] == version + 10)
        assert tier_of(one, "Anna")["marks"] == list(marks.values())
        page.locator("#done").click()
        until(lambda: tier_of(one, "Anna")["done"])

        second_coder_blind(page, one)
        agreed(page, one)
        agreement(page)
        exports(page, one, tmp_path)


def second_coder_blind(page: Any, one: Served) -> None:
    another_coder(page, "Ben", blind=True)
    assert tiers_of(page) == ["Ben"]
    assert page.locator("#count").inner_text().startswith("No events yet")
    for label in ("touching ears", "illustrative", "a movement of one's own"):
        page.keyboard.press("n")
        type_label(page, label)
        for _ in range(3):
            page.keyboard.press("ArrowRight")
    is_saved(page)
    assert len(tier_of(one, "Ben")["marks"]) == 3
    page.locator("#done").click()
    page.locator(".vis-label", has_text="Anna").wait_for()  # who is done sees the others
    assert tiers_of(page) == ["Ben", "Kinesics", "Anna"]


def agreed(page: Any, one: Served) -> None:
    """The common tier of both, to be settled by whoever sits there."""
    with page.expect_navigation():
        page.locator("#agree").click()
    page.wait_for_selector("body[data-ready]")
    assert tiers_of(page) == ["Agreed", "Kinesics", "Anna", "Ben"]
    assert len(tier_of(one, "Agreed")["marks"]) > 0
    page.go_back()
    page.wait_for_selector("body[data-ready]")


def agreement(page: Any) -> None:
    page.locator(".brand").click()
    page.get_by_role("link", name="Agreement").click()
    page.locator("#disagreements a").first.wait_for()
    text = page.locator("#result").inner_text()
    assert "Anna and Ben; recordings: 1" in text
    assert "Krippendorff" in text
    page.locator("#disagreements a").first.click()
    page.wait_for_selector("body[data-ready]")
    assert float(page.evaluate("new URLSearchParams(location.search).get('at')")) >= 0
    another_coder(page, "Anna")


def exports(page: Any, one: Served, folder: Any) -> None:
    accepted = [mark for mark in tier_of(one, "Anna")["marks"] if mark["status"] == "accepted"]
    page.locator("#export").click()
    for name in ("ELAN", "BORIS"):
        with page.expect_download() as waiting:
            page.locator("#export-list a", has_text=name).click()
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert path.name == f"talk-Anna{FORMATS[name].suffix}"
        found = FORMATS[name].read(path)
        assert sorted(event.label for event in found) == sorted(mark["label"] for mark in accepted)
        starts = sorted(event.start for event in found)
        assert starts == pytest.approx(sorted(mark["start"] for mark in accepted), abs=0.001)


@pytest.fixture
def reviewed(tmp_path):
    """A served folder with one recording, analysed by hand."""
    shutil.copy(real_clip(), tmp_path / "talk.mp4")
    analysed_by_hand(tmp_path, "talk.mp4", PROPOSED, 4.0)
    with served(tmp_path) as one:
        until(lambda: [row for row in one.get("/api/recordings") if row["duration"]])
        yield one


def test_two_windows_do_not_overwrite_each_other(browser, reviewed):
    with opened(browser, reviewed) as page:
        page.locator("#rows .name a").click()
        open_review(page, "Anna")
        other = page.context.new_page()
        other.goto(page.url)
        open_review(other)
        page.bring_to_front()
        page.keyboard.press("a")
        is_saved(page)
        other.bring_to_front()
        other.locator(".row.accepted").wait_for()  # it hears of the change, and shows it
        other.keyboard.press("j")
        other.keyboard.press("x")
        is_saved(other)
        states = [mark["status"] for mark in tier_of(reviewed, "Anna")["marks"]]
        assert (states.count("accepted"), states.count("rejected")) == (1, 1)


def test_a_window_that_is_behind_says_so_and_shows_what_is_there(browser, reviewed):
    with opened(browser, reviewed, refused=409) as page:
        page.locator("#rows .name a").click()
        open_review(page, "Anna")
        tier = tier_of(reviewed, "Anna")
        first = {key: value for key, value in tier["marks"][0].items() if key != "uid"} | {"label": "bow"}
        edit = {"version": 0, "kind": "relabel", "changes": [{"uid": tier["marks"][0]["uid"], "after": first}]}

        def meanwhile(route):  # another window is quicker than this one's request
            reviewed.post(f"/api/reviews/{tier['id']}/edits", edit)
            route.continue_()

        page.route("**/edits", meanwhile, times=1)
        with page.expect_response("**/edits") as answer:
            page.keyboard.press("x")
        assert answer.value.status == 409
        page.get_by_text("Another window was quicker").wait_for()
        page.locator(".row .what", has_text="bow").wait_for()
        assert "rejected" not in {mark["status"] for mark in tier_of(reviewed, "Anna")["marks"]}
        page.keyboard.press("x")  # and goes on from there
        until(lambda: "rejected" in {mark["status"] for mark in tier_of(reviewed, "Anna")["marks"]})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_and_roles_for_those_who_do_not_see(browser, reviewed, scheme):
    with opened(browser, reviewed, color_scheme=scheme, reduced_motion="reduce") as page:
        page.locator("#rows .name a").click()
        open_review(page, "Anna")
        assert page.evaluate(NAMELESS) == []
        assert page.locator("#list").get_attribute("aria-activedescendant") == f"row-{chosen(page)}"
        page.keyboard.press("?")
        assert page.locator("#sheet dt").count() > 20
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_markup_in_names_and_notes_stays_text(browser, reviewed):
    evil = "<img src=x onerror=document.title='broken'>"
    reviewed.post("/api/coders", {"name": evil})
    coder = next(row["id"] for row in reviewed.get("/api/coders") if row["name"] == evil)
    tier = reviewed.post("/api/recordings/1/reviews", {"coder": coder})["tier"]
    after = {"label": evil, "start": 0.1, "end": 0.9, "person": 1, "status": "accepted", "note": evil}
    edit = {"version": 0, "kind": "add", "changes": [{"uid": "evil", "after": after}]}
    reviewed.post(f"/api/reviews/{tier['id']}/edits", edit)
    reviewed.post(f"/api/reviews/{tier['id']}/done", {"version": 1, "done": True})
    with opened(browser, reviewed) as page:
        page.goto(f"{reviewed.base}/review?recording=1&coder={coder}")
        page.wait_for_selector("body[data-ready]")
        page.locator(".vis-item.mark", has_text="onerror").first.hover()
        page.locator(".row", has_text="onerror").click()
        assert page.locator("#note").input_value() == evil
        for path in ("/", "/agreement", "/improve", "/privacy"):
            page.goto(reviewed.base + path)
            page.wait_for_load_state("load")
            page.get_by_text("onerror").first.wait_for() if path != "/improve" else None
        assert page.evaluate("document.querySelectorAll('img').length") == 0
        assert "broken" not in page.title()
