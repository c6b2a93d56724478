"""The link between an emotion and behaviour: as its file says, and none at all in the null setting."""

import numpy as np
import pytest

from kinesics.cli import main
from kinesics.errors import KinesicsError
from kinesics.simulator.emotion import LINKS_FILE, emotion_link
from kinesics.simulator.imigue_videos import InterviewRecipe, class_odds

NULL = InterviewRecipe(20, 1, link="null")


def test_with_the_null_setting_nothing_tells_the_emotion():
    link = emotion_link("null")
    assert np.array_equal(link.odds(True), link.odds(False))
    assert link.tones(True) == link.tones(False)
    odds = [class_odds(NULL, video) for video in range(1, 21)]
    assert {NULL.won(video) for video in range(1, 21)} == {0, 1}
    assert all(np.array_equal(one, odds[0]) for one in odds)


def test_the_assumed_link_is_that_of_the_sets_before_it_was_a_file():
    link = emotion_link()
    assert (link.likelier, link.face, link.bearing, link.expressive) == (1.8, 0.7, 0.6, 0.3)
    assert (len(link.lost), len(link.won)) == (8, 4)
    assert link.tones(False) == (-0.7, -0.6)


def test_each_setting_and_each_number_has_its_reason_beside_it():
    lines = LINKS_FILE.read_text("utf-8").splitlines()
    for name in ("likelier", "face", "expressive"):
        row = next(i for i, line in enumerate(lines) if line.strip().startswith(f"{name}:"))
        assert lines[row - 1].strip().startswith("#"), name


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(KinesicsError, match=r"emotion\.yaml: expected one of its settings assumed, null, found strong"):
        InterviewRecipe(3, 1, link="strong").check()


def test_a_file_that_names_a_gesture_nobody_knows_is_refused(tmp_path):
    path = tmp_path / "emotion.yaml"
    path.write_text(LINKS_FILE.read_text("utf-8").replace("- covering face", "- juggling"), "utf-8")
    with pytest.raises(KinesicsError, match="found juggling"):
        emotion_link("assumed", path)


def test_the_command_line_knows_both_settings(capsys):
    with pytest.raises(SystemExit):
        main(["simulate", "--videos", "3", "--link", "strong", "--out", "x"])
    assert "assumed" in capsys.readouterr().err
