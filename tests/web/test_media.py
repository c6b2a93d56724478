"""What is drawn while a recording plays: parts of its skeletons, its sound, its faces."""

import base64
import json

import av
import numpy as np
import pytest
from support.recordings import TALK, person, real_clip

from kinesics.errors import KinesicsError
from kinesics.perception.actions import ACTIONS
from kinesics.skeleton import save_skeletons
from kinesics.web.media import WAVEFORM_RATE, facial_curves, loudness, movement


def test_a_part_of_the_movement(tmp_path):
    path = tmp_path / "a.skeleton.npz"
    save_skeletons(path, [person(6.0, TALK, 1), person(6.0, (), 2, 0.2)])
    part = movement(path, 2.0, 4.0)
    assert [one["person"] for one in part["people"]] == [1, 2]
    packed = np.frombuffer(base64.b64decode(part["people"][0]["motion"]), "<u2").reshape(-1, part["joints"], 2)
    assert len(packed) == 2 * part["motion_rate"] == 50
    nose = person(6.0, TALK, 1).image_xy[50, 7]
    assert packed[0, 7] == pytest.approx(1 + 65534 * (nose + part["reach"]) / (1 + 2 * part["reach"]), abs=1)
    assert movement(path, 99.0, 100.0)["people"][0]["motion"] != ""
    assert movement(None, 0.0, 1.0)["people"] == []


def write_sound(path, loud):
    """Silence with a tone from 1 to 2 s, of 3 s."""
    rate = 16000
    times = np.arange(3 * rate) / rate
    tone = np.where((times >= 1) & (times < 2), loud * np.sin(2 * np.pi * 440 * times), 0).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate)
        stream.layout = "mono"
        for part in np.split(tone, 30):
            frame = av.AudioFrame.from_ndarray((part * 32767).astype(np.int16)[None], format="s16", layout="mono")
            frame.sample_rate = rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_loud_is_high_and_silent_is_low(tmp_path):
    peaks = np.frombuffer(loudness(write_sound(tmp_path / "a.wav", 0.5)), np.uint8)
    assert len(peaks) == pytest.approx(3 * WAVEFORM_RATE, abs=2)
    assert peaks[: WAVEFORM_RATE - 2].max() == 0
    assert peaks[WAVEFORM_RATE + 2 : 2 * WAVEFORM_RATE - 2].min() > 240


def test_without_sound_there_is_none(tmp_path):
    assert loudness(real_clip()) == b""
    assert loudness(write_sound(tmp_path / "a.wav", 0.0)) == b""
    (tmp_path / "b.wav").write_bytes(b"RIFF and nothing more")
    assert loudness(tmp_path / "b.wav") == b""


def test_main_actions_in_whole_percent(tmp_path):
    path = tmp_path / "actions.json"
    row = [0] * len(ACTIONS)
    row[ACTIONS.index("mouthSmileLeft")] = row[ACTIONS.index("mouthSmileRight")] = 80
    people = [{"person": 1, "start": 0.0, "rate": 5.0, "percent": [row, None]}]
    path.write_text(json.dumps({"people": people}))
    (one,) = facial_curves(path)
    assert one["percent"][0][one["labels"].index("smile")] == 80
    assert one["percent"][1] is None
    assert facial_curves(tmp_path / "none.json") == []
    path.write_text("{}")
    with pytest.raises(KinesicsError, match="analyse the recording again"):
        facial_curves(path)
