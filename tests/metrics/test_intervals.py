import numpy as np

from kinesics.metrics import bootstrap


def test_intervals_resample_subjects_not_clips():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random(10) < 0.5, 100).astype(float)  # a subject's clips are all right or all wrong
    subjects = [str(i // 100) for i in range(1000)]
    by_subject = bootstrap(lambda rows: float(right[rows].mean()), subjects)
    by_clip = bootstrap(lambda rows: float(right[rows].mean()), [str(i) for i in range(1000)])
    assert by_subject.low <= by_subject.value <= by_subject.high
    assert by_subject.high - by_subject.low > 4 * (by_clip.high - by_clip.low)
