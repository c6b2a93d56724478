"""The page of `kinesics live`, asked as a browser asks."""

import json
import urllib.error
import urllib.request

import numpy as np
import pytest

from kinesics.inference.live import LiveEvent, LiveUpdate
from kinesics.report.live_page import LivePage
from kinesics.timeline import Event

EVENT = Event("nod </script>", 0, 1.0, 2.5, 0.8, 1, "weights")


def update(moment=3.0):
    actions = np.full(52, np.nan, np.float32)
    actions[3] = 0.7
    joints = np.full((42, 2), 0.5, np.float32)
    image = np.full((48, 64, 3), 200, np.uint8)
    changes = (LiveEvent(EVENT, "ended", 0.6),)
    return LiveUpdate(moment, image, joints, np.ones(42, np.float32), actions, changes, (EVENT,), 2, 0.1, 0.6)


def ask(address):
    return urllib.request.urlopen(address, timeout=5)


def test_the_page_shows_what_is_known():
    with LivePage() as page:
        assert page.address.startswith("http://127.0.0.1:")
        assert b"<img" in ask(page.address).read()
        assert list(page.shown(iter([update()])))
        state = json.loads(ask(page.address + "state").read())
        assert state["events"][0] == {"label": EVENT.label, "start": 1.0, "end": 2.5, "delay": 0.6}
        assert (state["dropped"], state["delay"], len(state["ongoing"])) == (2, 0.6, 1)
        assert [round(one["strength"], 2) for one in state["actions"]] == [0.7]


def test_whoever_looks_gets_images():
    with LivePage() as page:
        answer = ask(page.address + "video")
        while not page.viewers:
            pass
        page.show(update())
        page.show(update(3.1))
        head = answer.read(400)
        assert b"image/jpeg" in head
        assert b"\xff\xd8" in head
        answer.close()


def test_nobody_else_finds_it():
    with LivePage() as page:
        other = page.address.split("/", 3)
        for path in ("", "state", "video", "../state"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                ask("/".join(other[:3]) + "/" + path)
