"""Splits by subject: nobody on two sides, nothing lost, classes spread evenly."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesics.data.dataset import ClipInfo
from kinesics.data.splits import subject_folds, subject_split, who
from kinesics.errors import KinesicsError


def clip(i, label, subject, video=None):
    return ClipInfo(f"c{i}", label, "train", subject, 0, 1, video=video)


people = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.integers(0, 12)), min_size=1, max_size=80).map(
    lambda rows: [clip(i, label, f"s{subject}") for i, (label, subject) in enumerate(rows)]
)


@given(people, st.integers(2, 6), st.integers(0, 5))
def test_folds_share_nobody_and_lose_nothing(clips, k, seed):
    if len({one.subject for one in clips}) < k:
        with pytest.raises(KinesicsError, match="people"):
            subject_folds(clips, k, seed)
        return
    folds = subject_folds(clips, k, seed)
    assert len(folds) == k
    assert all(folds)
    assert sorted(one.id for fold in folds for one in fold) == sorted(one.id for one in clips)
    subjects = [{one.subject for one in fold} for fold in folds]
    assert sum(map(len, subjects)) == len(set.union(*subjects))
    assert folds == subject_folds(clips, k, seed)


@given(people, st.integers(0, 5))
def test_splits_share_nobody_and_keep_the_order(clips, seed):
    if len({one.subject for one in clips}) < 3:
        return
    split = subject_split(clips, {"train": 7, "val": 1, "test": 2}, seed)
    assert [one.id for one in split] == [one.id for one in clips]
    by_subject = {}
    for one in split:
        assert by_subject.setdefault(one.subject, one.split) == one.split
    assert set(by_subject.values()) == {"train", "val", "test"}


def test_classes_and_shares_come_out_evenly():
    rng = np.random.default_rng(0)
    clips = [clip(i, int(rng.choice(5, p=[0.4, 0.3, 0.15, 0.1, 0.05])), f"s{rng.integers(60)}") for i in range(3000)]
    for fold in subject_folds(clips, 5, 1):
        counts = Counter(one.label for one in fold)
        assert len(fold) == pytest.approx(600, rel=0.05)
        assert counts[0] == pytest.approx(240, rel=0.1)
        assert counts[4] == pytest.approx(30, rel=0.3)
    split = Counter(one.split for one in subject_split(clips, {"train": 0.7, "val": 0.1, "test": 0.2}, 1))
    assert [split[name] / 3000 for name in ("train", "val", "test")] == pytest.approx([0.7, 0.1, 0.2], abs=0.02)


def test_another_seed_is_another_split():
    clips = [clip(i, 0, f"s{i}") for i in range(20)]
    assert subject_folds(clips, 4, 1) != subject_folds(clips, 4, 2)


def test_without_subjects_a_recording_stays_whole():
    clips = [clip(i, 0, "", Path(f"v{i % 4}.mp4")) for i in range(40)]
    for fold in subject_folds(clips, 2):
        assert len(fold) == 20
        assert len({who(one) for one in fold}) == 2
