"""Whole recordings in the place of clips."""

import math

import pytest
from support.hands import write_hands

from kinesics.data.registry import open_dataset
from kinesics.data.sets.natops import NATOPS
from kinesics.data.untrimmed import UntrimmedRecordings
from kinesics.errors import KinesicsError


def test_every_recording_has_its_events_in_order(tmp_path):
    recordings = UntrimmedRecordings(open_dataset(write_hands(tmp_path)))
    assert len(recordings.clips) == 21
    assert all(clip.end == math.inf and clip.label is None for clip in recordings.clips)
    assert sum(map(len, recordings.events.values())) == len(recordings.dataset.clips)
    for events in recordings.events.values():
        assert [start for _, start, _ in events] == sorted(start for _, start, _ in events)
    assert recordings.source != recordings.dataset.source


def test_clips_that_are_cut_already_are_refused(tmp_path):
    import numpy as np

    positions = np.zeros((4, 51, 8, 3), np.float32)
    np.savez(tmp_path / "natops.npz", positions=positions, label=np.zeros(4, int), split=np.array(["train"] * 4))
    dataset = NATOPS(tmp_path)
    dataset.recording_of = lambda clip: clip.id
    with pytest.raises(KinesicsError, match="cut already"):
        UntrimmedRecordings(dataset)
