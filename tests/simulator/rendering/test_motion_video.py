"""Motions as videos."""

import pytest

pytest.importorskip("anny", reason="needs the simulate extra (anny)")

from kinesics.simulator.examples import simulate_class
from kinesics.simulator.rendering import motion_video
from kinesics.simulator.rendering.render import NoGraphicsError
from kinesics.video import probe


def test_without_opengl_a_skeleton_is_drawn_and_it_says_so(tmp_path, monkeypatch, caplog):
    def no_graphics(*_args, **_options):
        raise NoGraphicsError("no display")
        yield

    monkeypatch.setattr(motion_video, "render", no_graphics)
    simulate_class("head up", tmp_path / "clip.gif", 1, size=(160, 120))
    assert probe(tmp_path / "clip.gif").width == 160
    assert "drawing a skeleton" in caplog.text
